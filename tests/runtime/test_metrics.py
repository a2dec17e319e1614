"""What is counted, and how the numbers of several processes are put together."""

from __future__ import annotations

import threading

import numpy as np

from tilewright_compiler.plan.metrics import (
    CACHE_HIT_RATE,
    IR_SIZE_BYTES,
    TILE_FETCH_LATENCY,
    TILE_WRITE_FAILURES,
    TILES_PER_REQUEST,
    TILES_PER_SECOND,
    TILES_WRITTEN,
)
from tilewright_runtime.metrics import PlanMetrics, added_up


def test_a_value_falls_into_the_bucket_that_ends_at_it() -> None:
    """As Prometheus has it: a bucket holds what is at most its bound."""
    counted = PlanMetrics()
    counted.fetched(requests=3, seconds=0.0001, tiles=50)
    counted.fetched(requests=1, seconds=11.0, tiles=51)
    *latencies, seconds = counted.values()[TILE_FETCH_LATENCY.name]
    *tiles, total = counted.values()[TILES_PER_REQUEST.name]
    assert (latencies[0], latencies[-1], sum(latencies)) == (3, 1, 4)
    assert seconds == 3 * 0.0001 + 11.0
    bounds = dict(zip(TILES_PER_REQUEST.buckets, tiles, strict=False))
    assert (bounds[50], bounds[100], total) == (3, 1, 201)


def test_a_batch_is_counted_by_its_records() -> None:
    """Their sizes, how many they are, and how many a second."""
    counted = PlanMetrics()
    counted.wrote(seconds=0.5, tile_bytes=np.array([64, 65, 2_000_000]))
    counted.failed(2)
    found = counted.values()
    *sizes, total = found[IR_SIZE_BYTES.name]
    assert (sizes[:2], sizes[-1], total) == ([1, 1], 1, 2_000_129)
    assert (found[TILES_WRITTEN.name], found[TILES_PER_SECOND.name]) == (3, 6.0)
    assert found[TILE_WRITE_FAILURES.name] == 2


def test_threads_lose_nothing() -> None:
    """Each fetch of each thread is counted."""
    counted = PlanMetrics()

    def fetch() -> None:
        for _ in range(2_000):
            counted.fetched(1, 0.001, 10)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counted.values()[TILES_PER_REQUEST.name][:-1]) == 8_000


def test_processes_are_added_up() -> None:
    """Counters and buckets are summed; the hit rate is that of all look-ups."""
    one, other = PlanMetrics(), PlanMetrics()
    one.looked_up(hits=1, misses=0)
    other.looked_up(hits=0, misses=3)
    one.fetched(1, 0.001, 10)
    other.fetched(2, 0.001, 10)
    snapshots = [
        {name: {"p": value} for name, value in each.values().items()} for each in (one, other)
    ]
    total = added_up(snapshots)
    assert total[CACHE_HIT_RATE.name] == {"p": 0.25}
    assert sum(total[TILES_PER_REQUEST.name]["p"][:-1]) == 3
