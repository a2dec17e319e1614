"""Reads tiles through a cache of finished ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator, Sequence
from contextlib import suppress
from itertools import pairwise

from tilewright_compiler.plan.model import Plan

from ..stores import Store
from ..stores.base import Scanned, ScanRequest
from ..stores.checked import CheckedReader, Reader, Reading
from ..stores.progress import Finished, Progress, progress_name
from ..tiles.cover import floor
from ..tiles.header import HEADER_WORDS, start_of
from ..tiles.keys import Range
from .cache import CachedTable, CacheStatistics, Spans, TileCache
from .cache_entries import Entry, Key, Span, Table, span_keys

#: What a store says of itself that has all finished tiles.
_WHOLE = ("", "updating")

#: Asks for records and documents, gets them, and returns a reading.
Exchange = Generator[tuple[Sequence[ScanRequest], Sequence[str]], Scanned, Reading]


class CachingReader:
    """Reads tiles from a cache, the rest from a store.

    They are the tiles of one plan.
    """

    def __init__(
        self, plan: Plan, store: Store, reader: Reader | CheckedReader, cache: TileCache
    ) -> None:
        self.reader = reader
        self._plan = plan
        self._table = Table.of(plan, store)
        self._cache = cache
        self.cached = CachedTable(cache, self._table)
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

    def lacking(self, requests: Sequence[ScanRequest], finished: Finished) -> list[ScanRequest]:
        """Find the requests whose finished tiles are not all cached.

        They are given without what is not finished.
        """
        self._cache.move_to(self._table, finished.version)
        lacking: list[ScanRequest] = []
        for entity, ranges in requests:
            closed = [_finished_part(wanted, finished.until_ms) for wanted in ranges]
            ends = self._cache.ends_ms(self._table, (entity, closed))
            if any(map(_lacks, closed, ends)):
                lacking.append((entity, closed))
        return lacking

    def prefetch(self, requests: Sequence[ScanRequest]) -> None:
        """Read finished tiles into the cache.

        That counts as no look-up.
        """
        exchange = self.exchange(requests, (), counts=False)
        with suppress(StopIteration):
            asked, names = next(exchange)
            while True:
                asked, names = exchange.send(self.reader.scan(asked, names))

    def exchange(
        self, requests: Sequence[ScanRequest], names: Sequence[str], counts: bool = True
    ) -> Exchange:
        """Ask for what the cache lacks, and join the records.

        If finished tiles turn out to have changed, everything is asked for once more. The look-ups
        are counted if `counts`.
        """
        all_names = tuple(dict.fromkeys((progress_name(self._plan), *names)))
        known_ms = self._known[1].finished_until_ms(self._plan)
        version, spans = self._cache.find(self._table, requests, known_ms)
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
        if progress.version != version or not is_whole:
            self._cache.move_to(self._table, progress.version)
            if any(map(any, spans)):
                spans = [[None] * len(own) for own in spans]
                scanned = yield requests, all_names
                progress = progress if ahead else self._progress(scanned.documents[0])
                is_whole = scanned.condition in _WHOLE
        scanned = scanned._replace(records=_joined(requests, spans, scanned.records))
        if is_whole:
            self._keep(requests, spans, scanned.records, progress, counts)
        documents = dict(zip(all_names, scanned.documents, strict=True))
        reading = self.reader.judged(
            scanned._replace(documents=[documents[name] for name in names]), requests
        )
        return reading._replace(finished=progress.finished(self._plan) if is_whole else None)

    def _progress(self, document: bytes | None) -> Progress:
        known, progress = self._known
        if document != known:
            progress = Progress.read(self._plan, document)
            self._known = document, progress
        return progress

    def _keep(
        self,
        requests: Sequence[ScanRequest],
        spans: Spans,
        records: Sequence[Sequence[list[bytes]]],
        progress: Progress,
        counts: bool,
    ) -> None:
        """Keep what is finished of what was read, and count."""
        finished_ms = progress.finished_until_ms(self._plan)
        if finished_ms is None:
            return
        finished: list[tuple[Key, Entry]] = []
        hits = misses = 0
        for (entity, ranges), own, read in zip(requests, spans, records, strict=True):
            keys = span_keys(self._table, progress.version, entity, ranges)
            for key, wanted, span, part in zip(keys, ranges, own, read, strict=True):
                end_ms = min(wanted.end_ms, floor(finished_ms, wanted.size_ms))
                hits += span is not None
                misses += span is None and end_ms > wanted.start_ms
                if end_ms > (span.end_ms if span else wanted.start_ms):
                    made = _span(wanted, end_ms, part)
                    finished += [] if made is None else [(key, made)]
        if counts:
            self._cache.count(self._table, hits, misses)
        if finished:
            self._cache.keep(finished)


def _finished_part(wanted: Range, until_ms: int) -> Range:
    """Leave out what may still change.

    What is left may be nothing.
    """
    end_ms = min(wanted.end_ms, floor(until_ms, wanted.size_ms))
    return wanted._replace(end_ms=max(wanted.start_ms, end_ms))


def _lacks(wanted: Range, cached_until_ms: int | None) -> bool:
    """Tell whether a tile of a range is not cached."""
    return wanted.start_ms < wanted.end_ms and (cached_until_ms or wanted.start_ms) < wanted.end_ms


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
    return Span.of(wanted.start_ms, end_ms, records[: bisect_left(starts_ms, end_ms)])
