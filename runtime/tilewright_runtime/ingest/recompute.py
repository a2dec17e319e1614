"""Computes tiles again, from the events that the plan keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..stores.base import Transaction, tile_namer
from ..tiles.block import Block
from ..tiles.chunks import EventChunks
from ..tiles.header import START
from ..tiles.keys import EVENTS, Kind, TileKeys
from ..tiles.raw_events import RawEvents
from ..tiles.records import Names
from ..tiles.rows import LevelTiles, TileRows


class Recomputer:
    """Makes tiles anew from a plan's event log.

    It reads in the transaction that puts them.
    """

    def __init__(self, rows: TileRows, chunks: EventChunks, url: str) -> None:
        """`url` names the store in errors."""
        self._rows = rows
        self._chunks = chunks
        self._url = url
        self._events = RawEvents(rows.plan.states, rows.layout, rows.buckets)
        self._levels: list[tuple[Kind, int]] = [(EVENTS, chunks.size_ms)]

    def tiles(self, transaction: Transaction, keys: TileKeys) -> LevelTiles:
        """Make tiles of one level from all their events.

        Keys are ordered by entity and start, and so are the tiles. Raises CorruptRecordError for a
        damaged chunk.
        """
        blocks = []
        for entity, starts_ms in _by_entity(keys):
            blocks.append(self._of_entity(transaction, keys, entity, starts_ms))
        variable: dict[str, list[bytes | None]] = {}
        for name in blocks[0].variable:
            variable[name] = [part for block in blocks for part in block.variable[name]]
        return LevelTiles(keys, Block(np.concatenate([b.rows for b in blocks]), variable))

    def _of_entity(
        self,
        transaction: Transaction,
        keys: TileKeys,
        entity: int,
        starts_ms: NDArray[np.int64],
    ) -> Block:
        inside = np.arange(0, keys.size_ms, self._chunks.size_ms)
        chunk_starts_ms = (starts_ms[:, None] + inside).ravel().tolist()
        logged = replace(
            keys,
            size_ms=self._chunks.size_ms,
            entity=[entity] * len(chunk_starts_ms),
            starts_ms=chunk_starts_ms,
            kind=EVENTS,
        )
        records = transaction.get_tiles(logged)
        found = logged.take(np.flatnonzero([record is not None for record in records]))
        names = Names(tile_namer(self._url, found), keys.table, keys.entities, self._levels)
        text = keys.entities[entity]
        events = self._chunks.read([one for one in records if one is not None], text, names)
        times = events["__ts"].to_numpy()
        groups = np.searchsorted(starts_ms, times, side="right") - 1
        columns = dict(zip(events.schema.names, events.columns, strict=True))
        block = self._events.block(times, groups, columns, len(starts_ms))
        block.rows[:, START] = starts_ms
        return block


def _by_entity(keys: TileKeys) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Part keys by their entities."""
    pairs = zip(keys.entity, keys.starts_ms, strict=True)
    for entity, of_entity in groupby(pairs, key=itemgetter(0)):
        yield entity, np.array([start_ms for _, start_ms in of_entity], dtype=np.int64)
