"""The second tier of a cache: a folder of entries.

It is an LMDB file of bounded size, which is never synced: what a crash of the machine left is not
used. Entries lie in two generations. When the newer one is full, the older one goes, and what was
used of it meanwhile has moved to the newer. Each entry has a checksum that covers its name, so a
damaged one is not there.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import lmdb
from xxhash import xxh64_digest

from tilewright.documents import require_possible

from ..errors import StoreError, shown
from .cache_file import GENERATIONS, CacheFile

T = TypeVar("T")

#: A smaller file has no room for the tables.
LEAST_BYTES = 1 << 20

#: Which generation is the newer one, in the table of what is said about the others.
_NEWER = b"newer"
_CHECKSUM_BYTES = 8
#: The part of the file that a generation may fill. The rest is for pages that are not free yet.
_PART = 0.4
#: The part that one entry may have.
_LARGEST_PART = 0.1


@dataclass(frozen=True)
class FolderStatistics:
    """What this process saw of a folder, and its size."""

    hits: int
    """Entries that were there."""
    misses: int
    """Entries that were not there, or damaged."""
    evictions: int
    """Entries that made room for others of this process."""
    bytes: int
    max_bytes: int


class CacheFolder:
    """Entries by their names.

    Threads and processes may share it.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self._path = Path(path)
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._hits = self._misses = self._evictions = 0
        self._opened = CacheFile(self._path, max_bytes)

    @property
    def statistics(self) -> FolderStatistics:
        """Its counters now."""
        return FolderStatistics(
            self._hits, self._misses, self._evictions, self.used_bytes, self._max_bytes
        )

    @property
    def used_bytes(self) -> int:
        """How many bytes its entries take."""
        return self._read(_used_bytes, 0)

    def get(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Read entries; what cannot be read is not there."""
        nothing: list[bytes | None] = [None] * len(names)
        older: dict[bytes, bytes] = {}

        def work(transaction: Any, opened: CacheFile) -> list[bytes | None]:
            contents: list[bytes | None] = []
            newer_table, older_table = _generations(transaction, opened)
            for name in names:
                content = transaction.get(name, db=newer_table)
                if content is None:
                    content = transaction.get(name, db=older_table)
                    if content is not None:
                        older[name] = content
                contents.append(_sound(name, content))
            return contents

        contents = self._read(work, nothing)
        missing = contents.count(None)
        with self._lock:
            self._hits += len(contents) - missing
            self._misses += missing
        if older:
            self._write(lambda transaction, opened: self._add(transaction, opened, older))
        return contents

    def put(self, table: bytes, version: str, entries: Mapping[bytes, bytes]) -> int:
        """Keep entries of a version of a table.

        Those of another version go. The names of a table begin with it. Returns how many entries
        made room.
        """
        before = self._evictions
        largest = int(self._max_bytes * _LARGEST_PART)
        fitting = {name: _checked(name, one) for name, one in entries.items() if len(one) < largest}

        def work(transaction: Any, opened: CacheFile) -> None:
            if transaction.get(table, db=opened.about) != version.encode():
                for generation in opened.generations:
                    _drop_table(transaction, generation, table)
                transaction.put(table, version.encode(), db=opened.about)
            self._add(transaction, opened, fitting)

        self._write(work)
        return self._evictions - before

    def drop(self, names: Sequence[bytes]) -> None:
        """Drop some entries."""

        def work(transaction: Any, opened: CacheFile) -> None:
            for generation, name in product(opened.generations, names):
                transaction.delete(name, db=generation)

        self._write(work)

    def clear(self) -> None:
        """Drop everything."""
        self._write(_drop_all)

    def _add(self, transaction: Any, opened: CacheFile, entries: Mapping[bytes, bytes]) -> None:
        """Put entries into the newer generation, or begin another one."""
        newer, older = _generations(transaction, opened)
        size = sum(map(len, entries.values()))
        if _table_bytes(transaction, newer) + size > self._max_bytes * _PART:
            with self._lock:
                self._evictions += transaction.stat(older)["entries"]
            transaction.drop(older, delete=False)
            newer, older = older, newer
            number = opened.generations.index(newer)
            transaction.put(_NEWER, GENERATIONS[number], db=opened.about)
        for name, content in entries.items():
            transaction.put(name, content, db=newer)

    def _read(self, work: Callable[[Any, CacheFile], T], otherwise: T) -> T:
        """Run some work in a read transaction.

        What cannot be read is `otherwise`.
        """
        try:
            opened = self._own()
            with opened.environment.begin() as transaction:
                return work(transaction, opened)
        except (lmdb.Error, OSError):
            return otherwise

    def _write(self, work: Callable[[Any, CacheFile], None]) -> None:
        """Run some work in a write transaction.

        A file that is full is emptied first. A disk that is full is not the reader's fault.
        """
        with suppress(lmdb.Error, OSError):
            opened = self._own()
            try:
                with opened.environment.begin(write=True) as transaction:
                    work(transaction, opened)
            except lmdb.MapFullError:
                with opened.environment.begin(write=True) as transaction:
                    _drop_all(transaction, opened)

    def _own(self) -> CacheFile:
        """Give this process's environment, as LMDB survives no fork."""
        if self._opened.pid != os.getpid():
            with self._lock:
                if self._opened.pid != os.getpid():
                    self._opened.environment.close()  # which leaves the parent's alone
                    self._opened = CacheFile(self._path, self._max_bytes)
        return self._opened


_folders: WeakValueDictionary[str, CacheFolder] = WeakValueDictionary()
_opening = threading.Lock()


def open_folder(folder: str | Path, max_bytes: int) -> CacheFolder:
    """Open a folder once for a process.

    Raises StoreError if it cannot be used.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise StoreError(f"cache folder {shown(folder)} is no path. Give one as a text.")
    if not isinstance(max_bytes, int) or max_bytes > sys.maxsize:
        raise StoreError(f"cache folder {folder}: {shown(max_bytes)} is no number of bytes.")
    if max_bytes < LEAST_BYTES:
        raise StoreError(
            f"cache folder {folder}: {max_bytes:,} bytes are too few. Give it at least "
            f"{LEAST_BYTES:,}."
        )
    try:
        require_possible(folder)
        path = os.path.realpath(folder)
        with _opening:
            found = _folders.get(path)
            if found is None:
                found = _folders[path] = CacheFolder(path, max_bytes)
            return found
    except (lmdb.Error, OSError) as wrong:
        raise StoreError(
            f"cache folder {folder} cannot be used: {wrong}. Name one that this user can write, "
            "on a disk with room."
        ) from wrong


def _generations(transaction: Any, opened: CacheFile) -> tuple[Any, Any]:
    """Give the newer and the older generation."""
    first, second = opened.generations
    is_second = transaction.get(_NEWER, db=opened.about) == GENERATIONS[1]
    return (second, first) if is_second else (first, second)


def _table_bytes(transaction: Any, table: Any) -> int:
    stat = transaction.stat(table)
    pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
    return int(pages * stat["psize"])


def _used_bytes(transaction: Any, opened: CacheFile) -> int:
    return sum(_table_bytes(transaction, table) for table in opened.generations)


def _drop_all(transaction: Any, opened: CacheFile) -> None:
    for table in (*opened.generations, opened.about):
        transaction.drop(table, delete=False)


def _drop_table(transaction: Any, generation: Any, table: bytes) -> None:
    """Drop the entries whose names begin with a table's."""
    with transaction.cursor(generation) as cursor:
        is_there = cursor.set_range(table)
        while is_there and cursor.key().startswith(table):
            is_there = cursor.delete() and bool(cursor.key())


def _checked(name: bytes, content: bytes) -> bytes:
    return xxh64_digest(name + content) + content


def _sound(name: bytes, content: bytes | None) -> bytes | None:
    """Give what stands behind a checksum, if it is right."""
    if content is None:
        return None
    own = content[_CHECKSUM_BYTES:]
    return own if content[:_CHECKSUM_BYTES] == xxh64_digest(name + own) else None
