"""Raw events to the rows that their tiles would have, in numpy: what a fetch counts where no tile fits.

It makes what the SQL of `tilewright_compiler.states` makes of the same events: identical for counts, integers, extremes,
first and last values and exact states; sums of floats and sketches within what the order of their updates may change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan import State
from tilewright_compiler.states import LIMB, decimal_scale, family

from .block import Block
from .buckets import Buckets, distinct_of
from .entries import dtype_of, values_of
from .layout import NEWEST, SEQUENCE, Layout
from .moments import of_values
from .variable import Bytes, StateKind

Ints = NDArray[np.int64]

_EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Runs:
    """The values of one input that are not null: group after group, in each by time; groups without values have no run.

    Texts are numbered in their order, and the numbers stand for them; `texts` has the text of each.
    """

    groups: Ints
    """The group of each run."""
    starts: Ints
    counts: Ints
    times: Ints
    values: NDArray[Any]
    texts: pa.Array | None = None

    @property
    def run(self) -> Ints:
        """The run of each value."""
        return np.repeat(np.arange(len(self.groups)), self.counts)

    def arrow(self, values: NDArray[Any]) -> pa.Array:
        """Some of the values as Arrow has them."""
        return pa.array(values) if self.texts is None else self.texts.take(pa.array(values))


def runs_of(times: Ints, groups: Ints, column: pa.Array) -> Runs:
    """The runs of a column (of integers, doubles, texts or lists of them) whose rows are ordered by group and time.

    Each element of a list counts at its event's time.
    """
    if pa.types.is_list(column.type):
        events = pc.list_parent_indices(column).to_numpy()
        return runs_of(times[events], groups[events], pc.list_flatten(column))
    places = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    found, starts, counts = np.unique(groups[places], return_index=True, return_counts=True)
    values, texts = column.drop_null(), None
    if pa.types.is_string(column.type):
        encoded = values.dictionary_encode()
        utf8 = encoded.dictionary.cast(pa.large_binary()).to_pylist()
        order = np.array(sorted(range(len(utf8)), key=utf8.__getitem__), dtype=np.int64)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        texts, numbers = encoded.dictionary.take(pa.array(order)), rank[encoded.indices.to_numpy(zero_copy_only=False)]
    else:
        numbers = values.to_numpy(zero_copy_only=False)
    return Runs(found, starts, counts, times[places], numbers, texts)


# Numbers: for each run the value of every fixed field of a state.

Fields = Mapping[str, NDArray[Any]]


def _sum(state: State, runs: Runs) -> Fields:
    if family(state.type) == "float":
        with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs make NaN, as they do in SQL
            return {"sum": np.add.reduceat(runs.values, runs.starts)}
    return {"hi": np.add.reduceat(runs.values // LIMB, runs.starts), "lo": np.add.reduceat(runs.values % LIMB, runs.starts)}


def _extreme(ufunc: np.ufunc) -> Callable[[State, Runs], Fields]:
    return lambda state, runs: {"value": ufunc.reduceat(runs.values, runs.starts)}


def _endpoint(sign: int) -> Callable[[State, Runs], Fields]:
    def fields(state: State, runs: Runs) -> Fields:
        # The last of each run: the newest (or oldest) time, and of equal times the larger value; NaN sorts last.
        order = np.lexsort((runs.values, sign * runs.times, runs.run))
        chosen = order[runs.starts + runs.counts - 1]
        return {"ts": runs.times[chosen], "value": runs.values[chosen]}

    return fields


def _moments(names: tuple[str, ...]) -> Callable[[State, Runs], Fields]:
    def fields(state: State, runs: Runs) -> Fields:
        found = of_values(_doubles(state, runs), runs.starts, runs.counts, len(names))
        return {"n": runs.counts, **dict(zip(("mean", "rest", *names[1:]), found, strict=True))}

    return fields


def _doubles(state: State, runs: Runs) -> NDArray[np.float64]:
    scale = 10 ** decimal_scale(state.type) if family(state.type) == "decimal" else 1
    return runs.values.astype(np.float64) / scale


_FIXED: dict[str, Callable[[State, Runs], Fields]] = {
    "count": lambda state, runs: {"n": runs.counts},
    "sum": _sum,
    "min": _extreme(np.fmin),
    "max": _extreme(np.maximum),
    "first": _endpoint(-1),
    "last": _endpoint(1),
    "variance": _moments(("n", "m2")),
    "moments": _moments(("n", "m2", "m3", "m4")),
}


# Bytes: for each run what the kind of the variable field is built from, as the tile query would give it.


def _lists(runs: Runs, values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.append(runs.starts, runs.counts.sum()).astype(np.int32)), values)


def _chosen_text(state: State, runs: Runs) -> pa.Array:
    return runs.arrow(_FIXED[state.kind](state, runs)["value"])


def _numbers(state: State, runs: Runs) -> pa.Array:
    return _lists(runs, pa.array(_doubles(state, runs)))


def _values(state: State, runs: Runs) -> pa.Array:
    return _lists(runs, runs.arrow(runs.values))


def _timed(state: State, runs: Runs) -> pa.Array:
    return _lists(runs, pa.StructArray.from_arrays([pa.array(runs.times), runs.arrow(runs.values)], ["t", "x"]))


def _counted(state: State, runs: Runs) -> pa.Array:
    """A map from value to count for each run."""
    different, numbers = np.unique(runs.values, return_inverse=True)
    pairs, counts = np.unique(runs.run * len(different) + numbers, return_counts=True)
    offsets = np.searchsorted(pairs, np.arange(len(runs.groups) + 1) * len(different)).astype(np.int32)
    values = different[pairs % len(different)]
    items = pa.array(counts.astype(np.int64))
    keys = runs.arrow(values) if state.kind == "histogram" else pa.array(_texts(state, runs, values), pa.string())
    return pa.MapArray.from_arrays(pa.array(offsets), keys, items)


def _texts(state: State, runs: Runs, values: NDArray[Any]) -> list[str]:
    """Values as the texts that a frequent-items sketch takes."""
    match family(state.type):
        case "text":
            return runs.arrow(values).to_pylist()  # type: ignore[no-any-return]
        case "boolean":
            return ["true" if value else "false" for value in values.tolist()]
        case "date":
            return [(_EPOCH_DAY + timedelta(days=days)).isoformat() for days in values.tolist()]
        case _:
            return list(map(str, values.tolist()))


_VARIABLE: dict[str, Callable[[State, Runs], pa.Array]] = {
    **dict.fromkeys(("min", "max", "first", "last"), _chosen_text),
    **dict.fromkeys(("tdigest", "kll"), _numbers),
    **dict.fromkeys(("hll", "unique", "bounded", "largest_k", "smallest_k"), _values),
    **dict.fromkeys(("first_k", "last_k"), _timed),
    **dict.fromkeys(("frequent", "histogram"), _counted),
}


class RawEvents:
    """Makes rows of tiles of raw events, with the states that are asked for; the others are those of empty tiles."""

    def __init__(
        self,
        states: Sequence[State],
        layout: Layout,
        kinds: Mapping[str, StateKind],
        buckets: Mapping[str, Buckets] | None = None,
    ) -> None:
        """`buckets` has the bucket columns by their fields; without any all states are those of the layout itself."""
        self._buckets = {} if buckets is None else {name: _ByBucket(states, bucket) for name, bucket in buckets.items()}
        self._states = [state for state in states if buckets is None or state.bucket is None]
        self._layout = layout
        self._kinds = kinds
        self._empty = layout.empty_row()

    def block(self, times: Ints, groups: Ints, columns: Mapping[str, pa.Array], count: int) -> Block:
        """The rows of `count` groups of events; the columns hold the inputs as tiles keep them, ordered by group and time."""
        rows = np.tile(self._empty, (count, 1))
        found, starts, counts = np.unique(groups, return_index=True, return_counts=True)
        rows[found, SEQUENCE] = counts
        rows[found, NEWEST] = times[starts + counts - 1]
        block = Block(rows, {field.name: [None] * count for field in self._layout.variable})
        runs = {name: runs_of(times, groups, columns[name]) for name in dict.fromkeys(state.input for state in self._states)}
        for state in self._states:
            if len(runs[state.input].groups):
                self._fill(block, state, runs[state.input])
        for name, bucket in self._buckets.items():
            if bucket.states:
                block.variable[name] = bucket.tables(times, groups, columns, count)
        return block

    def _fill(self, block: Block, state: State, runs: Runs) -> None:
        numbers = _FIXED[state.kind](state, runs) if state.kind in _FIXED else {}
        for field, values in numbers.items():
            word = self._layout.names.get(f"{state.id}.{field}")
            if word is not None:  # the value of a text is none
                block.rows.view(values.dtype if values.dtype == np.float64 else np.int64)[runs.groups, word] = values
        for name, kind in self._kinds.items():
            if name.rpartition(".")[0] == state.id:
                made: list[Bytes] = kind.build(_VARIABLE[state.kind](state, runs))
                for group, part in zip(runs.groups.tolist(), made, strict=True):
                    block.variable[name][group] = part


class _ByBucket:
    """Makes the tables of one bucket column of raw events."""

    def __init__(self, states: Sequence[State], bucket: Buckets) -> None:
        self.states = [state for state in states if state.bucket == bucket.column]
        self._bucket = bucket
        self._inner = RawEvents(self.states, bucket.layout, bucket.kinds)

    def tables(self, times: Ints, groups: Ints, columns: Mapping[str, pa.Array], count: int) -> list[Bytes]:
        """The table of each group; events without a bucket value are in none."""
        column = columns[self._bucket.column]
        places = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        values, numbers = distinct_of(values_of(column.take(pa.array(places)), dtype_of(self._bucket.type)))
        if not len(values):
            return [None] * count
        codes = groups[places] * len(values) + numbers
        order = np.argsort(codes, kind="stable")  # within a group events are ordered by time already
        found, inner = np.unique(codes[order], return_inverse=True)
        chosen = pa.array(places[order])
        inputs = {name: columns[name].take(chosen) for name in dict.fromkeys(state.input for state in self.states)}
        rows = self._inner.block(times[places[order]], inner, inputs, len(found))
        return self._bucket.build(values[found % len(values)], rows, found // len(values), count)
