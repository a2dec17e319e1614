"""Keeps finished tiles in memory, in front of a store.

A tile is finished once the watermark has passed its end and the allowed lateness, as the writer's
progress says. Finished tiles are kept in spans: all records of an entity and level in [start, end),
so that it is also known which tiles are not there. What lies behind a span is read each time, with
the progress. If a finished tile has changed all the same, by a late event or a repair, the progress
has another number of repairs, and everything of its table is dropped and read again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cachetools import LRUCache

from ..stores import Store
from ..stores.base import ScanRequest
from ..tiles.keys import Kind, Range


class Key(NamedTuple):
    """What a span is of.

    It is the n-th run of a level of an entity, of a table that is unchanged.
    """

    table: Table
    repairs: int
    entity: str
    kind: Kind
    size_ms: int
    run: int


class Table(NamedTuple):
    """A plan's tiles in a store."""

    store: Store
    name: str


@dataclass(slots=True, frozen=True)
class Span:
    """All records that begin in [start_ms, end_ms), oldest first."""

    start_ms: int
    end_ms: int
    starts_ms: Sequence[int]
    records: Sequence[bytes]
    size: int
    """How many bytes it takes, about."""


@dataclass(frozen=True)
class CacheStatistics:
    """What a cache has done, and what it holds."""

    hits: int
    """Runs of tiles of which a part was there."""
    misses: int
    """Runs of tiles of which nothing was there."""
    evictions: int
    """Spans that made room for others."""
    drops: int
    """How often everything of a table was dropped, because finished tiles had changed."""
    bytes: int
    max_bytes: int


class _Spans(LRUCache[Key, Span]):
    """The spans that were used last."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda span: span.size)
        self.evictions = 0

    def popitem(self) -> tuple[Key, Span]:
        """Make room, which counts as an eviction."""
        self.evictions += 1
        return super().popitem()


class TileCache:
    """Finished tiles in memory, of bounded size.

    Fetchers of any number of plans, stores and threads may share it.
    """

    def __init__(self, max_bytes: int = 64 << 20) -> None:
        self._spans = _Spans(max_bytes)
        self._repairs: dict[Table, int] = {}
        self._lock = threading.Lock()
        self._hits = self._misses = self._drops = 0

    @property
    def statistics(self) -> CacheStatistics:
        """Its counters now."""
        spans = self._spans
        with self._lock:
            return CacheStatistics(
                self._hits,
                self._misses,
                spans.evictions,
                self._drops,
                int(spans.currsize),
                int(spans.maxsize),
            )

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._spans.clear()

    def find(
        self, table: Table, requests: Sequence[ScanRequest]
    ) -> tuple[int, list[list[Span | None]]]:
        """Find the spans of some requests.

        Returns the number of repairs that they are of, and a span or None for each range.
        """
        with self._lock:
            repairs = self._repairs.get(table, 0)
            spans = []
            for entity, ranges in requests:
                keys = keys_of(table, repairs, entity, ranges)
                spans.append(list(map(self._fitting, keys, ranges)))
            return repairs, spans

    def ends_ms(self, table: Table, request: ScanRequest) -> list[int | None]:
        """Find up to where a request's ranges are there.

        None stands for a range that is not. That counts as no look-up.
        """
        entity, ranges = request
        with self._lock:
            keys = keys_of(table, self._repairs.get(table, 0), entity, ranges)
            ends: list[int | None] = []
            for key, wanted in zip(keys, ranges, strict=True):
                span = self._spans.get(key)
                fits = span is not None and span.start_ms <= wanted.start_ms < span.end_ms
                ends.append(span.end_ms if span is not None and fits else None)
            return ends

    def _fitting(self, key: Key, wanted: Range) -> Span | None:
        span = self._spans.get(key)
        if span is not None and span.start_ms <= wanted.start_ms < span.end_ms:
            self._hits += 1
            return span
        self._misses += 1
        return None

    def move_to(self, table: Table, repairs: int) -> None:
        """Drop everything of a table whose finished tiles have changed."""
        with self._lock:
            if self._repairs.get(table, 0) == repairs:
                return
            self._repairs[table] = repairs
            self._drops += 1
            for key in [key for key in self._spans if key.table == table]:
                del self._spans[key]

    def keep(self, spans: Sequence[tuple[Key, Span]]) -> None:
        """Keep some spans, unless their table has changed since."""
        with self._lock:
            for key, span in spans:
                is_current = self._repairs.get(key.table, 0) == key.repairs
                if is_current and span.size <= self._spans.maxsize:
                    self._spans[key] = span


def keys_of(table: Table, repairs: int, entity: str, ranges: Sequence[Range]) -> list[Key]:
    """Make the keys of the spans of some ranges.

    The ranges of a level follow one another.
    """
    keys: list[Key] = []
    run = 0
    for index, wanted in enumerate(ranges):
        before = ranges[index - 1] if index else None
        is_same = before is not None and before[0] == wanted.size_ms and before[3] == wanted.kind
        run = run + 1 if is_same else 0
        keys.append(Key(table, repairs, entity, wanted.kind, wanted.size_ms, run))
    return keys
