"""Keeps finished tiles in memory, in front of a store.

A tile is finished once the watermark has passed its end and the allowed lateness, as the writer's
progress says. Finished tiles are kept in spans: all records of an entity and level in [start, end),
so that it is also known which tiles are not there. The spans of an entity are one entry, so a hit
is one look-up. What lies behind a span is read each time, with the progress. If a finished tile has
changed all the same, by a late event or a repair, the progress has another version, and everything
of its table is dropped and read again.

Beside them stand merged middles: the fields of a cover's finished tiles, put together. A folder on
this host may be a second tier, behind the memory of each process and before the store.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..metrics import metrics_of
from ..stores.base import ScanRequest
from ..stores.progress import Finished
from .cache_entries import (
    EntityKey,
    Entry,
    Key,
    Middle,
    MiddleCover,
    MiddleKey,
    Place,
    Span,
    SpanKey,
    Table,
    key_digest,
    places,
)
from .cache_memory import CacheMemory, Kept
from .cache_views import NOTHING, EntitySpans, View, fitting

if TYPE_CHECKING:
    from .cache_folder import CacheFolder, FolderStatistics

#: What is made of some tiles of a request: spans by their places.
Made = Mapping[Place, Span]


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
        self._entries = CacheMemory(max_bytes)
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
        self, table: Table, requests: Sequence[ScanRequest], finished: Finished | None
    ) -> tuple[str, list[View]]:
        """Find what there is of some requests.

        The folder is asked for what was finished when last looked at. Returns the version of the
        tiles too.
        """
        version, views = self._in_memory(table, requests)
        if self._folder is not None and finished is not None and _is_named(version):
            for index, (entity, ranges) in enumerate(requests):
                key = EntityKey(table, version, entity)
                if from_folder := self._spans_from_folder(key, views[index], finished.until_ms):
                    self._remember_spans({key: from_folder})
                    spans = map(from_folder.get, places(ranges), views[index].spans)
                    views[index] = View.of(ranges, list(map(fitting, spans, ranges)))
        return version, views

    def _in_memory(self, table: Table, requests: Sequence[ScanRequest]) -> tuple[str, list[View]]:
        entries: list[Kept] = []
        with self._lock:
            version = self._versions.get(table, "")
            for entity, _ in requests:
                entries.append(self._entries.get(EntityKey(table, version, entity), NOTHING))
        views = []
        for entry, (_, ranges) in zip(entries, requests, strict=True):
            views.append((entry if isinstance(entry, EntitySpans) else NOTHING).view(ranges))
        return version, views

    def _spans_from_folder(self, key: EntityKey, view: View, finished_ms: int) -> dict[Place, Span]:
        """Read the spans that memory lacks."""
        asked = view.lacking(finished_ms)
        entries = self._from_folder([SpanKey(*key, *place) for place in asked])
        pairs = zip(asked, entries, strict=True)
        return {place: entry for place, entry in pairs if isinstance(entry, Span)}

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
        if entry is None and self._folder is not None and _is_named(key.version):
            (middle,) = self._from_folder([key])
            if isinstance(middle, Middle):
                self._remember_middle(key, middle)
                return middle
        return entry if isinstance(entry, Middle) else None

    def ends_ms(self, table: Table, request: ScanRequest) -> list[int | None]:
        """Find up to where a request's ranges are there.

        None stands for a range that is not. That counts as no look-up.
        """
        _, (view,) = self._in_memory(table, [request])
        return [None if span is None else span.end_ms for span in view.spans]

    def forget(self, table: Table, entity: str) -> None:
        """Drop the spans of an entity, of the folder too."""
        with self._lock:
            key = EntityKey(table, self._versions.get(table, ""), entity)
            entry = self._entries.pop(key, NOTHING)
        if self._folder is not None and isinstance(entry, EntitySpans):
            self._folder.drop([key_digest(SpanKey(*key, *place)) for place in entry.spans])

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

    def keep_middle(self, key: MiddleKey, middle: Middle) -> None:
        """Keep a middle, unless its table has changed since."""
        if self._remember_middle(key, middle):
            self._put(key.table, key.version, {key: middle})

    def keep_spans(self, made: Mapping[EntityKey, Made]) -> None:
        """Keep spans, unless their table has changed since."""
        current = self._remember_spans(made)
        if not current or self._folder is None:
            return
        entries: dict[Key, Entry] = {}
        for key in current:
            entries |= {SpanKey(*key, *place): span for place, span in made[key].items()}
        self._put(current[0].table, current[0].version, entries)

    def _remember_middle(self, key: MiddleKey, middle: Middle) -> bool:
        """Keep a middle in memory if it is current."""
        with self._lock:
            is_current = self._versions.get(key.table, "") == key.version
            if is_current and middle.size <= self._entries.maxsize:
                self._entries[key] = middle
            return is_current

    def _remember_spans(self, made: Mapping[EntityKey, Made]) -> list[EntityKey]:
        """Keep current spans in memory; return their keys."""
        current = []
        with self._lock:
            for key, spans in made.items():
                if self._versions.get(key.table, "") != key.version:
                    continue
                current.append(key)
                before = self._entries.get(key, NOTHING)
                after = before.with_spans(spans) if isinstance(before, EntitySpans) else NOTHING
                if after.size <= self._entries.maxsize:
                    self._entries[key] = after
        return current

    def _put(self, table: Table, version: str, entries: Mapping[Key, Entry]) -> None:
        """Put entries into the second tier, if there is one."""
        if self._folder is None or not _is_named(version):
            return
        contents = {key_digest(key): entry.to_bytes() for key, entry in entries.items()}
        evicted = self._folder.put(table.digest, version, contents)
        metrics_of(table.plan).folder_holds(self._folder.used_bytes, evicted)

    def _from_folder(self, keys: Sequence[Key]) -> list[Entry | None]:
        """Read entries of the second tier."""
        if self._folder is None or not keys:
            return [None] * len(keys)
        contents = self._folder.get(list(map(key_digest, keys)))
        entries: list[Entry | None] = []
        for key, content in zip(keys, contents, strict=True):
            kind = Span if isinstance(key, SpanKey) else Middle
            entries.append(None if content is None else kind.from_bytes(content))
        missing = entries.count(None)
        metrics_of(keys[0].table.plan).folder_used(len(entries) - missing, missing)
        return entries


class CachedTable(NamedTuple):
    """A table, and the cache that keeps its finished tiles."""

    cache: TileCache
    table: Table

    def middle_key(
        self, version: str, entity: str, fields: tuple[str, ...], cover: MiddleCover
    ) -> MiddleKey:
        """Name fields of a part of a cover."""
        return MiddleKey(self.table, version, entity, fields, cover)

    def keep_middle(self, key: MiddleKey, parts: tuple[bytes | None, ...]) -> Middle:
        """Make a middle of its parts, and keep it."""
        middle = Middle(parts)
        self.cache.keep_middle(key, middle)
        return middle

    def forget(self, entity: str) -> None:
        """Drop what is kept of a damaged entity."""
        self.cache.forget(self.table, entity)


def _is_named(version: str) -> bool:
    """Tell whether a version is of one store only.

    One that an earlier Tilewright wrote does not say which it is.
    """
    return not version.startswith("-") and version != ""
