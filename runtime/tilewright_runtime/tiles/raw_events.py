"""Raw events to the rows that their tiles would have, in numpy: what a fetch counts where no tile
fits.

Each kind of state makes what its SQL makes of the same events: identical for counts, integers,
extremes, first and last values and exact states; sums of floats and sketches within what the order
of their updates may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from tilewright_compiler.plan.model import State

from ..states.base import kind_of
from ..states.exact_values import dtype_of, values_of
from ..states.fields import Bytes, FieldCodec
from ..states.grouped_values import GroupedValues, Ints, runs_of
from .block import Block
from .bucket_tables import Buckets, distinct_of
from .layout import NEWEST, SEQUENCE, Layout


class RawEvents:
    """Makes rows of tiles of raw events, with the states that are asked for; the others are those
    of empty tiles.
    """

    def __init__(
        self,
        states: Sequence[State],
        layout: Layout,
        kinds: Mapping[str, FieldCodec],
        buckets: Mapping[str, Buckets] | None = None,
    ) -> None:
        """`buckets` has the bucket columns by their fields; without any all states are those of the
        layout itself.
        """
        self._buckets = (
            {}
            if buckets is None
            else {name: _ByBucket(states, bucket) for name, bucket in buckets.items()}
        )
        self._states = [state for state in states if buckets is None or state.bucket is None]
        self._layout = layout
        self._kinds = kinds
        self._empty = layout.empty_row()

    def block(
        self, times: Ints, groups: Ints, columns: Mapping[str, pa.Array], count: int
    ) -> Block:
        """The rows of `count` groups of events; the columns hold the inputs as tiles keep them,
        ordered by group and time.
        """
        rows = np.tile(self._empty, (count, 1))
        found, starts, counts = np.unique(groups, return_index=True, return_counts=True)
        rows[found, SEQUENCE] = counts
        rows[found, NEWEST] = times[starts + counts - 1]
        block = Block(rows, {field.name: [None] * count for field in self._layout.variable})
        runs = {
            name: runs_of(times, groups, columns[name])
            for name in dict.fromkeys(state.input for state in self._states)
        }
        for state in self._states:
            if len(runs[state.input].groups):
                self._fill(block, state, runs[state.input])
        for name, bucket in self._buckets.items():
            if bucket.states:
                block.variable[name] = bucket.tables(times, groups, columns, count)
        return block

    def _fill(self, block: Block, state: State, runs: GroupedValues) -> None:
        kind = kind_of(state.kind)
        for field, values in kind.numbers(state, runs).items():
            word = self._layout.names.get(f"{state.id}.{field}")
            if word is not None:  # the value of a text is none
                block.rows.view(values.dtype if values.dtype == np.float64 else np.int64)[
                    runs.groups, word
                ] = values
        for name, functions in self._kinds.items():
            if name.rpartition(".")[0] == state.id and kind.column is not None:
                made: list[Bytes] = functions.build(kind.column(state, runs))
                for group, part in zip(runs.groups.tolist(), made, strict=True):
                    block.variable[name][group] = part


class _ByBucket:
    """Makes the tables of one bucket column of raw events."""

    def __init__(self, states: Sequence[State], bucket: Buckets) -> None:
        self.states = [state for state in states if state.bucket == bucket.column]
        self._bucket = bucket
        self._inner = RawEvents(self.states, bucket.layout, bucket.kinds)

    def tables(
        self, times: Ints, groups: Ints, columns: Mapping[str, pa.Array], count: int
    ) -> list[Bytes]:
        """The table of each group; events without a bucket value are in none."""
        column = columns[self._bucket.column]
        places = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        values, numbers = distinct_of(
            values_of(column.take(pa.array(places)), dtype_of(self._bucket.type))
        )
        if not len(values):
            return [None] * count
        codes = groups[places] * len(values) + numbers
        order = np.argsort(
            codes, kind="stable"
        )  # within a group events are ordered by time already
        found, inner = np.unique(codes[order], return_inverse=True)
        chosen = pa.array(places[order])
        inputs = {
            name: columns[name].take(chosen)
            for name in dict.fromkeys(state.input for state in self.states)
        }
        rows = self._inner.block(times[places[order]], inner, inputs, len(found))
        return self._bucket.build(values[found % len(values)], rows, found // len(values), count)
