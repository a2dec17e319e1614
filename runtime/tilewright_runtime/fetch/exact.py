"""What a fetch counts of raw events: those between two times, as rows like those of tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tilewright_compiler.plan.model import EventLog, Plan

from ..tiles.block import Block
from ..tiles.buckets import BucketTables
from ..tiles.chunks import EventChunks
from ..tiles.header import START
from ..tiles.layout import Layout
from ..tiles.raw_events import RawEvents
from ..tiles.records import Names


class ExactEvents:
    """The chunks of a plan's raw events, and the states that its exact features are computed
    from.
    """

    def __init__(
        self,
        plan: Plan,
        events: EventLog,
        layout: Layout,
        buckets: Mapping[str, BucketTables],
    ) -> None:
        needed = {
            state
            for feature in plan.features
            if feature.edge == "exact"
            for state in feature.states
        }
        self.chunks = EventChunks(plan, events)
        self._builder = RawEvents(
            [state for state in plan.states if state.id in needed], layout, buckets
        )

    def between(
        self, records: Sequence[bytes], times_ms: Sequence[int], entity: str, names: Names
    ) -> Block:
        """A row for each two neighbouring times with events between them, [time, next time), oldest
        first.

        Raises CorruptRecordError for a damaged or misplaced chunk.
        """
        events = self.chunks.read(records, entity, names)
        times = events["__ts"].to_numpy()
        begin, end = np.searchsorted(times, [times_ms[0], times_ms[-1]]) if times_ms else (0, 0)
        events, times = events.slice(begin, end - begin), times[begin:end]
        stretches, groups = np.unique(
            np.searchsorted(times_ms, times, side="right") - 1, return_inverse=True
        )
        block = self._builder.block(
            times, groups, {name: events[name] for name in events.schema.names}, len(stretches)
        )
        block.rows[:, START] = np.asarray(times_ms, dtype=np.int64)[stretches]
        return block
