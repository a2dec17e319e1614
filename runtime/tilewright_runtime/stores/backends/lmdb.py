"""The embedded store: one LMDB environment in a folder, tiles under ordered keys so that a cover is
one scan a level.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import lmdb

from ...errors import StoreError
from ...tiles.keys import Range, TileKeys, ordered_prefix, ordered_tail, parse_ordered_key
from ..base import FORMAT, by_level, put_first, put_newer

T = TypeVar("T")

#: Address space to begin with; the file itself is only as large as what it holds.
_FIRST_MAP_BYTES = 1 << 32
#: Tiles that are read at once where all are asked for.
_PART_TILES = 4096
_DATA_FILE = "data.mdb"
_READERS_FILE = "lock.mdb"
_LOCK_FILE = "writer.lock"

#: LMDB may be opened once a process and path only, so stores of one path share an environment.
_environments: WeakValueDictionary[str, _Environment] = WeakValueDictionary()


class _Environment:
    """An open LMDB environment with its two tables, grown when it is full and locked while this
    process writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None
        self._locked = False
        try:
            self.lmdb = self._open()
        except lmdb.InvalidError as wrong:
            raise StoreError(
                f"store lmdb:{path} is damaged: data.mdb is not a file of LMDB. Restore a whole "
                "copy, or write the events into a new store."
            ) from wrong
        except (lmdb.Error, OSError) as wrong:
            raise StoreError(
                f"store lmdb:{path} cannot be opened: {wrong}. Give a folder that this user can "
                "write."
            ) from wrong
        self._require_whole_file()
        with self.lmdb.begin() as transaction:
            is_new = transaction.stat()["entries"] == 0
        self.tiles, self.documents = (
            self._make() if is_new and self._lock is not None else self._find()
        )

    def _open(self) -> Any:
        """Opens the file to write it if this user may, else only to read it."""
        data = self.path / _DATA_FILE
        self.is_seen = True
        if not data.exists() or _may_write(self.path, data):
            self.path.mkdir(parents=True, exist_ok=True)
            opened = lmdb.open(
                str(self.path), map_size=_FIRST_MAP_BYTES, max_dbs=2, max_readers=512
            )
            self._lock = os.open(self.path / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
            return opened
        self.is_seen = _may_write(self.path / _READERS_FILE)
        return lmdb.open(
            str(self.path),
            map_size=_FIRST_MAP_BYTES,
            max_dbs=2,
            max_readers=512,
            readonly=True,
            lock=self.is_seen,
        )

    def _require_whole_file(self) -> None:
        """Raises StoreError for a file that was cut: reading a page that is not there would kill
        the process.
        """
        used = (self.lmdb.info()["last_pgno"] + 1) * self.lmdb.stat()["psize"]
        found = (self.path / _DATA_FILE).stat().st_size
        if found < used:
            raise StoreError(
                f"store lmdb:{self.path} is damaged: {_DATA_FILE} has {found:,} bytes of "
                f"{used:,}, as after a copy that did not end. "
                "Restore a whole copy, or write the events into a new store."
            )

    def _make(self) -> tuple[Any, Any]:
        """Both tables and the format in one transaction, so that a kill leaves all of it or
        nothing.
        """
        with self.lmdb.begin(write=True) as transaction:
            tables = (
                self.lmdb.open_db(b"tiles", transaction),
                self.lmdb.open_db(b"documents", transaction),
            )
            transaction.put(b"format", FORMAT.encode(), db=tables[1])
        return tables

    def _find(self) -> tuple[Any, Any]:
        try:
            tables = (
                self.lmdb.open_db(b"tiles", create=False),
                self.lmdb.open_db(b"documents", create=False),
            )
        except (lmdb.NotFoundError, lmdb.IncompatibleError):
            raise StoreError(
                f"store lmdb:{self.path} is an LMDB environment, but not one of Tilewright's, or "
                "it is damaged. Give another folder."
            ) from None
        with self.lmdb.begin(db=tables[1]) as transaction:
            found = (transaction.get(b"format") or b"none").decode()
        if found != FORMAT:
            raise StoreError(
                f"store lmdb:{self.path} has format {found}, this version reads {FORMAT}. Write "
                "its events into a new store."
            )
        return tables

    def read(self, table: Any, work: Callable[[Any], T]) -> T:
        """What some work gives in a read transaction; another process may have grown the file
        since.

        A writer keeps the pages that a reader sees only if the reader may enter itself into the
        table of readers. One that may not is safe until the second commit after the one that it
        reads, so work that took longer is done again.
        """
        while True:
            try:
                with self.lmdb.begin(db=table) as transaction:
                    found = work(transaction)
                    if self.is_seen or self.lmdb.info()["last_txnid"] <= transaction.id() + 1:
                        return found
            except lmdb.MapResizedError:
                self.lmdb.set_mapsize(0)

    def lock(self) -> None:
        """Makes this process the one that writes, until the environment is closed."""
        if self._locked:
            return
        if self._lock is None:
            raise StoreError(
                f"store lmdb:{self.path} can only be read by this user. Write as one who may "
                "change the folder and its files."
            )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            writer = os.pread(self._lock, 32, 0).decode().strip() or "unknown"
            raise StoreError(
                f"store lmdb:{self.path} is being written by another process (pid {writer}). Wait "
                "until it ends, or write to another store."
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        self._locked = True

    def __del__(self) -> None:
        if hasattr(self, "lmdb"):
            self.lmdb.close()
        if self._lock is not None:
            os.close(self._lock)


class LmdbStore:
    """A store in a folder; many processes may read it while one writes."""

    expires = False

    def __init__(self, path: str | Path) -> None:
        where = os.path.realpath(path)
        environment = _environments.get(where)
        if environment is None:
            environment = _environments[where] = _Environment(Path(where))
        self.url = f"lmdb:{path}"
        self._environment: _Environment | None = environment
        # What is left of a key beside the two separators and the tail of level and start.
        self.max_entity_bytes = environment.lmdb.max_key_size() - 18

    @property
    def _open(self) -> _Environment:
        if self._environment is None:
            raise StoreError(f"store {self.url} is closed.")
        return self._environment

    def scan(self, table: str, entity: str, ranges: Sequence[Range]) -> list[list[bytes]]:
        """The records of an entity in each range, oldest first."""
        environment = self._open
        prefix = ordered_prefix(table, entity)

        def work(transaction: Any) -> list[list[bytes]]:
            found: list[list[bytes]] = []
            cursor = transaction.cursor()
            for size_ms, start_ms, end_ms, kind in ranges:
                records: list[bytes] = []
                found.append(records)
                if cursor.set_range(prefix + ordered_tail(size_ms, start_ms, kind)):
                    end = prefix + ordered_tail(size_ms, end_ms, kind)
                    for key, record in cursor.iternext():
                        if key >= end:
                            break
                        records.append(record)
            return found

        return environment.read(environment.tiles, work)

    def get(self, name: str) -> bytes | None:
        """A named document."""
        environment, key = self._open, _document_key(name)
        found: bytes | None = environment.read(
            environment.documents, lambda transaction: transaction.get(key)
        )
        return found

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """The record of each tile, None where there is none."""
        environment = self._open
        return environment.read(
            environment.tiles, lambda transaction: [transaction.get(key) for key in keys.ordered]
        )

    def put_newer(self, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        """Puts the tiles that are newer than what is stored; nothing expires here."""
        self.transact(lambda transaction: put_newer(transaction, keys, records))

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document."""
        self.transact(lambda transaction: transaction.put(name, value))

    def put_first(self, name: str, value: bytes) -> bytes:
        """Writes a named document unless there is one, and returns the one that is there."""
        return self.transact(lambda transaction: put_first(transaction, name, value))

    def transact(self, work: Callable[[LmdbTransaction], T]) -> T:
        """Runs `work` in one LMDB transaction, and again with a larger map if the store was
        full.
        """
        environment = self._open
        environment.lock()
        while True:
            try:
                with environment.lmdb.begin(write=True) as transaction:
                    return work(LmdbTransaction(environment, transaction))
            except lmdb.MapFullError:
                environment.lmdb.set_mapsize(environment.lmdb.info()["map_size"] * 2)
            except lmdb.MapResizedError:
                environment.lmdb.set_mapsize(0)
            except lmdb.DiskError as wrong:
                raise StoreError(
                    f"store {self.url}: {wrong}. Nothing of this batch was kept; make room and "
                    "write again."
                ) from wrong

    def tiles(self, table: str) -> Iterator[tuple[TileKeys, list[bytes]]]:
        """All tiles of a table, some thousand at a time, so that no read transaction outlives a
        part.
        """
        key = prefix = f"{table}\0".encode()
        while part := self._part(prefix, key):
            yield from by_level(
                table, ((*parse_ordered_key(key)[1:], record) for key, record in part)
            )
            key = part[-1][0] + b"\0"

    def _part(self, prefix: bytes, begin: bytes) -> list[tuple[bytes, bytes]]:
        environment = self._open

        def work(transaction: Any) -> list[tuple[bytes, bytes]]:
            cursor = transaction.cursor()
            found = cursor.iternext() if cursor.set_range(begin) else iter(())
            return [
                (key, record)
                for key, record in islice(found, _PART_TILES)
                if key.startswith(prefix)
            ]

        return environment.read(environment.tiles, work)

    def close(self) -> None:
        """Lets go of the environment, and of the writer's lock with the last store of this path."""
        self._environment = None


class LmdbTransaction:
    """The changes of one LMDB write transaction."""

    def __init__(self, environment: _Environment, transaction: Any) -> None:
        self._environment = environment
        self._transaction = transaction

    def get_tiles(self, keys: TileKeys) -> list[bytes | None]:
        """The record of each tile, None where there is none."""
        get, tiles = self._transaction.get, self._environment.tiles
        return [get(key, None, tiles) for key in keys.ordered]

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Writes the record of each tile."""
        self._transaction.cursor(self._environment.tiles).putmulti(
            zip(keys.ordered, records, strict=True)
        )

    def get(self, name: str) -> bytes | None:
        """A named document."""
        found: bytes | None = self._transaction.get(
            _document_key(name), db=self._environment.documents
        )
        return found

    def put(self, name: str, value: bytes) -> None:
        """Writes a named document."""
        self._transaction.put(_document_key(name), value, db=self._environment.documents)


def _may_write(*paths: Path) -> bool:
    return all(os.access(path, os.W_OK) for path in paths)


def _document_key(name: str) -> bytes:
    # A source's URI may be longer than a key of LMDB; its hash is not. The document itself repeats
    # the name.
    return name.encode() if len(name) < 64 else hashlib.sha256(name.encode()).digest()


def open_url(url: str, rest: str, create: bool) -> LmdbStore:
    """Opens the store in a folder, or makes it there if it may."""
    if not rest:
        raise StoreError(
            f"store {url!r} names no folder: write lmdb:PATH, for instance lmdb:tiles.lmdb."
        )
    if Path(rest).is_file():
        raise StoreError(f"store {url}: {rest} is a file; an lmdb: store is a folder.")
    if not create and not (Path(rest) / _DATA_FILE).exists():
        raise StoreError(
            f"store {url}: there is none. Write events into it first (tilewright write), or name "
            "another folder."
        )
    return LmdbStore(rest)
