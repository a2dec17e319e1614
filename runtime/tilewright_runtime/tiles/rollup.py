"""Makes all levels of tiles from the finest.

Coarser tiles are merged from finer ones, since each level divides the next.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilewright_compiler.plan.model import Plan

from .block import merge_runs
from .header import START
from .rows import LevelTiles, TileRows

_ARROW = {"i64": pa.int64(), "f64": pa.float64()}


def tiles_of_engine(plan: Plan, rows: pa.Table) -> pa.Table:
    """Convert an engine's rows to what `TileRows` takes.

    The columns come in the order of the plan's `tile_columns`, whatever they are called. Some
    engines use decimals for all numbers, and an empty list where a tile has no values.
    """
    types = dict.fromkeys(("__start", "__events", "__newest"), pa.int64())
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

        `finest` is a table as `TileRows` takes it.
        """
        return self.around(self.rows.level(finest, self.plan.levels[-1].size_ms))

    def around(self, finest: LevelTiles) -> list[LevelTiles]:
        """Make the tiles of every level from the finest ones.

        If those are all finest tiles of an entity, the coarser ones are whole; otherwise they are
        parts to be merged.
        """
        levels = [finest]
        for level in reversed(self.plan.levels[:-1]):
            levels.append(self.coarser(levels[-1], level.size_ms))
        return levels[::-1]

    def coarser(self, tiles: LevelTiles, size_ms: int) -> LevelTiles:
        """Merge the tiles of a level into coarser ones.

        They are ordered by entity and start.
        """
        keys, entity = tiles.keys, np.asarray(tiles.keys.entity)
        starts = tiles.block.rows[:, START] // size_ms * size_ms
        is_new = np.ones(len(starts), dtype=bool)
        is_new[1:] = (starts[1:] != starts[:-1]) | (entity[1:] != entity[:-1])
        begins = np.flatnonzero(is_new)
        block = merge_runs(self.rows.layout, self.rows.codecs, tiles.block, begins)
        block.rows[:, START] = starts[begins]
        coarser_keys = replace(
            keys, size_ms=size_ms, entity=entity[begins].tolist(), starts_ms=starts[begins].tolist()
        )
        return LevelTiles(coarser_keys, block)
