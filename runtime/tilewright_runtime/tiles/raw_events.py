"""Turns raw events into the rows of their tiles.

A fetch does so where no tile fits. Each kind of state makes what its SQL makes of the same events.
Counts, integers, extremes, first and last values and exact states are identical. Sums of floats and
sketches differ only by what the order of their updates may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from tilewright_compiler.plan.model import State

from ..states.base import NUMPY_DTYPES, StateType
from ..states.exact_values import dtype_of, values_of
from ..states.fields import Bytes
from ..states.grouped_values import GroupedValues, Ints, group_values, runs_of
from .block import Block
from .buckets import BucketTables, distinct_of
from .header import NEWEST, SEQUENCE
from .layout import Layout


class RawEvents:
    """Makes rows of tiles from raw events.

    The rows have the states that are asked for; all other states are empty.
    """

    def __init__(
        self,
        states: Sequence[State],
        layout: Layout,
        buckets: Mapping[str, BucketTables] | None = None,
    ) -> None:
        """Take the states, and the bucket columns by field.

        Without `buckets`, all states are the layout's own.
        """
        self._buckets: dict[str, _ByBucket] = {}
        own_states = list(states)
        if buckets is not None:
            self._buckets = {name: _ByBucket(states, tables) for name, tables in buckets.items()}
            own_states = [state for state in states if state.bucket is None]
        self._states = [layout.states[state.id] for state in own_states]
        self._layout = layout
        self._empty = layout.empty_row()

    def block(
        self, times: Ints, groups: Ints, columns: Mapping[str, pa.Array], count: int
    ) -> Block:
        """Make the rows of `count` groups of events.

        The columns hold the inputs as tiles keep them, ordered by group and time.
        """
        rows = np.empty((count, len(self._empty)), dtype=np.int64)
        rows[:] = self._empty
        occurring, starts, counts = runs_of(groups)
        rows[occurring, SEQUENCE] = counts
        rows[occurring, NEWEST] = times[starts + counts - 1]
        block = Block(rows, {field.name: [None] * count for field in self._layout.variable})
        by_input: dict[str, GroupedValues] = {}
        for state in self._states:
            name = state.state.input
            if name not in by_input:
                by_input[name] = group_values(times, groups, columns[name])
            if len(by_input[name].groups):
                self._fill(block, state, by_input[name])
        for name, bucket in self._buckets.items():
            if bucket.states:
                block.variable[name] = bucket.tables(times, groups, columns, count)
        return block

    def _fill(self, block: Block, state: StateType, values: GroupedValues) -> None:
        for field, content in state.from_values(values).items():
            if isinstance(content, np.ndarray):
                rows = block.rows.view(NUMPY_DTYPES[state.dtypes[field]])
                rows[values.groups, state.words[field]] = content
            else:
                parts = block.listed(f"{state.id}.{field}")
                for group, part in zip(values.groups.tolist(), content, strict=True):
                    parts[group] = part


class _ByBucket:
    """Makes the tables of one bucket column from raw events."""

    def __init__(self, states: Sequence[State], bucket: BucketTables) -> None:
        self.states = [state for state in states if state.bucket == bucket.column]
        self._bucket = bucket
        self._inner = RawEvents(self.states, bucket.layout)

    def tables(
        self, times: Ints, groups: Ints, columns: Mapping[str, pa.Array], count: int
    ) -> list[Bytes]:
        """Make the table of each group.

        Events without a bucket value are in no table.
        """
        column = columns[self._bucket.column]
        rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        values, codes = distinct_of(
            values_of(column.take(pa.array(rows)), dtype_of(self._bucket.type))
        )
        if not len(values):
            return [None] * count
        codes = groups[rows] * len(values) + codes
        # Within a group events are ordered by time already.
        order = np.argsort(codes, kind="stable")
        occurring, inner = np.unique(codes[order], return_inverse=True)
        chosen = pa.array(rows[order])
        names = {state.input for state in self.states}
        inputs = {name: columns[name].take(chosen) for name in names}
        block = self._inner.block(times[rows[order]], inner, inputs, len(occurring))
        return self._bucket.build(
            values[occurring % len(values)], block, occurring // len(values), count
        )
