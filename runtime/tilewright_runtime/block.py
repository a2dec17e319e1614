"""A block: the tiles of one level as columns, and how two blocks merge tile by tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .layout import NEWEST, NUMPY_DTYPES, SEQUENCE, STAMP, Endpoint, Layout, Rows
from .moments import merged
from .variable import Bytes, VariableKind

#: Bits of the stamp word that survive a merge of records: the approximate flag (see records.py).
APPROXIMATE = 2 << 40
COMPLETE = 1 << 40


@dataclass
class Block:
    """`rows` is (tiles, words) of int64, floats seen through a view; `variable` has one list of bytes a field."""

    rows: Rows
    variable: dict[str, list[Bytes]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: NDArray[np.intp]) -> Block:
        """The chosen tiles, in the order given."""
        chosen = indices.tolist()
        return Block(self.rows[indices], {name: [values[i] for i in chosen] for name, values in self.variable.items()})

    def put(self, indices: NDArray[np.intp], other: Block) -> None:
        """Replaces the chosen tiles by those of another block."""
        self.rows[indices] = other.rows
        for name, values in other.variable.items():
            own = self.variable[name]
            for i, value in zip(indices.tolist(), values, strict=True):
                own[i] = value


def merge_blocks(layout: Layout, kinds: Mapping[str, VariableKind], older: Block, newer: Block) -> Block:
    """Each tile of one block merged with the tile at the same place of the other; both stay as they are."""
    rows = newer.rows.copy()
    rows[:, STAMP] |= older.rows[:, STAMP] & APPROXIMATE
    rows[:, SEQUENCE] += older.rows[:, SEQUENCE]
    np.maximum(rows[:, NEWEST], older.rows[:, NEWEST], out=rows[:, NEWEST])
    with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs make NaN, as they do in SQL
        for slab in layout.slabs:
            slab.ufunc(slab.of(older.rows), slab.of(newer.rows), out=slab.of(rows))
    for moments in layout.moments:
        words = slice(moments.start, moments.stop)
        both = np.stack([older.rows, newer.rows])
        parts = np.moveaxis(both.view(np.float64)[:, :, words], 2, 0)
        rows.view(np.float64)[:, words] = np.column_stack(merged(both[:, :, moments.n], parts))
    variable: dict[str, list[Bytes]] = {}
    for endpoint in layout.endpoints:
        keep = _older_wins(endpoint, older, newer)
        rows[keep, endpoint.time] = older.rows[keep, endpoint.time]
        if endpoint.value is not None:
            rows[keep, endpoint.value] = older.rows[keep, endpoint.value]
        else:
            pairs = zip(keep.tolist(), older.variable[endpoint.field], newer.variable[endpoint.field], strict=True)
            variable[endpoint.field] = [old if kept else new for kept, old, new in pairs]
    for name, kind in kinds.items():
        if name not in variable:
            variable[name] = kind.merge_pairs(older.variable[name], newer.variable[name])
    return Block(rows, variable)


def merge_runs(layout: Layout, kinds: Mapping[str, VariableKind], block: Block, begins: NDArray[np.intp]) -> Block:
    """Each run of neighbouring tiles as one; run i is [begins[i], begins[i + 1]), oldest tile first, and no two share time.

    The start of a run's tile stays that of its first part. The block stays as it is.
    """
    ends = np.append(begins[1:], len(block))
    rows = block.rows[begins].copy()
    rows[:, STAMP] |= np.bitwise_or.reduceat(block.rows[:, STAMP], begins) & APPROXIMATE
    rows[:, SEQUENCE] = np.add.reduceat(block.rows[:, SEQUENCE], begins)
    rows[:, NEWEST] = np.maximum.reduceat(block.rows[:, NEWEST], begins)
    with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs make NaN, as they do in SQL
        for slab in layout.slabs:
            slab.of(rows)[:] = slab.ufunc.reduceat(slab.of(block.rows), begins, axis=0)
    variable: dict[str, list[Bytes]] = {}
    for endpoint in layout.endpoints:
        chosen = _outermost(endpoint, block.rows[:, endpoint.time], begins, ends)
        rows[:, endpoint.time] = block.rows[chosen, endpoint.time]
        if endpoint.value is not None:
            rows[:, endpoint.value] = block.rows[chosen, endpoint.value]
        else:
            variable[endpoint.field] = [block.variable[endpoint.field][i] for i in chosen.tolist()]
    if layout.moments:
        _merge_moments(layout, block.rows, rows, begins, ends)
    for name, kind in kinds.items():
        if name not in variable:
            values = block.variable[name]
            bounds = zip(begins.tolist(), ends.tolist(), strict=True)
            variable[name] = [_merge_run(kind, values[begin:end]) for begin, end in bounds]
    return Block(rows, variable)


def _outermost(endpoint: Endpoint, times: NDArray[np.int64], begins: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """The place of each run's first or last tile that has a value; any place of the run where none has."""
    places = np.arange(len(times))
    empty = times == endpoint.no_time
    if endpoint.kind == "first":
        chosen = np.minimum.reduceat(np.where(empty, len(times), places), begins)
        return np.minimum(chosen, ends - 1)
    return np.maximum(np.maximum.reduceat(np.where(empty, -1, places), begins), begins)


def _merge_moments(layout: Layout, parts: Rows, rows: Rows, begins: NDArray[np.intp], ends: NDArray[np.intp]) -> None:
    """Runs of one length are merged together: the formula for many sets is exact where pairs of sets would add up errors."""
    lengths = ends - begins
    for length in np.unique(lengths):
        of_length = np.flatnonzero(lengths == length)
        runs = parts[begins[of_length] + np.arange(length)[:, np.newaxis]]
        for moments in layout.moments:
            words = slice(moments.start, moments.stop)
            found = merged(runs[:, :, moments.n], np.moveaxis(runs.view(np.float64)[:, :, words], 2, 0))
            rows.view(np.float64)[of_length, words] = np.column_stack(found)


def _merge_run(kind: VariableKind, values: Sequence[Bytes]) -> Bytes:
    parts = [value for value in values if value is not None]
    return kind.encode(kind.merge(parts)) if len(parts) > 1 else parts[0] if parts else None


def _older_wins(endpoint: Endpoint, older: Block, newer: Block) -> NDArray[np.bool_]:
    """Where the older block's time is further out, or its value larger at the same time."""
    old_ts, new_ts = older.rows[:, endpoint.time], newer.rows[:, endpoint.time]
    further = old_ts < new_ts if endpoint.kind == "first" else old_ts > new_ts
    ties = (old_ts == new_ts) & (old_ts != endpoint.no_time)
    if endpoint.value is None:
        larger = np.zeros(len(ties), dtype=bool)
        for i in np.flatnonzero(ties).tolist():
            larger[i] = (older.variable[endpoint.field][i] or b"") > (newer.variable[endpoint.field][i] or b"")
    else:
        dtype = NUMPY_DTYPES[endpoint.dtype]
        old, new = older.rows[:, endpoint.value].view(dtype), newer.rows[:, endpoint.value].view(dtype)
        larger = old > new
        if endpoint.dtype == "f64":
            larger |= np.isnan(old) & ~np.isnan(new)  # NaN is the largest number, as in SQL
    wins: NDArray[np.bool_] = further | (ties & larger)
    return wins
