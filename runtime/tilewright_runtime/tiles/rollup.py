"""Makes all levels of tiles from the finest.

Coarser tiles are merged from finer ones, since each level divides the next.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

from ..states.small_sketches import list_offsets
from .block import Block, merge_runs
from .header import START
from .integers import Integers
from .keys import TileKeys
from .rows import LevelTiles, TileRows

_ARROW = {"i64": pa.int64(), "f64": pa.float64()}


def tiles_of_engine(plan: Plan, rows: pa.Table) -> pa.Table:
    """Convert an engine's rows to what `TileRows` takes.

    The columns come in the order of the plan's `tile_columns`, whatever they are called. Some
    engines use decimals for all numbers, some doubles for all floats, and an empty list where a
    tile has no values.
    """
    types = dict.fromkeys(("__start", "__events", "__newest"), pa.int64())
    types |= {f"key:{key.name}": pa.float32() for key in plan.keys if key.type == "FLOAT"}
    for field in plan.tile_layout.columns:
        types[f"{field.state}.{field.field}"] = _ARROW[field.dtype]
    columns = {}
    for name, column in zip(plan.tile_columns, rows.columns, strict=True):
        columns[name] = _without_empty(column).cast(types.get(name, column.type))
    return pa.table(columns)


def _without_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return column
    is_empty = pc.equal(pc.list_value_length(column), 0)
    return pc.if_else(is_empty, pa.scalar(None, column.type), column)


class RollUp:
    """Makes tiles of every level from those of the finest."""

    def __init__(self, plan: Plan, rows: TileRows | None = None) -> None:
        self.plan = plan
        self.rows = rows or TileRows(plan)

    def levels(self, finest: pa.Table) -> list[LevelTiles]:
        """Make the tiles of every level, in the plan's order.

        `finest` is a table as `TileRows` takes it. If it has all finest tiles of an entity, the
        coarser ones are whole; otherwise they are parts to be merged. Rows of one tile are merged:
        doubles that an engine tells apart may be one key of 32 bits.
        """
        size_ms = self.plan.levels[-1].size_ms
        tiles = self.rows.level(finest, size_ms)
        if len(_runs(tiles.keys, tiles.block, size_ms)[0]) < len(tiles.block.rows):
            tiles = self.coarser(tiles, size_ms)
        levels = [tiles]
        for level in reversed(self.plan.levels[:-1]):
            levels.append(self.coarser(levels[-1], level.size_ms))
        return levels[::-1]

    @property
    def takes_lists(self) -> bool:
        """Whether all states are numbers or made of lists."""
        layout = self.rows.layout
        made_of_lists = all(state.adds_lists for state in layout.codecs.values())
        return made_of_lists and len(layout.codecs) == len(layout.variable)

    def from_lists(self, finest: pa.Table) -> list[LevelTiles]:
        """Make tiles of all levels, in the plan's order.

        Numbers are merged. Sketches are not: each is made of the values of all its finest tiles,
        whose lists in `finest` are neighbours.
        """
        keys, rows = self.rows.ordered(finest, self.plan.levels[-1].size_ms)
        levels = [self.rows.tiles(keys, rows)]
        states = self.rows.layout.codecs
        lists = {name: rows[name].combine_chunks() for name in states}
        for level in reversed(self.plan.levels[:-1]):
            finer = Block(levels[-1].block.rows)
            begins, coarser_keys = _runs(levels[-1].keys, finer, level.size_ms)
            block = merge_runs(self.rows.layout, {}, finer, begins)
            block.rows[:, START] = coarser_keys.starts_ms
            lists = {name: _neighbours(column, begins) for name, column in lists.items()}
            for name, state in states.items():
                block.variable[name] = state.from_column(lists[name])
            levels.append(LevelTiles(coarser_keys, block))
        return levels[::-1]

    def coarser(self, tiles: LevelTiles, size_ms: int) -> LevelTiles:
        """Merge the tiles of a level into coarser ones.

        They are ordered by entity and start.
        """
        begins, keys = _runs(tiles.keys, tiles.block, size_ms)
        block = merge_runs(self.rows.layout, self.rows.codecs, tiles.block, begins)
        block.rows[:, START] = keys.starts_ms
        return LevelTiles(keys, block)


def _runs(keys: TileKeys, block: Block, size_ms: int) -> tuple[NDArray[np.intp], TileKeys]:
    """Find where coarser tiles begin, and their keys."""
    entity = np.asarray(keys.entity)
    starts = block.rows[:, START] // size_ms * size_ms
    is_new = np.ones(len(starts), dtype=bool)
    is_new[1:] = (starts[1:] != starts[:-1]) | (entity[1:] != entity[:-1])
    begins = np.flatnonzero(is_new)
    coarser = Integers(entity[begins]), Integers(starts[begins])
    return begins, keys.copied(size_ms=size_ms, entity=coarser[0], starts_ms=coarser[1])


def _neighbours(column: pa.Array, begins: NDArray[np.intp]) -> pa.Array:
    """Join the lists of each run of neighbouring tiles."""
    if not len(column):
        return column
    column, offsets = list_offsets(column)
    ends = pa.array(np.append(offsets[begins], offsets[-1]), pa.int32())
    is_there = np.logical_or.reduceat(column.is_valid().to_numpy(zero_copy_only=False), begins)
    mask = pa.array(~is_there)
    if pa.types.is_map(column.type):
        return pa.MapArray.from_arrays(ends, column.keys, column.items, mask=mask)
    return pa.ListArray.from_arrays(ends, column.values, mask=mask)
