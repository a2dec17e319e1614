"""The store in memory, for tests and notebooks.

It lives as long as its process.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ...tiles.keys import Kind, Range, TileKeys
from ..base import EntityRecords, ScanRequest, by_level
from ..contents import Content, StoredDocument, StoredTiles
from ..health import StoreHealth, shortest_seconds
from ..transactional import TransactionalStore

T = TypeVar("T")

#: Table, entity, kind and size of some records.
Group = tuple[str, str, Kind, int]


class MemoryStore(TransactionalStore):
    """Records by group and start, with each group's sorted starts."""

    max_entity_bytes = 1 << 20

    def __init__(self, url: str = "memory:") -> None:
        self.url = url
        self._tiles: dict[Group, dict[int, bytes]] = {}
        self._starts: dict[Group, list[int]] = {}
        self._documents: dict[str, bytes] = {}
        self._writing = threading.RLock()

    def scan_many(self, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
        """Read each entity's records by range, oldest first."""
        return [self._scan(table, entity, ranges) for entity, ranges in requests]

    def _scan(self, table: str, entity: str, ranges: Sequence[Range]) -> list[list[bytes]]:
        by_range = []
        for size_ms, start_ms, end_ms, kind, _ in ranges:
            group = (table, entity, kind, size_ms)
            starts, tiles = self._starts.get(group, []), self._tiles.get(group, {})
            inside = starts[bisect_left(starts, start_ms) : bisect_left(starts, end_ms)]
            by_range.append([tiles[start] for start in inside])
        return by_range

    def get(self, name: str) -> bytes | None:
        """Read a named document."""
        return self._documents.get(name)

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None."""
        with self._writing:  # of a commit all or nothing is seen
            return MemoryTransaction(self._tiles, self._documents).get_tiles(keys)

    def read_entity(self, table: str, entity: str) -> EntityRecords:
        """Read all records of an entity."""
        groups = [group for group in list(self._tiles) if group[:2] == (table, entity)]
        return _records_of(self._tiles, groups)

    def transact(self, work: Callable[[MemoryTransaction], T]) -> T:
        """Run `work`, and keep its changes if it returns."""
        with self._writing:
            transaction = MemoryTransaction(self._tiles, self._documents)
            result = work(transaction)
            for place in transaction.deleted:
                del self._tiles[place], self._starts[place]
            for place, tiles in transaction.tiles.items():
                stored = self._tiles.setdefault(place, {})
                starts = self._starts.setdefault(place, [])
                new = sorted(tiles.keys() - stored.keys())
                stored.update(tiles)
                _insert(starts, new)
            self._documents.update(transaction.documents)
            return result

    def tiles(self, table: str) -> Iterator[tuple[TileKeys, list[bytes]]]:
        """Read all tiles of a table."""
        for (of_table, entity, kind, size_ms), tiles in list(self._tiles.items()):
            if of_table == table:
                yield from by_level(
                    table,
                    [
                        (entity, kind, size_ms, start_ms, record)
                        for start_ms, record in sorted(tiles.items())
                    ],
                )

    def contents(self) -> Iterator[Content]:
        """Read everything."""
        for name, content in list(self._documents.items()):
            yield StoredDocument(name, content)
        for table in dict.fromkeys(table for table, *_ in list(self._tiles)):
            for keys, records in self.tiles(table):
                yield StoredTiles(keys, records)

    def health(self) -> StoreHealth:
        """Measure how fast it answers."""
        return StoreHealth(shortest_seconds(lambda: self.get("format")))

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryTransaction:
    """Changes that are not yet in the store."""

    def __init__(self, stored: dict[Group, dict[int, bytes]], documents: dict[str, bytes]) -> None:
        self._stored = stored
        self._stored_documents = documents
        self.tiles: dict[Group, dict[int, bytes]] = {}
        self.deleted: set[Group] = set()
        self.documents: dict[str, bytes] = {}

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None."""
        by_entity = []
        for entity in keys.entities:
            group = (keys.table, entity, keys.kind, keys.size_ms)
            stored = {} if group in self.deleted else self._stored.get(group, {})
            by_entity.append(stored | self.tiles.get(group, {}))
        return [
            by_entity[entity].get(start)
            for entity, start in zip(keys.entity, keys.starts_ms, strict=True)
        ]

    def delete_entity(self, table: str, entity: str) -> EntityRecords:
        """Delete all records of an entity, and return them."""
        groups = [group for group in self._stored if group[:2] == (table, entity)]
        self.deleted.update(groups)
        for group in groups:
            self.tiles.pop(group, None)
        return _records_of(self._stored, groups)

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Write the record of each tile."""
        by_entity = [
            self.tiles.setdefault((keys.table, entity, keys.kind, keys.size_ms), {})
            for entity in keys.entities
        ]
        for entity, start, record in zip(keys.entity, keys.starts_ms, records, strict=True):
            by_entity[entity][start] = record

    def get(self, name: str) -> bytes | None:
        """Read a named document."""
        return self.documents.get(name, self._stored_documents.get(name))

    def put(self, name: str, value: bytes) -> None:
        """Write a named document."""
        self.documents[name] = value


def _records_of(stored: dict[Group, dict[int, bytes]], groups: Sequence[Group]) -> EntityRecords:
    """List the records of some groups, oldest first."""
    records: EntityRecords = []
    for table, entity, kind, size_ms in groups:
        tiles = dict(sorted(stored[table, entity, kind, size_ms].items()))
        keys = TileKeys(table, size_ms, [entity], [0] * len(tiles), list(tiles), kind)
        records.append((keys, list(tiles.values())))
    return records


def _insert(starts: list[int], new: list[int]) -> None:
    """Insert sorted starts into sorted ones.

    Nearly always they come after all of those.
    """
    is_later = not starts or not new or starts[-1] < new[0]
    starts += new
    if not is_later:
        starts.sort()  # two runs in order, which takes one pass


def open_url(url: str, rest: str, create: bool) -> MemoryStore:
    """Make a new, empty store."""
    return MemoryStore(url)
