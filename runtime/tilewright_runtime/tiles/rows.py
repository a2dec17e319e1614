"""Turns an engine's rows of tiles into keys and blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

from ..states.base import NUMPY_DTYPES, StateType
from ..states.exact_values import dtype_of, values_of
from ..states.fields import Bytes, FieldCodec, Fields
from .block import Block
from .buckets import BucketTables, buckets_of
from .entities import entity_encoder
from .header import NEWEST, SEQUENCE, START
from .integers import Integers
from .keys import TileKeys
from .layout import Layout, layout_of

#: Entities whose texts are remembered from batch to batch.
_REMEMBERED_ENTITIES = 1 << 20
#: Tiles of all levels that are merged, encoded and put at a time.
_PART_TILES = 1 << 16


@dataclass(frozen=True)
class LevelTiles:
    """Tiles of one level, ordered by entity and start.

    Key i belongs to row i of the block.
    """

    keys: TileKeys
    block: Block

    def of_entities(self, begin: int, end: int) -> LevelTiles:
        """Choose the tiles of neighbouring entities."""
        place, keys = self.keys.of_entities(begin, end)
        return LevelTiles(keys, self.block.part(place.start, place.stop))


def parts_of(levels: Sequence[LevelTiles]) -> Iterator[Sequence[LevelTiles]]:
    """Cut tiles of all levels into parts of whole entities.

    A part has some ten thousand tiles, so what is made of it is still near when it is put. Levels
    whose entities are not the same are one part.
    """
    indices = [np.asarray(level.keys.entity, np.intp) for level in levels]
    entities = levels[0].keys.entities if levels else []
    is_alike = all(level.keys.entities == entities for level in levels)
    if not is_alike or any((one[1:] < one[:-1]).any() for one in indices):
        yield levels
        return
    ends = np.cumsum(sum(np.bincount(one, minlength=len(entities)) for one in indices))
    begin = 0
    while begin < len(entities):
        before = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, before + _PART_TILES, side="right")), begin + 1)
        yield [level.of_entities(begin, end) for level in levels]
        begin = end


class TileRows:
    """Turns tables of tiles into blocks of one plan.

    A table has a row a tile: the columns `key:{name}`, `__start`, `__events` (how many the tile
    holds), `__newest` (the time of the newest), and a column `{state}.{field}` for each field that
    the table of states makes in SQL.

    A table for a bucket column has a row for each of its values in a tile: `key:{name}`, `__start`,
    `__bucket` (the value as states store it: a BIGINT, a DOUBLE or a VARCHAR, never null), and the
    columns of the states that are kept by it.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.layout = layout_of(plan)
        self.buckets = buckets_of(plan)
        self.codecs: dict[str, FieldCodec] = {**self.layout.codecs, **self.buckets}
        self._key_names = [f"key:{key.name}" for key in plan.keys]
        self._encode = entity_encoder(plan.keys)
        self._entities: dict[tuple[Any, ...], str] = {}

    def level(self, table: pa.Table, size_ms: int, buckets: Sequence[pa.Table] = ()) -> LevelTiles:
        """Make the tiles of one level.

        They are ordered by entity and start. `buckets` has a table for each bucket column, in the
        plan's order.
        """
        keys, table = self.ordered(table, size_ms)
        tiles = self.tiles(keys, table)
        if self.buckets:
            self._add_tables(tiles, buckets)
        return tiles

    def ordered(self, table: pa.Table, size_ms: int) -> tuple[TileKeys, pa.Table]:
        """Order rows by entity and start, beside their keys."""
        table = table.combine_chunks()
        entities, entity = self.entity_texts(table)
        starts = table["__start"].to_numpy()
        order = np.lexsort((starts, entity))
        ordered = Integers(entity[order]), Integers(starts[order])
        keys = TileKeys(self.plan.name, size_ms, entities, *ordered)
        return keys, table.take(pa.array(order))

    def tiles(self, keys: TileKeys, table: pa.Table) -> LevelTiles:
        """Make tiles of ordered rows, without tables of buckets."""
        block = _block(self.layout, table)
        block.rows[:, SEQUENCE] = table["__events"].to_numpy()
        block.rows[:, NEWEST] = table["__newest"].to_numpy()
        block.rows[:, START] = table["__start"].to_numpy()
        return LevelTiles(keys, block)

    def _add_tables(self, tiles: LevelTiles, buckets: Sequence[pa.Table]) -> None:
        """Add the bucket tables of each tile."""
        keys, size_ms = tiles.keys, tiles.keys.size_ms
        entity = np.asarray(keys.entity, dtype=np.int64)
        index = _TileIndex(keys.entities, entity, tiles.block.rows[:, START] // size_ms)
        for (name, bucket), of_bucket in zip(self.buckets.items(), buckets, strict=True):
            tables = self._tables(bucket, of_bucket.combine_chunks(), index, size_ms)
            tiles.block.variable[name] = tables

    def _tables(
        self, bucket: BucketTables, table: pa.Table, tiles: _TileIndex, size_ms: int
    ) -> list[Bytes]:
        """Make the bucket table of each tile."""
        entities, entity = self.entity_texts(table)
        tile = tiles.of(entities, entity, table["__start"].to_numpy() // size_ms)
        values = values_of(table["__bucket"].combine_chunks(), dtype_of(bucket.type))
        return bucket.build(values, _block(bucket.layout, table), tile, len(tiles))

    def entity_texts(self, table: pa.Table) -> tuple[list[str], NDArray[np.int64]]:
        """List the distinct entities by text, and index the rows.

        The index says which entity a row has.
        """
        codes = np.zeros(len(table), dtype=np.int64)
        dictionaries = [
            pc.dictionary_encode(table[name].combine_chunks()) for name in self._key_names
        ]
        for encoded in dictionaries:
            codes = codes * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
        _, firsts, inverse = np.unique(codes, return_index=True, return_inverse=True)
        columns = [encoded.take(pa.array(firsts)).to_pylist() for encoded in dictionaries]
        texts = [self._entity(values) for values in zip(*columns, strict=True)]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return [texts[i] for i in order], rank[inverse]

    def _entity(self, values: tuple[Any, ...]) -> str:
        text = self._entities.get(values)
        if text is None:
            if len(self._entities) >= _REMEMBERED_ENTITIES:
                self._entities.clear()
            text = self._entities[values] = self._encode(values)
        return text


class _TileIndex:
    """Finds tiles by entity and start."""

    def __init__(
        self, entities: Sequence[str], entity: NDArray[np.int64], number: NDArray[np.int64]
    ) -> None:
        """Take tiles that are ordered by entity and start.

        `number` is a tile's start divided by its size.
        """
        self._known = {text: i for i, text in enumerate(entities)}
        self._span = int(number.max(initial=0)) + 1
        self._codes = entity * self._span + number

    def __len__(self) -> int:
        return len(self._codes)

    def of(
        self, entities: Sequence[str], entity: NDArray[np.int64], number: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Find the index of each row's tile."""
        known = np.array([self._known[text] for text in entities], dtype=np.int64)
        wanted = known[entity] * self._span + number
        indices: NDArray[np.int64] = np.searchsorted(self._codes, wanted)
        return indices


def _block(layout: Layout, table: pa.Table) -> Block:
    """Make a block of a table's rows, with empty headers."""
    rows = np.zeros((len(table), layout.words), dtype=np.int64)
    identities = layout.identities()
    derived: set[int] = set()
    for state in layout.joint_states:
        derived.update(state.derived_words)
    for name, word in layout.names.items():
        if word in derived:
            continue
        column = table[name].combine_chunks()
        if column.null_count:
            column = pc.fill_null(column, identities[word])
        rows.view(NUMPY_DTYPES[layout.dtypes[name]])[:, word] = column.to_numpy(
            zero_copy_only=False
        )
    for state in layout.joint_states:
        state.derive(table, rows)
    return Block(
        rows,
        {
            name: _built(state, table[name].combine_chunks())
            for name, state in layout.codecs.items()
        },
    )


def _built(state: StateType, column: pa.Array) -> Fields:
    """Make the bytes of a state's field.

    Bytes that the engine made itself stay as they are.
    """
    return column.to_pylist() if pa.types.is_binary(column.type) else state.from_column(column)
