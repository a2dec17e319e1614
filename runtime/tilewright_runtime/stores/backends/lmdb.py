"""The embedded store: an LMDB environment in a folder.

Tiles lie under ordered keys, so that a cover is one scan a level.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import StoreError
from ...tiles.keys import TileKeys, ordered_prefix
from ..base import EntityRecords, Records, ScanRequest
from ..contents import Content, Misfit, StoredDocument
from ..lmdb.changes import LmdbTransaction
from ..lmdb.entries import (
    contents_of,
    document_key,
    document_name,
    entities_from,
    entity_records,
    entries_under,
)
from ..lmdb.environment import Environment
from ..lmdb.failures import DATA_FILE
from ..lmdb.mapped import Found
from ..lmdb.scans import scan
from ..lmdb.shared import acquire, release
from ..lmdb.snapshot import snapshot
from ..transactional import TransactionalStore

if TYPE_CHECKING:
    from pathlib import Path

    from ..health import StoreHealth

T = TypeVar("T")

#: Tiles that are read at once where all are asked for.
_PART_TILES = 4096


class LmdbStore(TransactionalStore):
    """A store in a folder: many readers, one writer."""

    def __init__(self, path: str | Path) -> None:
        self.url = f"lmdb:{path}"
        self._path = os.path.realpath(path)
        environment = self._acquire()
        # What is left of a key beside the two separators and the tail of level and start.
        self.max_entity_bytes = environment.lmdb.max_key_size() - 18

    def _acquire(self) -> Environment:
        environment = acquire(self._path)
        self._environment: Environment | None = environment
        # For a store that is dropped without being closed, so that it locks nobody out.
        self._release = weakref.finalize(self, release, environment)
        return environment

    @property
    def _open(self) -> Environment:
        environment = self._environment
        if environment is None:
            raise StoreError(f"store {self.url} is closed.")
        if environment.is_inherited:
            environment = self._acquire()
        return environment

    def scan_many(self, table: str, requests: Sequence[ScanRequest]) -> Sequence[Sequence[Records]]:
        """Read each entity's records by range, oldest first.

        One transaction reads them all.
        """
        return self.scan_with(table, requests, ())[0]

    def scan_with(self, table: str, requests: Sequence[ScanRequest], names: Sequence[str]) -> Found:
        """Do `scan_many`, and read documents of the same moment."""
        environment = self._open
        keys = tuple(map(document_key, names))

        def work(transaction: Any) -> Found:
            if environment.is_seen:
                found = environment.mapped.scan(transaction, table, requests, keys)
                if found is not None:
                    return found
            documents = [transaction.get(key, None, environment.documents) for key in keys]
            return scan(transaction.cursor(), table, requests), documents

        return environment.read(environment.tiles, work)

    def read_mapped(
        self, name: str, work: Callable[[Any, int | None, bytes], T | None]
    ) -> T | None:
        """Run some work on the file, if need be in a transaction."""
        environment = self._open
        tables = environment.mapped.tables
        if tables is None or not environment.is_seen:
            return None
        key = document_key(name)
        found = work(tables, None, key)
        if found is not None:
            return found
        return environment.read(
            environment.tiles, lambda transaction: work(tables, transaction.id(), key)
        )

    def last_change(self) -> int:
        """Give the number of the last transaction that wrote."""
        environment = self._open
        return environment.read(environment.tiles, _number)

    def has_changed(self, change: int) -> bool:
        """Tell whether a later transaction wrote."""
        number = self._open.mapped.last_change()
        return (self.last_change() if number is None else number) != change

    def get(self, name: str) -> bytes | None:
        """Read a named document."""
        environment, key = self._open, document_key(name)
        document: bytes | None = environment.read(
            environment.documents, lambda transaction: transaction.get(key)
        )
        return document

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """Read each tile's record, or None."""
        environment = self._open
        return environment.read(
            environment.tiles, lambda transaction: [transaction.get(key) for key in keys.ordered]
        )

    def read_entity(self, table: str, entity: str) -> EntityRecords:
        """Read all records of an entity."""
        environment = self._open

        def work(transaction: Any) -> EntityRecords:
            entries = entries_under(transaction.cursor(), ordered_prefix(table, entity))
            return entity_records(entries)

        return environment.read(environment.tiles, work)

    def transact(self, work: Callable[[LmdbTransaction], T]) -> T:
        """Run `work` in one transaction, again if space ran out."""
        environment = self._open

        def run(transaction: Any) -> T:
            changes = LmdbTransaction(environment, transaction)
            result = work(changes)
            changes.flush()
            return result

        return environment.write(run)

    def tiles(self, table: str) -> Iterator[tuple[TileKeys, list[bytes]]]:
        """Read all tiles of a table, thousands at a time.

        So no read transaction outlives a part.
        """
        key = prefix = f"{table}\0".encode()
        while part := self._part(prefix, key):
            for content in contents_of(part):
                if isinstance(content, Misfit):
                    raise StoreError(
                        f"store {self.url} is damaged: {content.place} is {content.reason}. "
                        "Restore a copy, or write the events into a new store."
                    )
                yield content.keys, list(content.records)
            key = part[-1][0] + b"\0"

    def _part(self, prefix: bytes, begin: bytes) -> list[tuple[bytes, bytes]]:
        environment = self._open

        def work(transaction: Any) -> list[tuple[bytes, bytes]]:
            cursor = transaction.cursor()
            entries = cursor.iternext() if cursor.set_range(begin) else iter(())
            return [
                (key, record)
                for key, record in islice(entries, _PART_TILES)
                if key.startswith(prefix)
            ]

        return environment.read(environment.tiles, work)

    def contents(self) -> Iterator[Content]:
        """Read everything, as it is now."""
        environment = self._open
        with snapshot(environment) as transaction:
            for key, content in transaction.cursor(environment.documents):
                yield StoredDocument(document_name(key), content)
            tiles = iter(transaction.cursor(environment.tiles))
            while part := list(islice(tiles, _PART_TILES)):
                yield from contents_of(part)

    def entities(self) -> Iterator[tuple[str, str]]:
        """Walk the entities, thousands at a time."""
        begin = b"\0"
        while begin:
            environment, work = self._open, partial(entities_from, begin=begin, most=_PART_TILES)
            prefixes, begin = environment.read(environment.tiles, work)
            for prefix in prefixes:
                table, *entity = prefix.decode(errors="replace").split("\0")
                if len(entity) == 2:
                    yield table, entity[0]

    def health(self) -> StoreHealth:
        """Measure its answering time, and how full its disk is."""
        import shutil  # brings codecs that no fetch needs

        from ..health import DISK, StoreHealth, shortest_seconds

        environment = self._open
        data = os.stat(os.path.join(self._path, DATA_FILE))
        return StoreHealth(
            answer_seconds=shortest_seconds(lambda: self.get("format")),
            used_bytes=data.st_size,
            limit_bytes=data.st_size + shutil.disk_usage(self._path).free,
            policy=DISK,
            is_being_written=environment.writer_lock.is_taken,
            written_at_ms=int(data.st_mtime * 1000),
        )

    def copy(self, folder: Path) -> None:
        """Copy the store as it is into an empty folder."""
        environment = self._open
        with snapshot(environment) as transaction:
            environment.lmdb.copy(os.fsencode(folder), compact=True, txn=transaction)

    def close(self) -> None:
        """Close the environment; free the lock with the last store.

        The lock is the writer's, one for each path.
        """
        self._environment = None
        self._release()


def _number(transaction: Any) -> int:
    number: int = transaction.id()
    return number


def open_url(url: str, rest: str, create: bool) -> LmdbStore:
    """Open a folder's store, or make it if allowed."""
    if not rest:
        raise StoreError(
            f"store {url!r} names no folder: write lmdb:PATH, for instance lmdb:tiles.lmdb."
        )
    if os.path.isfile(rest):
        raise StoreError(f"store {url}: {rest} is a file; an lmdb: store is a folder.")
    if not create and not os.path.exists(os.path.join(rest, DATA_FILE)):
        raise StoreError(
            f"store {url}: there is none. Write events into it first (tilewright write), or name "
            "another folder."
        )
    return LmdbStore(rest)
