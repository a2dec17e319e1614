"""Keeps finished tiles in memory, in front of a store.

A tile is finished once the watermark has passed its end and the allowed lateness, as the writer's
progress says. Finished tiles are kept in spans: all records of an entity and level in [start, end),
so that it is also known which tiles are not there. What lies behind a span is read each time, with
the progress. If a finished tile has changed all the same, by a late event or a repair, the progress
has another number of repairs, and everything of its table is dropped and read again.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from cachetools import LRUCache

from tilewright_compiler.plan.model import Plan

from ..stores import Store
from ..stores.base import Scanned, ScanRequest
from ..stores.checked import CheckedReader, Reader, Reading
from ..stores.progress import Progress, progress_name
from ..tiles.cover import floor
from ..tiles.header import HEADER_WORDS, start_of
from ..tiles.keys import Kind, Range

#: What a span and a record take beside their bytes, about.
_SPAN_BYTES, _RECORD_BYTES = 400, 100

#: What a store says of itself that has all finished tiles.
_WHOLE = ("", "updating")

#: Asks for records and documents, gets them, and returns a reading.
Exchange = Generator[tuple[Sequence[ScanRequest], Sequence[str]], Scanned, Reading]


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
            found = []
            for entity, ranges in requests:
                keys = _keys(table, repairs, entity, ranges)
                found.append(list(map(self._fitting, keys, ranges)))
            return repairs, found

    def ends_ms(self, table: Table, request: ScanRequest) -> list[int | None]:
        """Find up to where a request's ranges are there.

        None stands for a range that is not. That counts as no look-up.
        """
        entity, ranges = request
        with self._lock:
            keys = _keys(table, self._repairs.get(table, 0), entity, ranges)
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


class CachingReader:
    """Reads tiles from a cache, the rest from a store.

    They are the tiles of one plan.
    """

    def __init__(
        self, plan: Plan, store: Store, reader: Reader | CheckedReader, cache: TileCache
    ) -> None:
        self.reader = reader
        self._plan = plan
        self._table = Table(store, plan.name)
        self._cache = cache
        #: The last progress that was read, which seldom changes.
        self._known: tuple[bytes | None, Progress] = None, Progress()

    def read(self, requests: Sequence[ScanRequest], names: Sequence[str] = ()) -> Reading:
        """Read records and documents as the reader does."""
        exchange = self.exchange(requests, names)
        try:
            asked, asked_names = next(exchange)
            while True:
                scanned = self.reader.scan(asked, asked_names)
                asked, asked_names = exchange.send(scanned)
        except StopIteration as end:
            reading: Reading = end.value
            return reading

    @property
    def statistics(self) -> CacheStatistics:
        """The counters of the cache."""
        return self._cache.statistics

    def cached_until_ms(self, request: ScanRequest) -> list[int | None]:
        """Find up to where a request's ranges are cached."""
        return self._cache.ends_ms(self._table, request)

    def exchange(self, requests: Sequence[ScanRequest], names: Sequence[str]) -> Exchange:
        """Ask for what the cache lacks, and join the records.

        If finished tiles turn out to have changed, everything is asked for once more.
        """
        all_names = tuple(dict.fromkeys((progress_name(self._plan), *names)))
        repairs, spans = self._cache.find(self._table, requests)
        asked = [
            (entity, list(map(_rest, ranges, own)))
            for (entity, ranges), own in zip(requests, spans, strict=True)
        ]
        # No progress may be younger than the records, or they would be kept as those of after a
        # change.
        ahead = None if self._table.store.reads_in_order else (yield [], all_names)
        scanned = yield asked, all_names
        progress = self._progress((ahead or scanned).documents[0])
        is_whole = scanned.condition in _WHOLE
        if progress.repairs != repairs or not is_whole:
            self._cache.move_to(self._table, progress.repairs)
            if any(map(any, spans)):
                spans = [[None] * len(own) for own in spans]
                scanned = yield requests, all_names
                progress = progress if ahead else self._progress(scanned.documents[0])
                is_whole = scanned.condition in _WHOLE
        scanned = scanned._replace(records=_joined(requests, spans, scanned.records))
        if is_whole:
            self._keep(requests, spans, scanned.records, progress)
        documents = dict(zip(all_names, scanned.documents, strict=True))
        return self.reader.judged(
            scanned._replace(documents=[documents[name] for name in names]), requests
        )

    def _progress(self, document: bytes | None) -> Progress:
        known, progress = self._known
        if document != known:
            progress = Progress.read(self._plan, document)
            self._known = document, progress
        return progress

    def _keep(
        self,
        requests: Sequence[ScanRequest],
        spans: Sequence[Sequence[Span | None]],
        records: Sequence[Sequence[list[bytes]]],
        progress: Progress,
    ) -> None:
        """Keep what is finished of what was read."""
        finished_ms = progress.finished_until_ms(self._plan)
        if finished_ms is None:
            return
        kept = []
        for (entity, ranges), own, read in zip(requests, spans, records, strict=True):
            keys = _keys(self._table, progress.repairs, entity, ranges)
            for key, wanted, span, part in zip(keys, ranges, own, read, strict=True):
                end_ms = min(wanted.end_ms, floor(finished_ms, wanted.size_ms))
                if end_ms > (span.end_ms if span else wanted.start_ms):
                    made = _span(wanted, end_ms, part)
                    kept += [] if made is None else [(key, made)]
        self._cache.keep(kept)


def _keys(table: Table, repairs: int, entity: str, ranges: Sequence[Range]) -> list[Key]:
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


def _rest(wanted: Range, span: Span | None) -> Range:
    """Find what a span leaves of a range."""
    if span is None:
        return wanted
    start_ms = min(span.end_ms, wanted.end_ms)
    return wanted._replace(start_ms=start_ms, lifetime=False)


def _joined(
    requests: Sequence[ScanRequest],
    spans: Sequence[Sequence[Span | None]],
    read: Sequence[Sequence[list[bytes]]],
) -> list[list[list[bytes]]]:
    """Put the records of spans before those that were read."""
    joined = []
    for (_, ranges), own, rest in zip(requests, spans, read, strict=True):
        joined.append(list(map(_with_span, ranges, own, rest)))
    return joined


def _with_span(wanted: Range, span: Span | None, rest: list[bytes]) -> list[bytes]:
    if span is None:
        return rest
    begin = bisect_left(span.starts_ms, wanted.start_ms)
    end = bisect_left(span.starts_ms, wanted.end_ms, begin)
    return [*span.records[begin:end], *rest]


def _span(wanted: Range, end_ms: int, records: Sequence[bytes]) -> Span | None:
    """Make a span of the records before an end.

    It has those that begin before it. None if they are not in order, as after a damage.
    """
    if any(len(record) < 8 * HEADER_WORDS for record in records):
        return None
    starts_ms = list(map(start_of, records))
    bounds = [wanted.start_ms - 1, *starts_ms, wanted.end_ms]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        return None
    count = bisect_left(starts_ms, end_ms)
    own = records[:count]
    size = _SPAN_BYTES + sum(map(len, own)) + _RECORD_BYTES * count
    return Span(wanted.start_ms, end_ms, starts_ms[:count], own, size)
