"""A block: the tiles of one level as columns, and how two blocks merge tile by tile."""

from __future__ import annotations

from collections.abc import Mapping
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
