"""Reads tiles through a cache of finished ones."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import ref

from tilewright_compiler.plan.model import Plan

from ..stores import Store
from ..stores.base import Scanned, ScanRequest
from ..stores.checked import CheckedReader, Reader, Reading
from ..stores.progress import Finished, Progress, progress_name
from ..tiles.cover import floor
from ..tiles.keys import Range
from .cache import CachedTable, CacheStatistics, Made, TileCache
from .cache_entries import EntityKey, Table
from .cache_views import NOTHING, View

#: What a store says of itself that has all finished tiles.
_WHOLE = ("", "updating")

#: How often views are found without a look into the cache.
_NEAR_FINDS = 256

#: Asks for records and documents, gets them, and returns a reading.
Exchange = Generator[tuple[Sequence[ScanRequest], Sequence[str]], Scanned, Reading]


class _Known(NamedTuple):
    """What a document of the progress says."""

    document: bytes | None
    version: str
    finished: Finished | None


class _Seen(NamedTuple):
    """What a store said of itself at a change."""

    change: int | None
    plan: bytes | None
    known: _Known


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
        self._progress_name = progress_name(plan)
        #: What was read last of the progress, which seldom changes.
        self._known = _Known(None, Progress().version, None)
        self._seen = _Seen(None, None, self._known)
        #: The views that were found last, which live as long as the cache keeps them.
        self._near: dict[str, Callable[[], View | None]] = {}
        self._near_left = _NEAR_FINDS

    def read(self, requests: Sequence[ScanRequest], names: Sequence[str] = ()) -> Reading:
        """Read records and documents as the reader does."""
        store, seen = self._table.store, self._seen
        if seen.change is not None and not store.has_changed(seen.change):
            unchanged = self._unchanged(requests, names, seen)
            if unchanged is not None:
                return unchanged
        exchange = self.exchange(requests, names, change=store.last_change())
        try:
            asked, asked_names = next(exchange)
            while True:
                scanned = self.reader.scan(asked, asked_names)
                asked, asked_names = exchange.send(scanned)
        except StopIteration as end:
            reading: Reading = end.value
            return reading

    def decoded(
        self, program: Any, ranges: Sequence[Range], entities: Sequence[str]
    ) -> list[Any] | None:
        """Find what all records of entities became, if nothing changed.

        It is None for an entity that was not read since the last change.
        """
        seen, near = self._seen, self._near
        if seen.change is None or seen.plan is not None:
            return None
        if self._table.store.has_changed(seen.change):
            return None
        all_tiles = []
        hits = 0
        for entity in entities:
            view = near.get(entity, _no_view)()
            tiles = None
            if view is not None and view.ranges is ranges and view.remembered[0] == seen.change:
                tiles = view.checked.decoded_by(program, view.remembered[1])
                hits += 0 if tiles is None else view.hits
            all_tiles.append(tiles)
        self._cache.count(self._table, hits, 0)
        self._near_left -= 1
        if self._near_left <= 0:  # so that each is found in the cache itself at times, as used
            self._near_left = _NEAR_FINDS
            near.clear()
        return all_tiles

    def _unchanged(
        self, requests: Sequence[ScanRequest], names: Sequence[str], seen: _Seen
    ) -> Reading | None:
        """Give what was read before, if nothing has changed since.

        None if there is more to be read.
        """
        version, views = self._cache.find(self._table, requests, None)
        if version != seen.known.version:
            return None
        records: list[list[list[bytes]]] = []
        hits = 0
        for view in views:
            change, remembered = view.remembered
            if change != seen.change:
                return None
            records.append(remembered)
            hits += view.hits
        for (entity, _), view in zip(requests, views, strict=True):
            self._near[entity] = ref(view)
        self._cache.count(self._table, hits, 0)
        # Nobody asks for other documents.
        scanned = Scanned(records, seen.plan, "", [seen.known.document] * len(names))
        return self._judged(scanned, requests, views, seen.known.finished)

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
        self,
        requests: Sequence[ScanRequest],
        names: Sequence[str],
        counts: bool = True,
        change: int | None = None,
    ) -> Exchange:
        """Ask for what the cache lacks, and join the records.

        If finished tiles turn out to have changed, everything is asked for once more. The look-ups
        are counted if `counts`. All is remembered as of the last `change`, if the store has such
        and nothing changed meanwhile: records and documents would be of different moments.
        """
        all_names = tuple(dict.fromkeys((self._progress_name, *names)))
        version, views = self._cache.find(self._table, requests, self._known.finished)
        asked = [(entity, view.rest) for (entity, _), view in zip(requests, views, strict=True)]
        # No progress may be younger than the records, or they would be kept as those of after a
        # change.
        ahead = None if self._table.store.reads_in_order else (yield [], all_names)
        scanned = yield asked, all_names
        known = self._progress((ahead or scanned).documents[0])
        is_whole = scanned.condition in _WHOLE
        if known.version != version or not is_whole:
            self._cache.move_to(self._table, known.version)
            if any(view.hits for view in views):
                views = [NOTHING.view(ranges) for _, ranges in requests]
                scanned = yield requests, all_names
                known = known if ahead else self._progress(scanned.documents[0])
                is_whole = scanned.condition in _WHOLE
        records = [view.joined(read) for view, read in zip(views, scanned.records, strict=True)]
        finished = known.finished if is_whole else None
        if finished is not None:
            self._keep(requests, views, records, finished, counts)
            if change is not None and change == self._table.store.last_change():
                self._seen = _Seen(change, scanned.plan, known)
                for view, read, whole in zip(views, scanned.records, records, strict=True):
                    view.remember(change, read, whole)
        documents = dict(zip(all_names, scanned.documents, strict=True))
        joined = scanned._replace(records=records, documents=[documents[name] for name in names])
        return self._judged(joined, requests, views, finished)

    def _judged(
        self,
        scanned: Scanned,
        requests: Sequence[ScanRequest],
        views: Sequence[View],
        finished: Finished | None,
    ) -> Reading:
        checked = [view.checked for view in views]
        records, documents, flaws, _, _ = self.reader.judged(scanned, requests)
        return Reading(records, documents, flaws, finished, checked)

    def _progress(self, document: bytes | None) -> _Known:
        known = self._known
        if document != known.document:
            progress = Progress.read(self._plan, document)
            known = _Known(document, progress.version, progress.finished(self._plan))
            self._known = known
        return known

    def _keep(
        self,
        requests: Sequence[ScanRequest],
        views: Sequence[View],
        records: Sequence[Sequence[list[bytes]]],
        finished: Finished,
        counts: bool,
    ) -> None:
        """Keep what is finished of what was read, and count."""
        version, until_ms = finished
        by_entity: dict[EntityKey, Made] = {}
        hits = misses = 0
        for (entity, _), view, read in zip(requests, views, records, strict=True):
            hits += view.hits
            if until_ms < view.grows_ms:
                continue
            spans, missing = view.grown(until_ms, read)
            misses += missing
            if spans:
                by_entity[EntityKey(self._table, version, entity)] = spans
        if counts:
            self._cache.count(self._table, hits, misses)
        if by_entity:
            self._cache.keep_spans(by_entity)


def _no_view() -> None:
    """Stand for a view that is not there."""


def _finished_part(wanted: Range, until_ms: int) -> Range:
    """Leave out what may still change.

    What is left may be nothing.
    """
    end_ms = min(wanted.end_ms, floor(until_ms, wanted.size_ms))
    return wanted._replace(end_ms=max(wanted.start_ms, end_ms))


def _lacks(wanted: Range, cached_until_ms: int | None) -> bool:
    """Tell whether a tile of a range is not cached."""
    return wanted.start_ms < wanted.end_ms and (cached_until_ms or wanted.start_ms) < wanted.end_ms
