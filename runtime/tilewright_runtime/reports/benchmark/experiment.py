"""The experiment that shows what tiles are worth.

One entity has events at a steady rate. The same features of one window are fetched from its raw
events, and from tiles of several sizes. Every figure is measured; only prices are given.
"""

from __future__ import annotations

import os
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.windows import HOUR_MS, format_duration
from tilewright_compiler.plan.model import Plan

from ...fetch.cache import TileCache
from ...fetch.fetcher import Fetcher
from ...ingest.writer import Writer
from ...stores import Store, TransactionalStore, open_store

if TYPE_CHECKING:
    import pyarrow as pa

#: When the features are asked for: the time of the specification's worked example.
AT_MS = 1_704_379_045_000
_KEYS = {"user": "user_123"}
_OPERATIONS = (Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MAX)
_SCHEMA = {"user": "string", "amount": "double", "ts": "bigint"}
_BATCH_EVENTS = 500_000
_WARM_UP = 20
#: A request without tiles takes so much longer that fewer of them are measured.
_UNTILED_SHARE, _LEAST_REQUESTS = 100, 5
_MOST_TIMED_STEPS = 200


@dataclass(frozen=True)
class Workload:
    """One entity's rate of events, and the window asked for."""

    window_ms: int = 4 * HOUR_MS
    events_per_second: float = 500
    requests: int = 1000

    @property
    def events(self) -> int:
        """How many events lie in the window."""
        return round(self.window_ms * self.events_per_second / 1000)


@dataclass(frozen=True)
class Prices:
    """What resources cost, in US dollars.

    They are list prices of large clouds, rounded.
    """

    cpu_hour: float = 0.04
    memory_gb_hour: float = 0.005
    network_gb: float = 0.01


@dataclass(frozen=True)
class Variant:
    """A way to answer the same question."""

    name: str
    tile_size: str | None
    """Of an author who chose one."""
    is_tiled: bool = True


#: The four ways of the experiment.
VARIANTS = (
    Variant("no tiling", None, is_tiled=False),
    Variant("5m tiles", "5m"),
    Variant("1m tiles", "1m"),
    Variant("compiler's choice", None),
)

#: The compiler, which this room does not see: a declaration and a name become a plan.
Compile = Callable[[GroupBy, str], Plan]


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
    """Step of a fetch -> its median time."""
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


@dataclass(frozen=True)
class Run:
    """The measurements of one store."""

    store: str
    is_remote: bool
    measured: list[Measured]

    def speed_up(self, one: Measured) -> float:
        """Compare a way's median with that of no tiling."""
        return self.measured[0].p50_ms / one.p50_ms


def run_experiment(
    workload: Workload, url: str | None, compile_group_by: Compile, report: Callable[[str], None]
) -> Run:
    """Write the events in each way, and measure its fetches.

    Without a URL the store is an embedded one that ends with the run. In another one the plans
    have names of their own, which no other run has. Raises StoreError.
    """
    run_name = f"bench_{os.getpid()}_{time.time_ns() // 1_000_000}"
    with (
        TemporaryDirectory() as folder,
        closing(open_store(url or f"lmdb:{folder}/store")) as store,
    ):
        plans = []
        for number, variant in enumerate(VARIANTS):
            plans.append(_plan(workload, variant, f"{run_name}.way_{number}", compile_group_by))
        lead_ms = max(level.size_ms for plan in plans for level in plan.levels)
        is_remote = not isinstance(store, TransactionalStore)
        measured = []
        for number, (variant, plan) in enumerate(zip(VARIANTS, plans, strict=True)):
            report(f"{variant.name}: writing")
            state = f"lmdb:{folder}/state{number}" if is_remote else None
            seconds = _write(plan, store, state, workload, lead_ms)
            report(f"{variant.name}: fetching")
            measured.append(_measure(variant, plan, store, workload, seconds))
    return Run(url or "embedded", is_remote, measured)


def _plan(workload: Workload, variant: Variant, name: str, compile_group_by: Compile) -> Plan:
    source = EventSource(
        table="events.parquet",
        schema=_SCHEMA,
        query=Query(selects=select("user", "amount"), time_column="ts"),
    )
    aggregations = [
        Aggregation(
            input_column="amount",
            operation=operation,
            windows=[format_duration(workload.window_ms)],
            tile_size=variant.tile_size,
        )
        for operation in _OPERATIONS
    ]
    group_by = GroupBy(
        sources=[source],
        keys=["user"],
        online=True,
        tiling_enabled=variant.is_tiled,
        aggregations=aggregations,
    )
    return compile_group_by(group_by, name)


def _write(plan: Plan, store: Store, state: str | None, workload: Workload, lead_ms: int) -> float:
    """Write the window's events, and give the seconds.

    Those of the tile that the window's edge cuts are written too.
    """
    begun = time.perf_counter()
    embedded = open_store(state) if state else None
    with Writer(plan, store, state=embedded) as writer:
        for batch in _events(workload, lead_ms):
            writer.write(batch)
    if embedded is not None:
        embedded.close()
    return time.perf_counter() - begun


def _events(workload: Workload, lead_ms: int) -> Iterator[pa.Table]:
    """Give events at equal distances until the query time.

    They are the same ones each time.
    """
    import numpy as np
    import pyarrow as pa

    amounts = np.random.default_rng(7)
    step_ms = 1000 / workload.events_per_second
    total = workload.events + round(lead_ms / step_ms)
    for first in range(0, total, _BATCH_EVENTS):
        before = np.arange(total - first, max(total - first - _BATCH_EVENTS, 0), -1)
        users = pa.DictionaryArray.from_arrays(
            np.zeros(len(before), dtype=np.int32), [_KEYS["user"]]
        )
        times_ms = AT_MS - np.ceil(before * step_ms).astype(np.int64)
        yield pa.table(
            {
                "user": users.cast(pa.string()),
                "amount": np.round(amounts.gamma(2.0, 20.0, len(before)), 2),
                "ts": times_ms,
            }
        )


def _measure(
    variant: Variant, plan: Plan, store: Store, workload: Workload, write_seconds: float
) -> Measured:
    fetcher = Fetcher(plan, store, allow_many_tiles=True)
    requests = workload.requests
    if not variant.is_tiled:
        requests = max(requests // _UNTILED_SHARE, min(requests, _LEAST_REQUESTS))
    for _ in range(min(requests, _WARM_UP) if variant.is_tiled else 1):
        answer = fetcher.fetch(_KEYS, AT_MS)
    times_ms, cpu_ms = _timed(fetcher, requests)
    parts = store.scan(plan.name, fetcher.entity(_KEYS), fetcher.program.ranges(AT_MS))
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
        _steps_ms(fetcher, min(requests, _MOST_TIMED_STEPS)),
        _half_cached_ms(plan, store, workload) if variant.is_tiled else None,
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
        fetcher.fetch(_KEYS, AT_MS)
        times_ms.append((time.perf_counter() - begun) * 1000)
    return times_ms, (time.process_time() - cpu) * 1000


def _percentile(values: Sequence[float], percent: int) -> float:
    """Give the value at a percentile, by nearest rank."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _peak_mb(fetcher: Fetcher) -> float:
    tracemalloc.start()
    try:
        fetcher.fetch(_KEYS, AT_MS)
        return tracemalloc.get_traced_memory()[1] / (1 << 20)
    finally:
        tracemalloc.stop()


def _half_cached_ms(plan: Plan, store: Store, workload: Workload) -> float:
    """Fetch again and again with half of the tiles cached.

    They are those of the window's older half, in a new cache each time.
    """
    earlier_ms = AT_MS - workload.window_ms // 2
    times_ms = []
    for _ in range(min(workload.requests, _MOST_TIMED_STEPS)):
        fetcher = Fetcher(plan, store, allow_many_tiles=True, cache=TileCache())
        fetcher.fetch(_KEYS, earlier_ms)
        times_ms += _timed(fetcher, 1)[0]
    return statistics.median(times_ms)


def _cached_ms(plan: Plan, store: Store, requests: int) -> float:
    """Fetch again and again with one cache."""
    fetcher = Fetcher(plan, store, allow_many_tiles=True, cache=TileCache())
    for _ in range(_WARM_UP):
        fetcher.fetch(_KEYS, AT_MS)
    return statistics.median(_timed(fetcher, requests)[0])


def _steps_ms(fetcher: Fetcher, requests: int) -> dict[str, float]:
    """Walk the steps of some fetches with a clock."""
    times_ms: dict[str, list[float]] = {step.name: [] for step in fetcher.context.steps}
    for _ in range(requests):
        state = fetcher.request(_KEYS, AT_MS)
        for step in fetcher.context.steps:
            begun = time.perf_counter()
            step.work(fetcher.context, [state])
            times_ms[step.name].append((time.perf_counter() - begun) * 1000)
    return {name: statistics.median(times) for name, times in times_ms.items()}
