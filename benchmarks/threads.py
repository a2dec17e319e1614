"""How many fetches eight threads make that share a fetcher, beside one thread.

    python benchmarks/threads.py

Beside them stand checksums of a megabyte, which need no lock of Python: what this machine gives to
eight threads at the time. Numbers are the plan of thirty features of benchmarks/fetch.py, and
sketches are percentiles and counts of different values over a day; each with the native kernel and
with numpy.
"""

from __future__ import annotations

import statistics
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from fetch import events, numbers
from measure import seconds, without_kernel
from plans import END_MS, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.states.kernel import kernel

THREADS = 8
ROUNDS = 5
SKETCHES = [
    ("amount", Operation.APPROX_PERCENTILE([0.5, 0.95, 0.99])),
    ("amount", Operation.APPROX_UNIQUE_COUNT),
]
KEYS = [{"user_id": f"user{number}"} for number in range(20)]


def speed_up(work: Callable[[], Any], times: int) -> tuple[float, float]:
    """The calls per second of one thread, and how many times as many eight threads make.

    Both take turns, so that what slows the machine slows both; the median of some rounds.
    """

    def some(count: int) -> None:
        for _ in range(count):
            work()

    def together() -> None:
        for done in [pool.submit(some, times // THREADS) for _ in range(THREADS)]:
            done.result()

    rates, ratios = [], []
    with ThreadPoolExecutor(THREADS) as pool:
        together()
        for _ in range(ROUNDS):
            alone, shared = seconds(lambda: some(times)), seconds(together)
            rates.append(times / alone)
            ratios.append(alone / shared)
    return statistics.median(rates), statistics.median(ratios)


def report(title: str, plan: Plan, table: pa.Table, times: int) -> None:
    """Write, fetch and measure one plan."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"lmdb:{Path(folder) / 'store'}")
        with Writer(plan, store) as writer:
            writer.write(table)
        named = f"{title}, {'kernel' if kernel() else 'no kernel'}"
        measure(named, Fetcher(plan, store), times)
        with without_kernel():
            measure(f"{title}, numpy", Fetcher(plan, store), times)


def measure(title: str, fetcher: Fetcher, times: int) -> None:
    """Measure fetches of one key and of twenty."""
    rate, ratio = speed_up(partial(fetcher.fetch, KEYS[7], END_MS), times)
    print(f"{title}: fetch {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x")
    rate, ratio = speed_up(partial(fetcher.fetch_many, KEYS, END_MS), times // 16)
    print(f"{title}: 20 keys {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x")


def main() -> None:
    """The machine, then both plans."""
    megabyte = bytes(1 << 20)
    rate, ratio = speed_up(lambda: zlib.crc32(megabyte), 400)
    print(f"checksums of a megabyte: {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x")
    table = events(20, 20_000)
    report("numbers", numbers(["amount", "price"], ["1h", "12h", "7d"]), table, 800)
    sketches = plan_of("bench.threads", {"amount": "double"}, SKETCHES, ["1d"])
    report("sketches", sketches, table, 160)


if __name__ == "__main__":
    main()
