"""Rows of tiles, as the SQL of any engine gives them, to keys and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan import Plan

from .block import Block
from .keys import entity_encoder
from .layout import NEWEST, NUMPY_DTYPES, SEQUENCE, START, layout_of
from .moments import of_values
from .sketches import variable_kinds
from .stores import TileKeys

#: Entities whose texts are remembered from batch to batch.
_REMEMBERED_ENTITIES = 1 << 20


@dataclass(frozen=True)
class LevelTiles:
    """Tiles of one level, ordered by entity and start: their keys and their content, place by place."""

    keys: TileKeys
    block: Block


class TileRows:
    """Turns tables of tiles into blocks of one plan.

    A table has a row a tile: the columns `key:{name}`, `__start`, `__events` (how many the tile holds), `__newest` (the time
    of the newest), and a column `{state}.{field}` for each field that the table of states makes in SQL.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.layout = layout_of(plan)
        self.kinds = variable_kinds(plan, self.layout)
        self._key_names = [f"key:{key.name}" for key in plan.keys]
        self._encode = entity_encoder(plan.keys)
        self._entities: dict[tuple[Any, ...], str] = {}

    def level(self, table: pa.Table, size_ms: int) -> LevelTiles:
        """The tiles of one level, ordered by entity and start."""
        table = table.combine_chunks()
        entities, entity = self._entity_texts(table)
        starts = table["__start"].to_numpy()
        order = np.lexsort((starts, entity))
        block = self._block(table.take(pa.array(order)))
        keys = TileKeys(self.plan.name, size_ms, entities, entity[order].tolist(), starts[order].tolist())
        return LevelTiles(keys, block)

    def _entity_texts(self, table: pa.Table) -> tuple[list[str], NDArray[np.int64]]:
        """The distinct entities in the order of their texts, and each row's place among them."""
        codes = np.zeros(len(table), dtype=np.int64)
        dictionaries = [pc.dictionary_encode(table[name].combine_chunks()) for name in self._key_names]
        for encoded in dictionaries:
            codes = codes * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
        _, firsts, inverse = np.unique(codes, return_index=True, return_inverse=True)
        columns = [encoded.take(pa.array(firsts)).to_pylist() for encoded in dictionaries]
        texts = [self._entity(values) for values in zip(*columns, strict=True)]
        places = np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)
        rank = np.empty_like(places)
        rank[places] = np.arange(len(places))
        return [texts[i] for i in places.tolist()], rank[inverse]

    def _entity(self, values: tuple[Any, ...]) -> str:
        text = self._entities.get(values)
        if text is None:
            if len(self._entities) >= _REMEMBERED_ENTITIES:
                self._entities.clear()
            text = self._entities[values] = self._encode(values)
        return text

    def _block(self, table: pa.Table) -> Block:
        layout = self.layout
        rows = np.zeros((len(table), layout.words), dtype=np.int64)
        rows[:, SEQUENCE] = table["__events"].to_numpy()
        rows[:, NEWEST] = table["__newest"].to_numpy()
        rows[:, START] = table["__start"].to_numpy()
        identities = layout.identities()
        for name, dtype in self._fixed_columns():
            word = layout.names[name]
            column = table[name].combine_chunks()
            if column.null_count:
                column = pc.fill_null(column, identities[word])
            rows.view(NUMPY_DTYPES[dtype])[:, word] = column.to_numpy(zero_copy_only=False)
        for moments in layout.moments:
            values = table[f"{moments.state}.values"].combine_chunks()
            counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.int64)
            full = np.flatnonzero(counts)
            starts = (np.cumsum(counts) - counts)[full]
            found = of_values(values.flatten().to_numpy(), starts, counts[full], moments.order)
            rows.view(np.float64)[full, moments.start : moments.stop] = np.column_stack(found)
        return Block(rows, {name: kind.build(table[name].combine_chunks()) for name, kind in self.kinds.items()})

    def _fixed_columns(self) -> Sequence[tuple[str, str]]:
        return [(f"{column.state}.{column.field}", column.dtype) for column in self.plan.tile_layout.columns if column.merge != "moments"]
