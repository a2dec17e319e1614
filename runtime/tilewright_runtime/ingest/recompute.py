"""Computes tiles again, from the events that the plan keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..states.fields import Fields
from ..stores import Store
from ..stores.base import tile_namer
from ..tiles.block import Block
from ..tiles.chunks import EventChunks
from ..tiles.header import START, version_of
from ..tiles.keys import EVENTS, Kind, TileKeys
from ..tiles.raw_events import RawEvents
from ..tiles.records import Names
from ..tiles.rows import LevelTiles, TileRows
from .merge import Merger, Swap


class _Log:
    """A store's event log, with chunks to be added."""

    def __init__(self, store: Store, keys: TileKeys, records: Sequence[bytes]) -> None:
        self._store = store
        self._added = dict(zip(keys.ordered, records, strict=True))

    def get_chunks(self, keys: TileKeys) -> list[bytes | None]:
        """Read each chunk's record, or None."""
        stored = self._store.get_tiles(keys)
        get = self._added.get
        return [get(key, record) for key, record in zip(keys.ordered, stored, strict=True)]


class Recomputer:
    """Makes tiles anew from a plan's event log.

    It reads outside of the transaction that puts them, which compares whether they are still what
    was read.
    """

    def __init__(self, merger: Merger, rows: TileRows, chunks: EventChunks, url: str) -> None:
        """`url` names the store in errors."""
        self._merger = merger
        self._rows = rows
        self._chunks = chunks
        self._url = url
        self._events = RawEvents(rows.plan.states, rows.layout, rows.buckets)
        self._levels: list[tuple[Kind, int]] = [(EVENTS, chunks.size_ms)]

    def swap(self, store: Store, late: Sequence[LevelTiles]) -> Swap:
        """Make the tiles of late events from all their events.

        The chunks with the late events are to be swapped together with them. Raises
        CorruptRecordError for a damaged chunk.
        """
        # First the tiles, then the log. Whoever adds events to the log in between changes the
        # tiles as well, which are then not what is expected here.
        tiles = [level.keys for level in late if level.keys.kind != EVENTS]
        expected = [_versions(store.get_tiles(keys)) for keys in tiles]
        (added,) = (level for level in late if level.keys.kind == EVENTS)
        stored = store.get_tiles(added.keys)
        chunks = self._merger.merged(added, stored)
        log = _Log(store, added.keys, self._chunks.codec.encode(chunks, added.keys))
        levels = [self._tiles(log, keys) for keys in tiles]
        levels.append(LevelTiles(added.keys, chunks))
        return Swap(levels, [*expected, _versions(stored)])

    def _tiles(self, log: _Log, keys: TileKeys) -> LevelTiles:
        """Make tiles of one level from all their events.

        Keys are ordered by entity and start, and so are the tiles.
        """
        blocks = []
        for entity, starts_ms in _by_entity(keys):
            blocks.append(self._of_entity(log, keys, entity, starts_ms))
        variable: dict[str, Fields] = {}
        for name in blocks[0].variable:
            variable[name] = [part for block in blocks for part in block.variable[name]]
        return LevelTiles(keys, Block(np.concatenate([b.rows for b in blocks]), variable))

    def _of_entity(
        self,
        log: _Log,
        keys: TileKeys,
        entity: int,
        starts_ms: NDArray[np.int64],
    ) -> Block:
        inside = np.arange(0, keys.size_ms, self._chunks.size_ms)
        chunk_starts_ms = (starts_ms[:, None] + inside).ravel().tolist()
        logged = keys.copied(
            size_ms=self._chunks.size_ms,
            entity=[entity] * len(chunk_starts_ms),
            starts_ms=chunk_starts_ms,
            kind=EVENTS,
        )
        records = log.get_chunks(logged)
        logged_tiles = logged.take(np.flatnonzero([record is not None for record in records]))
        names = Names(tile_namer(self._url, logged_tiles), keys.table, keys.entities, self._levels)
        text = keys.entities[entity]
        events = self._chunks.read([one for one in records if one is not None], text, names)
        times = events["__ts"].to_numpy()
        groups = np.searchsorted(starts_ms, times, side="right") - 1
        columns = dict(zip(events.schema.names, events.columns, strict=True))
        block = self._events.block(times, groups, columns, len(starts_ms))
        block.rows[:, START] = starts_ms
        return block


def _versions(records: Sequence[bytes | None]) -> list[bytes | None]:
    return [version_of(record) for record in records]


def _by_entity(keys: TileKeys) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Part keys by their entities."""
    pairs = zip(keys.entity, keys.starts_ms, strict=True)
    for entity, of_entity in groupby(pairs, key=itemgetter(0)):
        yield entity, np.array([start_ms for _, start_ms in of_entity], dtype=np.int64)
