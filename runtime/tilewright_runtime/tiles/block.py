"""Blocks: tiles of one level as columns, and their merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..lazily import np
from ..plans.frozen import Slotted
from ..states.base import Rows
from ..states.fields import Bytes, BytesColumn, FieldCodec, Fields
from .header import NEWEST, SEQUENCE, STAMP
from .layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Flags in the stamp word (see header.py). Only that of an approximate tile survives a merge.
APPROXIMATE = 2 << 40
COMPLETE = 1 << 40


def flag_names(stamp: int) -> list[str]:
    """Name the flags of a tile's stamp word."""
    named = ((COMPLETE, "complete"), (APPROXIMATE, "approximate"))
    return [name for flag, name in named if stamp & flag]


class Block(Slotted):
    """Tiles of one level."""

    __slots__ = ("rows", "variable")

    rows: Rows
    """(tiles, words) of int64, floats seen through a view."""
    variable: dict[str, Fields]
    """The bytes of each tile, by field of changing length."""

    def __init__(self, rows: Rows, variable: dict[str, Fields] | None = None) -> None:
        self.rows = rows
        self.variable = {} if variable is None else variable

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: NDArray[np.intp]) -> Block:
        """Return the chosen tiles, in the order given."""
        chosen = indices.tolist()
        variable: dict[str, Fields] = {}
        for name, values in self.variable.items():
            variable[name] = [values[i] for i in chosen]
        return Block(self.rows[indices], variable)

    def part(self, begin: int, end: int) -> Block:
        """Return neighbouring tiles, whose numbers are not copied."""
        variable: dict[str, Fields] = {}
        for name, values in self.variable.items():
            if isinstance(values, BytesColumn):
                variable[name] = values.part(begin, end)
            else:
                variable[name] = values[begin:end]
        return Block(self.rows[begin:end], variable)

    def listed(self, name: str) -> list[Bytes]:
        """Return the bytes of a field as a list."""
        values = self.variable[name]
        return list(values) if isinstance(values, BytesColumn) else values

    def put(self, indices: NDArray[np.intp], other: Block) -> None:
        """Replace the chosen tiles by those of another block."""
        self.rows[indices] = other.rows
        tiles = indices.tolist()
        for name, values in other.variable.items():
            own = self.variable[name]
            if isinstance(own, BytesColumn):
                self.variable[name] = own.replaced(tiles, values)
                continue
            own = self.variable[name] = list(own)
            for i, value in zip(tiles, values, strict=True):
                own[i] = value


def merge_blocks(
    layout: Layout, codecs: Mapping[str, FieldCodec], older: Block, newer: Block
) -> Block:
    """Merge each tile of a block with its partner's.

    The partner stands at the same index of the other block. Both blocks stay as they are.
    """
    rows = newer.rows.copy()
    rows[:, STAMP] |= older.rows[:, STAMP] & APPROXIMATE
    rows[:, SEQUENCE] += older.rows[:, SEQUENCE]
    np.maximum(rows[:, NEWEST], older.rows[:, NEWEST], out=rows[:, NEWEST])
    # Infinities of both signs make NaN, as they do in SQL.
    with np.errstate(invalid="ignore", over="ignore"):
        for slab in layout.slabs:
            slab.ufunc(slab.of(older.rows), slab.of(newer.rows), out=slab.of(rows))
    variable: dict[str, Fields] = {}
    for state in layout.joint_states:
        if (text := state.text) is None:
            state.merge_rows(older.rows, newer.rows, rows, None)
            continue
        pairs = list(zip(older.listed(text), newer.listed(text), strict=True))
        keeps_older = state.merge_rows(older.rows, newer.rows, rows, pairs)
        if keeps_older is not None:
            choices = zip(keeps_older.tolist(), pairs, strict=True)
            variable[text] = [old if keep else new for keep, (old, new) in choices]
    for name, codec in codecs.items():
        if name not in variable:
            variable[name] = codec.merge_pairs(older.listed(name), newer.listed(name))
    return Block(rows, variable)


def merge_runs(
    layout: Layout, codecs: Mapping[str, FieldCodec], block: Block, begins: NDArray[np.intp]
) -> Block:
    """Merge each run of neighbouring tiles into one.

    Run i is [begins[i], begins[i + 1]). The oldest tile of a run comes first, and no two share
    time. The merged tile keeps the start of its first part. The block stays as it is.
    """
    ends = np.append(begins[1:], len(block))
    rows = block.rows[begins].copy()
    rows[:, STAMP] |= np.bitwise_or.reduceat(block.rows[:, STAMP], begins) & APPROXIMATE
    rows[:, SEQUENCE] = np.add.reduceat(block.rows[:, SEQUENCE], begins)
    rows[:, NEWEST] = np.maximum.reduceat(block.rows[:, NEWEST], begins)
    # Infinities of both signs make NaN, as they do in SQL.
    with np.errstate(invalid="ignore", over="ignore"):
        for slab in layout.slabs:
            slab.of(rows)[:] = slab.ufunc.reduceat(slab.of(block.rows), begins, axis=0)
    variable: dict[str, Fields] = {}
    for state in layout.joint_states:
        chosen = state.merge_runs(block.rows, rows, begins, ends)
        if state.text is not None and chosen is not None:
            variable[state.text] = [block.variable[state.text][i] for i in chosen.tolist()]
    for name, codec in codecs.items():
        if name not in variable:
            values = block.listed(name)
            bounds = zip(begins.tolist(), ends.tolist(), strict=True)
            variable[name] = [codec.merge_run(values[begin:end]) for begin, end in bounds]
    return Block(rows, variable)
