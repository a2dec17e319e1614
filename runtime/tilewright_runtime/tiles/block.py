"""A block: the tiles of one level as columns, and how two blocks merge tile by tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..states.base import Rows
from ..states.fields import Bytes, VariableKind
from .layout import NEWEST, SEQUENCE, STAMP, Layout

#: Bits of the stamp word that survive a merge of records: the approximate flag (see records.py).
APPROXIMATE = 2 << 40
COMPLETE = 1 << 40


@dataclass
class Block:
    """`rows` is (tiles, words) of int64, floats seen through a view; `variable` has one list of
    bytes a field.
    """

    rows: Rows
    variable: dict[str, list[Bytes]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: NDArray[np.intp]) -> Block:
        """The chosen tiles, in the order given."""
        chosen = indices.tolist()
        return Block(
            self.rows[indices],
            {name: [values[i] for i in chosen] for name, values in self.variable.items()},
        )

    def put(self, indices: NDArray[np.intp], other: Block) -> None:
        """Replaces the chosen tiles by those of another block."""
        self.rows[indices] = other.rows
        for name, values in other.variable.items():
            own = self.variable[name]
            for i, value in zip(indices.tolist(), values, strict=True):
                own[i] = value


def merge_blocks(
    layout: Layout, kinds: Mapping[str, VariableKind], older: Block, newer: Block
) -> Block:
    """Each tile of one block merged with the tile at the same place of the other; both stay as they
    are.
    """
    rows = newer.rows.copy()
    rows[:, STAMP] |= older.rows[:, STAMP] & APPROXIMATE
    rows[:, SEQUENCE] += older.rows[:, SEQUENCE]
    np.maximum(rows[:, NEWEST], older.rows[:, NEWEST], out=rows[:, NEWEST])
    with np.errstate(
        invalid="ignore", over="ignore"
    ):  # infinities of both signs make NaN, as they do in SQL
        for slab in layout.slabs:
            slab.ufunc(slab.of(older.rows), slab.of(newer.rows), out=slab.of(rows))
    variable: dict[str, list[Bytes]] = {}
    for merge_group in layout.merge_groups:
        pairs = (
            None
            if merge_group.text is None
            else list(
                zip(older.variable[merge_group.text], newer.variable[merge_group.text], strict=True)
            )
        )
        keep = merge_group.merge_pairs(older.rows, newer.rows, rows, pairs)
        if merge_group.text is not None and pairs is not None and keep is not None:
            variable[merge_group.text] = [
                old if kept else new for kept, (old, new) in zip(keep.tolist(), pairs, strict=True)
            ]
    for name, kind in kinds.items():
        if name not in variable:
            variable[name] = kind.merge_pairs(older.variable[name], newer.variable[name])
    return Block(rows, variable)


def merge_runs(
    layout: Layout, kinds: Mapping[str, VariableKind], block: Block, begins: NDArray[np.intp]
) -> Block:
    """Each run of neighbouring tiles as one; run i is [begins[i], begins[i + 1]), oldest tile
    first, and no two share time.

    The start of a run's tile stays that of its first part. The block stays as it is.
    """
    ends = np.append(begins[1:], len(block))
    rows = block.rows[begins].copy()
    rows[:, STAMP] |= np.bitwise_or.reduceat(block.rows[:, STAMP], begins) & APPROXIMATE
    rows[:, SEQUENCE] = np.add.reduceat(block.rows[:, SEQUENCE], begins)
    rows[:, NEWEST] = np.maximum.reduceat(block.rows[:, NEWEST], begins)
    with np.errstate(
        invalid="ignore", over="ignore"
    ):  # infinities of both signs make NaN, as they do in SQL
        for slab in layout.slabs:
            slab.of(rows)[:] = slab.ufunc.reduceat(slab.of(block.rows), begins, axis=0)
    variable: dict[str, list[Bytes]] = {}
    for merge_group in layout.merge_groups:
        chosen = merge_group.merge_runs(block.rows, rows, begins, ends)
        if merge_group.text is not None and chosen is not None:
            variable[merge_group.text] = [
                block.variable[merge_group.text][i] for i in chosen.tolist()
            ]
    for name, kind in kinds.items():
        if name not in variable:
            values = block.variable[name]
            bounds = zip(begins.tolist(), ends.tolist(), strict=True)
            variable[name] = [_merge_run(kind, values[begin:end]) for begin, end in bounds]
    return Block(rows, variable)


def _merge_run(kind: VariableKind, values: Sequence[Bytes]) -> Bytes:
    parts = [value for value in values if value is not None]
    return kind.encode(kind.merge(parts)) if len(parts) > 1 else parts[0] if parts else None
