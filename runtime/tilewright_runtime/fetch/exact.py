"""Turns raw events into rows like those of tiles.

A fetch counts those between two times.
"""

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
    """A plan's raw events, and what is computed from them.

    They are in chunks; their states are those of exact features.
    """

    def __init__(
        self,
        plan: Plan,
        events: EventLog,
        layout: Layout,
        buckets: Mapping[str, BucketTables],
    ) -> None:
        needed: set[str] = set()
        for feature in plan.features:
            if feature.edge == "exact":
                needed.update(feature.states)
        self.chunks = EventChunks(plan, events)
        states = [state for state in plan.states if state.id in needed]
        self._builder = RawEvents(states, layout, buckets)

    def between(
        self, records: Sequence[bytes], times_ms: Sequence[int], entity: str, names: Names
    ) -> Block:
        """Make a row for each stretch with events.

        A stretch is [time, next time) of neighbouring times. Rows come oldest first. Raises
        CorruptRecordError for a damaged or misplaced chunk.
        """
        events = self.chunks.read(records, entity, names)
        times = events["__ts"].to_numpy()
        bounds = np.asarray(times_ms, dtype=np.int64)
        # Both ascend, so what lies between two bounds is a slice.
        positions = np.searchsorted(times, bounds)
        counts = positions[1:] - positions[:-1]
        (stretches,) = counts.nonzero()
        groups = np.repeat(np.arange(len(stretches)), counts[stretches])
        begin, end = positions[[0, -1]].tolist() if times_ms else (0, 0)
        events, times = events.slice(begin, end - begin), times[begin:end]
        columns = dict(zip(events.schema.names, events.columns, strict=True))
        block = self._builder.block(times, groups, columns, len(stretches))
        block.rows[:, START] = bounds[stretches]
        return block
