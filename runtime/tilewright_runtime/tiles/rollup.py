"""All levels of tiles from rows of the finest: coarser tiles are merged, since each level divides
the next.
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
    """Give the rows of an engine's query as `TileRows` takes them.

    The columns come in the order of the plan's `tile_columns`, whatever they are called. Some
    engines have decimals for all numbers, and a list without values where a tile has none.
    """
    types = dict.fromkeys(("__start", "__events", "__newest"), pa.int64())
    types |= {
        f"{column.state}.{column.field}": _ARROW[column.dtype]
        for column in plan.tile_layout.columns
    }
    named = rows.rename_columns(plan.tile_columns)
    columns = zip(named.column_names, named.columns, strict=True)
    return pa.table(
        {
            name: _without_empty(column).cast(types.get(name, column.type))
            for name, column in columns
        }
    )


def _without_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return column
    return pc.if_else(
        pc.equal(pc.list_value_length(column), 0), pa.scalar(None, column.type), column
    )


class RollUp:
    """Makes the tiles of every level of a plan from tables of the finest level's tiles."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows = TileRows(plan)

    def levels(self, finest: pa.Table) -> list[LevelTiles]:
        """The tiles of every level, in the plan's order, of a table as `TileRows` takes it.

        A coarser tile holds what the table has of it: with all tiles of an entity it is whole, else
        a part to be merged.
        """
        sizes = [level.size_ms for level in self.plan.levels]
        levels = [self.rows.level(finest, sizes[-1])]
        for size_ms in reversed(sizes[:-1]):
            levels.append(self.coarser(levels[-1], size_ms))
        return levels[::-1]

    def coarser(self, tiles: LevelTiles, size_ms: int) -> LevelTiles:
        """The tiles of a level that some tiles of a finer one, ordered by entity and start, merge
        to.
        """
        keys, entity = tiles.keys, np.asarray(tiles.keys.entity)
        starts = tiles.block.rows[:, START] // size_ms * size_ms
        is_new = np.ones(len(starts), dtype=bool)
        is_new[1:] = (starts[1:] != starts[:-1]) | (entity[1:] != entity[:-1])
        begins = np.flatnonzero(is_new)
        block = merge_runs(self.rows.layout, self.rows.codecs, tiles.block, begins)
        block.rows[:, START] = starts[begins]
        kept = replace(
            keys, size_ms=size_ms, entity=entity[begins].tolist(), starts_ms=starts[begins].tolist()
        )
        return LevelTiles(kept, block)
