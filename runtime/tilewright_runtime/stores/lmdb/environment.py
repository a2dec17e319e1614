"""An open LMDB environment: a store's two tables.

One process at a time may write it. The file is checked before a reader follows its pages, and its
map grows when it is full.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import lmdb

from ...errors import StoreError
from ..base import FORMAT, require_format
from .checking import check_pages
from .failures import DATA_FILE, MAX_READERS, why_not_opened, why_not_read
from .mapped import MappedFile
from .metas import read_metas
from .resident import give_back, resident_bytes
from .transactions import Transactions
from .writer_lock import WriterLock

T = TypeVar("T")

_READERS_FILE = "lock.mdb"

#: Address space to begin with; the file itself is only as large as what it holds.
_FIRST_MAP_BYTES = 1 << 32
#: When so many bytes of files have come into memory, those of the map are given back.
_READ_BYTES = 1 << 26
#: A file of so many bytes is checked when it is opened, which takes some milliseconds.
_CHECKED_BYTES = 1 << 26
#: The table of so many readers, in whole pages.
_READERS_BYTES = 40_960


class Environment:
    """The two tables of a store.

    Any thread may read them; one process at a time writes them.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._data = os.path.join(path, DATA_FILE)
        self.references = 0
        self.pid = os.getpid()
        self.is_inherited = False  # by a fork of the process that opened it
        self.writer_lock = WriterLock(path)
        self.transactions = Transactions()
        self._resident_bytes = 0
        try:
            self.lmdb = self._open()
            self.mapped = MappedFile(self._data)
            self._require_whole_file()
            if self.lmdb.info()["last_pgno"] * self.lmdb.stat()["psize"] <= _CHECKED_BYTES:
                self.check()
            with self.lmdb.begin() as transaction:
                is_new = transaction.stat()["entries"] == 0
            self.tiles, self.documents = (
                self._make() if is_new and self.writer_lock.is_open else self._find()
            )
        except BaseException as wrong:
            self.close()
            if isinstance(wrong, (lmdb.Error, OSError)):
                raise StoreError(f"store lmdb:{path} {why_not_opened(wrong)}") from wrong
            raise

    def close(self) -> None:
        """Close the file and release the lock.

        After a fork the lock stays with the parent.
        """
        if hasattr(self, "mapped"):
            self.mapped.close()
        if hasattr(self, "lmdb"):
            self.lmdb.close()
        self.writer_lock.close()

    def _open(self) -> Any:
        """Open the file to write it if this user may.

        Otherwise it is opened only to be read.
        """
        data = self._data
        options: dict[str, Any] = {
            "map_size": _FIRST_MAP_BYTES,
            "max_dbs": 2,
            "max_readers": MAX_READERS,
        }
        self.is_seen = True
        read_metas(data)
        if not os.path.exists(data) or _may_write(self.path, data):
            os.makedirs(self.path, exist_ok=True)
            self._allot_readers()
            opened = lmdb.open(os.fsencode(self.path), **options)
            self.writer_lock.open()
            return opened
        self.is_seen = _may_write(os.path.join(self.path, _READERS_FILE))
        return lmdb.open(os.fsencode(self.path), readonly=True, lock=self.is_seen, **options)

    def _allot_readers(self) -> None:
        # LMDB maps this file and writes into it: without room on the disk that would kill the
        # process instead of failing.
        file = os.open(os.path.join(self.path, _READERS_FILE), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.posix_fallocate(file, 0, _READERS_BYTES)
        finally:
            os.close(file)

    def _require_whole_file(self) -> None:
        """Raise StoreError for a file that was cut.

        To read a missing page would kill the process.
        """
        used = (self.lmdb.info()["last_pgno"] + 1) * self.lmdb.stat()["psize"]
        present = os.stat(self._data).st_size
        if present < used:
            raise StoreError(
                f"store lmdb:{self.path} is damaged: {DATA_FILE} has {present:,} bytes of "
                f"{used:,}, as after a copy that did not end. Restore a whole copy, or write the "
                "events into a new store."
            )

    def _make(self) -> tuple[Any, Any]:
        """Make both tables and the format at once.

        So a kill leaves all of it or nothing.
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
            require_format(
                f"store lmdb:{self.path}",
                transaction.get(b"format") or b"none",
                "Write its events into a new store.",
            )
        return tables

    def check(self) -> None:
        """Check all pages that a reader may need now.

        Raises StoreError for a damaged one.
        """
        while True:
            with self.transactions, self.lmdb.begin() as transaction:
                number = transaction.id()
                metas = read_metas(self._data) or ()
                meta = next((meta for meta in metas if meta.transaction == number), None)
                try:
                    if meta is not None:
                        check_pages(self._data, meta)
                        return
                except StoreError:
                    # Those that no writer keeps for this reader may have another use by now.
                    if self.is_seen or self.lmdb.info()["last_txnid"] <= number + 1:
                        raise

    def read(self, table: Any, work: Callable[[Any], T]) -> T:
        """Run some work in a read transaction.

        Returns what the work returns. A writer keeps the pages that a reader sees only if the
        reader may enter itself into the table of readers. A reader that may not is safe until the
        second commit after the one that it reads, so work that took longer is done again. Raises
        StoreError for a damaged file.
        """
        while True:
            try:
                with self.transactions, self.lmdb.begin(table) as transaction:
                    result = work(transaction)
                    if self.is_seen or self.lmdb.info()["last_txnid"] <= transaction.id() + 1:
                        return result
            except lmdb.MapResizedError:
                self._resize(0)
            except lmdb.Error as wrong:
                raise StoreError(f"store lmdb:{self.path} {why_not_read(wrong)}") from wrong

    def write(self, work: Callable[[Any], T]) -> T:
        """Run some work in a write transaction.

        It runs again with a larger map if the map was full. Raises StoreError if another process
        writes, or if the disk is full.
        """
        self.writer_lock.take()
        while True:
            try:
                with self.transactions, self.lmdb.begin(write=True) as transaction:
                    result = work(transaction)
                break
            except lmdb.MapFullError:
                with self.transactions:
                    full_bytes = self.lmdb.info()["map_size"]
                self._resize(full_bytes * 2)
            except lmdb.MapResizedError:
                self._resize(0)
            except (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.PanicError) as wrong:
                raise StoreError(f"store lmdb:{self.path} {why_not_read(wrong)}") from wrong
            except lmdb.Error as wrong:
                raise StoreError(
                    f"store lmdb:{self.path} cannot be written: {wrong}. Nothing of this batch "
                    "was kept; make room on the disk and write again."
                ) from wrong
        with self.transactions:
            self.let_go()
        return result

    def _resize(self, map_size: int) -> None:
        """Map more of the file.

        With 0 it maps as much as another process has made of it.
        """
        self.transactions.hold_off()
        try:
            if not map_size or self.lmdb.info()["map_size"] < map_size:
                self.lmdb.set_mapsize(map_size)
        finally:
            self.transactions.resume()

    def let_go(self) -> None:
        """Give back what was read of the file.

        It is much otherwise, and stays in the process's memory until the machine lacks some. A
        transaction is open, so the map stays in its place.
        """
        if resident_bytes() - self._resident_bytes >= _READ_BYTES:
            give_back(self._data)
            self._resident_bytes = resident_bytes()


def _may_write(*paths: str) -> bool:
    return all(os.access(path, os.W_OK) for path in paths)
