"""What is counted while plans run, without an exporter.

A fetch adds to its plan's numbers under one lock. Whoever exports them takes a snapshot, and may
add up those of several processes.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tilewright_compiler.plan.metrics import (
    APPROXIMATE_TILES,
    CACHE_BYTES,
    CACHE_EVICTIONS,
    CACHE_FOLDER_BYTES,
    CACHE_FOLDER_EVICTIONS,
    CACHE_FOLDER_HITS,
    CACHE_FOLDER_MISSES,
    CACHE_HIT_RATE,
    CACHE_HITS,
    CACHE_MISSES,
    CACHE_WARMED,
    IR_SIZE_BYTES,
    LATE_EVENTS_PROCESSED,
    METRICS,
    MISSING_TILES,
    TILE_FETCH_LATENCY,
    TILE_STALENESS,
    TILE_WRITE_FAILURES,
    TILE_WRITE_LATENCY,
    TILES_PER_REQUEST,
    TILES_PER_SECOND,
    TILES_WRITTEN,
    Metric,
)

from .lazily import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Of each metric by name and each plan: the value, or of a histogram how many fell into each bucket
#: and, last, their sum. It is JSON, so that processes can exchange it.
Snapshot = dict[str, dict[str, Any]]

T = TypeVar("T")

#: Fetches that are added up together.
_ADDED_AT_ONCE = 256

_APPROXIMATE = APPROXIMATE_TILES.name
_HITS, _MISSES = CACHE_HITS.name, CACHE_MISSES.name
_KINDS = {metric.name: metric.kind for metric in METRICS}


class Histogram:
    """How many values fell into each bucket, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, metric: Metric) -> None:
        self.bounds = metric.buckets
        self.counts = [0] * (len(metric.buckets) + 1)
        self.sum = 0.0

    def add(self, value: float, times: int = 1) -> None:
        """Add a value that came some times."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times

    def add_all(self, values: NDArray[np.int64]) -> None:
        """Add many values."""
        into = np.searchsorted(self.bounds, values)
        counts = np.bincount(into, minlength=len(self.counts)).tolist()
        self.counts = [sum(pair) for pair in zip(self.counts, counts, strict=True)]
        self.sum += float(values.sum())


class PlanMetrics:
    """The numbers of one plan in this process.

    Threads may share them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Fetches that were not added up yet. Appending is atomic, and takes no lock.
        self._fetched: deque[tuple[int, float, int, int]] = deque()
        self._looked_up: deque[tuple[int, int]] = deque()
        self._values: dict[str, float] = {}
        self._latency = Histogram(TILE_FETCH_LATENCY)
        self._tiles = Histogram(TILES_PER_REQUEST)
        self._histograms = {
            TILE_FETCH_LATENCY.name: self._latency,
            TILES_PER_REQUEST.name: self._tiles,
        }

    def fetched(self, requests: int, seconds: float, tiles: int, approximate: int = 0) -> None:
        """Count requests that were answered together.

        `tiles` is what each of them asked for, and `approximate` how many the last one read.
        """
        fetched = self._fetched
        fetched.append((requests, seconds, tiles, approximate))
        if len(fetched) >= _ADDED_AT_ONCE:
            with self._lock:
                self._add_up()

    def missed(self, tiles: int) -> None:
        """Count tiles that were asked for and are not there."""
        with self._lock:
            self._count(MISSING_TILES, tiles)

    def stale(self, seconds: float) -> None:
        """Count how far the watermark is behind the clock."""
        with self._lock:
            self._histogram(TILE_STALENESS).add(seconds)

    def looked_up(self, hits: int, misses: int) -> None:
        """Count look-ups of a cache."""
        looked_up = self._looked_up
        looked_up.append((hits, misses))
        if len(looked_up) >= _ADDED_AT_ONCE:
            with self._lock:
                self._add_up()

    def evicted_from_cache(self, entries: int) -> None:
        """Count entries that made room for others."""
        with self._lock:
            self._count(CACHE_EVICTIONS, entries)

    def cache_holds(self, size: int) -> None:
        """Note how many bytes the cache holds in memory."""
        with self._lock:
            self._count(CACHE_EVICTIONS, 0)
            self._values[CACHE_BYTES.name] = size

    def warmed(self, entities: int) -> None:
        """Count entities whose tiles were read ahead."""
        with self._lock:
            self._count(CACHE_WARMED, entities)

    def folder_used(self, hits: int, misses: int) -> None:
        """Count look-ups of a cache's folder."""
        with self._lock:
            self._count(CACHE_FOLDER_HITS, hits)
            self._count(CACHE_FOLDER_MISSES, misses)

    def folder_holds(self, size: int, evictions: int) -> None:
        """Note what the folder holds, and what made room."""
        with self._lock:
            self._count(CACHE_FOLDER_EVICTIONS, evictions)
            self._values[CACHE_FOLDER_BYTES.name] = size

    def wrote(self, seconds: float, tile_bytes: NDArray[np.int64], late: int = 0) -> None:
        """Count a batch that was committed.

        It comes with the size of each tile and the number of late events.
        """
        tiles = len(tile_bytes)
        with self._lock:
            self._histogram(TILE_WRITE_LATENCY).add(seconds)
            self._histogram(IR_SIZE_BYTES).add_all(tile_bytes)
            self._count(TILES_WRITTEN, tiles)
            self._count(TILE_WRITE_FAILURES, 0)
            self._count(LATE_EVENTS_PROCESSED, late)
            self._values[TILES_PER_SECOND.name] = tiles / seconds if seconds else 0.0

    def failed(self, tiles: int) -> None:
        """Count tiles that could not be written."""
        with self._lock:
            self._count(TILE_WRITE_FAILURES, tiles)

    def _count(self, metric: Metric, amount: float) -> None:
        self._values[metric.name] = self._values.get(metric.name, 0) + amount

    def _histogram(self, metric: Metric) -> Histogram:
        histogram = self._histograms.get(metric.name)
        if histogram is None:
            histogram = self._histograms[metric.name] = Histogram(metric)
        return histogram

    def _add_up(self) -> None:
        """Add up what was counted since the last time."""
        values, latency, asked = self._values, self._latency, self._tiles
        for requests, seconds, tiles, approximate in _taken(self._fetched):
            latency.add(seconds, requests)
            asked.add(tiles, requests)
            values[_APPROXIMATE] = approximate
        for hits, misses in _taken(self._looked_up):
            values[_HITS] = values.get(_HITS, 0) + hits
            values[_MISSES] = values.get(_MISSES, 0) + misses

    def values(self) -> dict[str, Any]:
        """Copy the numbers that were counted, by the metric's name."""
        with self._lock:
            self._add_up()
            copied: dict[str, Any] = dict(self._values)
            for name, histogram in self._histograms.items():
                if any(histogram.counts):
                    copied[name] = [*histogram.counts, histogram.sum]
        return copied


def _taken(counted: deque[T]) -> Iterator[T]:
    """Take what is there; what comes meanwhile stays."""
    for _ in range(len(counted)):
        yield counted.popleft()


_PLANS: dict[str, PlanMetrics] = {}


def metrics_of(plan: str) -> PlanMetrics:
    """Give the numbers of a plan, by its name."""
    return _PLANS.get(plan) or _PLANS.setdefault(plan, PlanMetrics())


def snapshot() -> Snapshot:
    """Copy all that this process has counted."""
    numbers: Snapshot = {}
    for plan, metrics in list(_PLANS.items()):
        for name, value in metrics.values().items():
            numbers.setdefault(name, {})[plan] = value
    return numbers


def added_up(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Add up what several processes have counted.

    Of gauges the largest is taken, and the hit rate is made of the sums.
    """
    total: Snapshot = {}
    for one in snapshots:
        for name, plans in one.items():
            for plan, value in plans.items():
                before = total.setdefault(name, {}).get(plan)
                total[name][plan] = value if before is None else _both(name, before, value)
    _add_rates(total)
    return total


def _both(name: str, one: Any, other: Any) -> Any:
    kind = _KINDS.get(name)
    if kind == "histogram":
        return [sum(pair) for pair in zip(one, other, strict=True)]
    return max(one, other) if kind == "gauge" else one + other


def _add_rates(numbers: Snapshot) -> None:
    misses: Mapping[str, float] = numbers.get(CACHE_MISSES.name, {})
    for plan, hits in numbers.get(CACHE_HITS.name, {}).items():
        looked_up = hits + misses.get(plan, 0)
        if looked_up:
            numbers.setdefault(CACHE_HIT_RATE.name, {})[plan] = hits / looked_up
