"""Measures how busy the entities of a sample are.

It counts events per entity and hour, and the entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tilewright.windows import HOUR_MS
from tilewright_compiler.plan.model import Plan

from ..errors import InputError
from ..readers import Batch, Input, Position
from .aggregation import Aggregator, source_of

#: No store is written to, so no key is too long.
_ANY_LENGTH = 1 << 20


@dataclass(frozen=True)
class Measured:
    """What a sample of events holds.

    Rates are over all of its hours, from that of the first event to that of the last.
    """

    events: int
    refused: int
    hours: int
    entities: int
    typical_per_hour: float
    """Of the median entity."""
    busiest_per_hour: float
    """Of the entity with the most events."""
    most_in_an_hour: int
    """Of any entity in any one hour."""


def measure(plan: Plan, inputs: Sequence[Input], source: str | None = None) -> Measured:
    """Measure all events of some files.

    They are filtered and read as the plan's source says. Raises InputError if a file cannot be read
    or holds no usable event.
    """
    counts: Counter[tuple[str, int]] = Counter()
    refused = 0
    chosen = source_of(plan, source)
    aggregator = Aggregator(plan, _ANY_LENGTH)
    try:
        for item in inputs:
            for batch in item.batches(chosen, Position(item.uri)):
                refused += _add(aggregator, chosen.name, batch, counts)
    finally:
        aggregator.close()
    if not counts:
        raise InputError(
            f"none of the events can be used ({refused:,} rows were refused). tilewright write "
            "says why."
        )
    return _measured(counts, refused)


def _add(
    aggregator: Aggregator, source: str, batch: Batch, counts: Counter[tuple[str, int]]
) -> int:
    """Add the events of a batch, and count refused rows."""
    loaded = aggregator.load(source, batch.table)
    counts.update(loaded.counts(HOUR_MS))
    return len(batch.malformed) + len(loaded.refused)


def _measured(counts: Counter[tuple[str, int]], refused: int) -> Measured:
    starts = {start_ms for _, start_ms in counts}
    hours = (max(starts) - min(starts)) // HOUR_MS + 1
    entities: Counter[str] = Counter()
    for (entity, _), events in counts.items():
        entities[entity] += events
    return Measured(
        events=entities.total(),
        refused=refused,
        hours=hours,
        entities=len(entities),
        typical_per_hour=median(entities.values()) / hours,
        busiest_per_hour=max(entities.values()) / hours,
        most_in_an_hour=max(counts.values()),
    )
