"""What one way takes: time, memory, bytes and money."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan

from ...fetch.cache import TileCache
from ...fetch.explain import take_time
from ...fetch.fetcher import Fetcher
from ...stores import Store
from .workload import AT_MS, KEYS, Variant, Workload

_WARM_UP = 20
#: A request without tiles takes so much longer that fewer of them are measured.
_UNTILED_SHARE, _LEAST_REQUESTS = 100, 5
_MOST_TIMED_STEPS = 200
#: The rows of the specification's breakdown.
_ROWS = (
    "range",
    "expansion",
    "cache_lookup",
    "kv_fetch",
    "deserialization",
    "boundaries",
    "merging",
    "total",
)


@dataclass(frozen=True)
class Prices:
    """What resources cost, in US dollars.

    They are list prices of large clouds, rounded.
    """

    cpu_hour: float = 0.04
    memory_gb_hour: float = 0.005
    network_gb: float = 0.01


@dataclass(frozen=True)
class Measured:
    """What one way takes.

    Figures are of one request unless they say otherwise.
    """

    name: str
    tile_sizes: list[str]
    requests: int
    p50_ms: float
    p99_ms: float
    operations: int
    """Records read from the store: tiles, or chunks of raw events."""
    events: int
    """How many events the answer counts: those of whole tiles where the window's start cuts one."""
    bytes: int
    cpu_ms: float
    cpu_percent: float
    """Of one core, while requests follow each other."""
    memory_mb: float
    """The most that a request holds at once."""
    steps_ms: dict[str, float]
    """Row of the breakdown -> its median time; half of the tiles are cached, if there are any."""
    half_cached_ms: float | None
    """The median where half of the tiles are in a cache of the process; None without tiles."""
    cached_ms: float | None
    """The median where all tiles are that are finished."""
    write_seconds: float
    """To write all events."""

    def cost_per_million(self, prices: Prices, is_remote: bool) -> float:
        """Price a million requests, in US dollars."""
        cpu = self.cpu_ms / 1000 / 3600 * prices.cpu_hour
        memory = self.memory_mb / 1024 * self.p50_ms / 1000 / 3600 * prices.memory_gb_hour
        network = self.bytes / 1e9 * prices.network_gb if is_remote else 0.0
        return 1e6 * (cpu + memory + network)


def measure(
    variant: Variant, plan: Plan, store: Store, workload: Workload, write_seconds: float
) -> Measured:
    """Fetch in one way, and measure what that takes."""
    fetcher = Fetcher(plan, store, allow_many_tiles=True)
    requests = workload.requests
    if not variant.is_tiled:
        requests = max(requests // _UNTILED_SHARE, min(requests, _LEAST_REQUESTS))
    for _ in range(min(requests, _WARM_UP) if variant.is_tiled else 1):
        answer = fetcher.fetch(KEYS, AT_MS)
    times_ms, cpu_ms = _timed(fetcher, requests)
    parts = store.scan(plan.name, fetcher.entity(KEYS), fetcher.program.ranges(AT_MS))
    total_ms = sum(times_ms)
    return Measured(
        variant.name,
        [format_duration(level.size_ms) for level in plan.levels],
        requests,
        statistics.median(times_ms),
        _percentile(times_ms, 99),
        sum(map(len, parts)),
        answer.features[_count_name(workload)],
        sum(len(record) for part in parts for record in part),
        cpu_ms / requests,
        100 * cpu_ms / total_ms,
        _peak_mb(fetcher),
        _steps_ms(
            _half_cached(plan, store, workload)
            if variant.is_tiled
            else [fetcher] * min(requests, _LEAST_REQUESTS)
        ),
        _half_cached_ms(_half_cached(plan, store, workload)) if variant.is_tiled else None,
        _cached_ms(plan, store, requests) if variant.is_tiled else None,
        write_seconds,
    )


def _count_name(workload: Workload) -> str:
    return f"amount_count_{format_duration(workload.window_ms)}"


def _timed(fetcher: Fetcher, requests: int) -> tuple[list[float], float]:
    """Fetch again and again, and measure.

    Gives each one's time, and the CPU time of all.
    """
    times_ms = []
    cpu = time.process_time()
    for _ in range(requests):
        begun = time.perf_counter()
        fetcher.fetch(KEYS, AT_MS)
        times_ms.append((time.perf_counter() - begun) * 1000)
    return times_ms, (time.process_time() - cpu) * 1000


def _percentile(values: Sequence[float], percent: int) -> float:
    """Give the value at a percentile, by nearest rank."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _peak_mb(fetcher: Fetcher) -> float:
    tracemalloc.start()
    try:
        fetcher.fetch(KEYS, AT_MS)
        return tracemalloc.get_traced_memory()[1] / (1 << 20)
    finally:
        tracemalloc.stop()


def _half_cached(plan: Plan, store: Store, workload: Workload) -> Iterator[Fetcher]:
    """Make fetchers that have half of the tiles cached.

    They are those of the window's older half, each time in a new cache.
    """
    earlier_ms = AT_MS - workload.window_ms // 2
    for _ in range(min(workload.requests, _MOST_TIMED_STEPS)):
        fetcher = Fetcher(plan, store, allow_many_tiles=True, cache=TileCache())
        fetcher.fetch(KEYS, earlier_ms)
        yield fetcher


def _half_cached_ms(fetchers: Iterable[Fetcher]) -> float:
    """Fetch once from each, and take the median."""
    return statistics.median(_timed(fetcher, 1)[0][0] for fetcher in fetchers)


def _cached_ms(plan: Plan, store: Store, requests: int) -> float:
    """Fetch again and again with one cache."""
    fetcher = Fetcher(plan, store, allow_many_tiles=True, cache=TileCache())
    for _ in range(_WARM_UP):
        fetcher.fetch(KEYS, AT_MS)
    return statistics.median(_timed(fetcher, requests)[0])


def _steps_ms(fetchers: Iterable[Fetcher]) -> dict[str, float]:
    """Break fetches down, and take the medians."""
    times_ms: dict[str, list[float]] = {}
    for fetcher in fetchers:
        state = fetcher.request(KEYS, AT_MS)
        for row, seconds in take_time(fetcher.context, state).breakdown.items():
            times_ms.setdefault(row, []).append(seconds * 1000)
    return {row: statistics.median(times_ms[row]) for row in _ROWS}
