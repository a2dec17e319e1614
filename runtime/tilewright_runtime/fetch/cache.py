"""Keeps finished tiles in memory, in front of a store.

A tile is finished once the watermark has passed its end and the allowed lateness, as the writer's
progress says. Finished tiles are kept in spans: all records of an entity and level in [start, end),
so that it is also known which tiles are not there. What lies behind a span is read each time, with
the progress. If a finished tile has changed all the same, by a late event or a repair, the progress
has another version, and everything of its table is dropped and read again.

Beside them stand merged middles: the fields of a cover's finished tiles, put together. A folder on
this host may be a second tier, behind the memory of each process and before the store.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cachetools import LRUCache

from ..metrics import metrics_of
from ..stores.base import ScanRequest
from ..tiles.keys import Range
from .cache_entries import (
    Entry,
    Key,
    Middle,
    MiddleKey,
    Span,
    SpanKey,
    Table,
    key_digest,
    span_keys,
)

if TYPE_CHECKING:
    from .cache_folder import CacheFolder, FolderStatistics

#: What a cache knows of each range of each request.
Spans = list[list[Span | None]]


@dataclass(frozen=True)
class CacheStatistics:
    """What a cache has done, and what it holds."""

    hits: int
    """Runs of finished tiles of which a part was there, in memory or in the folder."""
    misses: int
    """Runs of finished tiles that were read from the store."""
    evictions: int
    """Entries that made room for others."""
    drops: int
    """How often everything of a table was dropped, because finished tiles had changed."""
    bytes: int
    max_bytes: int
    folder: FolderStatistics | None
    """The second tier, if there is one; it was asked for what was not in memory."""


class _Entries(LRUCache[Key, Entry]):
    """The entries that were used last."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=_size)
        self.evictions = 0
        self._plan_bytes: dict[str, int] = {}

    def popitem(self) -> tuple[Key, Entry]:
        """Make room, which counts as an eviction."""
        self.evictions += 1
        key, entry = super().popitem()
        metrics_of(key.table.plan).evicted_from_cache(1)
        return key, entry

    def __setitem__(self, key: Key, entry: Entry) -> None:
        self.pop(key, None)
        super().__setitem__(key, entry)
        self._hold(key, entry.size)

    def __delitem__(self, key: Key) -> None:
        size = int(self.getsizeof(self[key]))
        super().__delitem__(key)
        self._hold(key, -size)

    def _hold(self, key: Key, size: int) -> None:
        """Count the bytes of each plan."""
        plan = key.table.plan
        held = self._plan_bytes[plan] = self._plan_bytes.get(plan, 0) + size
        metrics_of(plan).cache_holds(held)


class TileCache:
    """Finished tiles in memory, of bounded size.

    Fetchers of any number of plans, stores and threads may share it. A `folder` of at most
    `folder_bytes` is a second tier, which several processes of a host may share. Raises StoreError
    if the folder cannot be used.
    """

    def __init__(
        self,
        max_bytes: int = 64 << 20,
        *,
        folder: str | Path | None = None,
        folder_bytes: int = 1 << 30,
    ) -> None:
        self._entries = _Entries(max_bytes)
        self._versions: dict[Table, str] = {}
        self._lock = threading.Lock()
        self._hits = self._misses = self._drops = 0
        self._folder: CacheFolder | None = None
        if folder is not None:
            from .cache_folder import open_folder  # LMDB, which not every store needs

            self._folder = open_folder(folder, folder_bytes)

    @property
    def statistics(self) -> CacheStatistics:
        """Its counters now."""
        folder = None if self._folder is None else self._folder.statistics
        entries = self._entries
        with self._lock:
            return CacheStatistics(
                self._hits,
                self._misses,
                entries.evictions,
                self._drops,
                int(entries.currsize),
                int(entries.maxsize),
                folder,
            )

    def clear(self) -> None:
        """Drop everything, of the folder too."""
        with self._lock:
            self._entries.clear()
        if self._folder is not None:
            self._folder.clear()

    def find(
        self, table: Table, requests: Sequence[ScanRequest], finished_ms: int | None
    ) -> tuple[str, Spans]:
        """Find the spans of some requests.

        The folder is asked for what was finished when last looked at. Returns the version of the
        tiles that they are of, and a span or None for each range.
        """
        spans: Spans = []
        missing: list[tuple[SpanKey, Range, list[Span | None], int]] = []
        with self._lock:
            version = self._versions.get(table, "")
            for entity, ranges in requests:
                own: list[Span | None] = []
                keys = span_keys(table, version, entity, ranges)
                for key, wanted in zip(keys, ranges, strict=True):
                    span = _fitting(self._entries.get(key), wanted)
                    if span is None and _ends_before(finished_ms, wanted):
                        missing.append((key, wanted, own, len(own)))
                    own.append(span)
                spans.append(own)
        found = self._from_folder([key for key, *_ in missing])
        for (_, wanted, own, index), entry in zip(missing, found, strict=True):
            own[index] = _fitting(entry, wanted)
        return version, spans

    def count(self, table: Table, hits: int, misses: int) -> None:
        """Count runs of finished tiles that were looked up."""
        with self._lock:
            self._hits += hits
            self._misses += misses
        metrics_of(table.plan).looked_up(hits, misses)

    def find_middle(self, key: MiddleKey) -> Middle | None:
        """Find fields of a cover's finished part."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            (entry,) = self._from_folder([key])
        return entry if isinstance(entry, Middle) else None

    def ends_ms(self, table: Table, request: ScanRequest) -> list[int | None]:
        """Find up to where a request's ranges are there.

        None stands for a range that is not. That counts as no look-up.
        """
        entity, ranges = request
        ends: list[int | None] = []
        with self._lock:
            keys = span_keys(table, self._versions.get(table, ""), entity, ranges)
            for key, wanted in zip(keys, ranges, strict=True):
                span = _fitting(self._entries.get(key), wanted)
                ends.append(None if span is None else span.end_ms)
        return ends

    def move_to(self, table: Table, version: str) -> None:
        """Drop everything of a table whose finished tiles have changed."""
        with self._lock:
            before = self._versions.get(table, "")
            if before == version:
                return
            self._versions[table] = version
            self._drops += before != ""
            for key in [key for key in self._entries if key.table == table]:
                del self._entries[key]
        if self._folder is not None and _is_named(version):
            self._folder.put(table.digest, version, {})

    def keep(self, entries: Sequence[tuple[Key, Entry]]) -> None:
        """Keep some entries, unless their table has changed since."""
        current = self._remember(entries)
        if self._folder is None or not current or not _is_named(current[0][0].version):
            return
        key = current[0][0]
        contents = {key_digest(key): entry.to_bytes() for key, entry in current}
        evicted = self._folder.put(key.table.digest, key.version, contents)
        metrics_of(key.table.plan).folder_holds(self._folder.used_bytes, evicted)

    def _remember(self, entries: Iterable[tuple[Key, Entry]]) -> list[tuple[Key, Entry]]:
        """Keep current entries in memory, and return them."""
        current = []
        with self._lock:
            for key, entry in entries:
                if self._versions.get(key.table, "") != key.version:
                    continue
                current.append((key, entry))
                if entry.size <= self._entries.maxsize:
                    self._entries[key] = entry
        return current

    def _from_folder(self, keys: Sequence[Key]) -> list[Entry | None]:
        """Read entries of the second tier into memory."""
        if self._folder is None or not keys or not _is_named(keys[0].version):
            return [None] * len(keys)
        contents = self._folder.get(list(map(key_digest, keys)))
        found: list[Entry | None] = []
        for key, content in zip(keys, contents, strict=True):
            kind = Span if isinstance(key, SpanKey) else Middle
            found.append(None if content is None else kind.from_bytes(content))
        pairs = zip(keys, found, strict=True)
        present = [(key, entry) for key, entry in pairs if entry is not None]
        self._remember(present)
        metrics_of(keys[0].table.plan).folder_used(len(present), len(keys) - len(present))
        return found


def _ends_before(finished_ms: int | None, wanted: Range) -> bool:
    """Tell whether the first tile of a range is finished."""
    return finished_ms is not None and wanted.start_ms + wanted.size_ms <= finished_ms


class CachedTable(NamedTuple):
    """A table, and the cache that keeps its finished tiles."""

    cache: TileCache
    table: Table


def _is_named(version: str) -> bool:
    """Tell whether a version is of one store only.

    One that an earlier Tilewright wrote does not say which it is.
    """
    return not version.startswith("-") and version != ""


def _size(entry: Entry) -> int:
    return entry.size


def _fitting(entry: Entry | None, wanted: Range) -> Span | None:
    """Give the span if a range begins in it."""
    is_fitting = isinstance(entry, Span) and entry.start_ms <= wanted.start_ms < entry.end_ms
    return entry if is_fitting and isinstance(entry, Span) else None
