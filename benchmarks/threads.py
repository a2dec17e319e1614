"""How many fetches eight threads make that share a fetcher, beside one thread.

    python benchmarks/threads.py

Beside them stand checksums of a megabyte, which need no lock of Python: what this machine gives to
eight threads at the time. Numbers are the plan of thirty features of benchmarks/fetch.py, and
sketches are percentiles and counts of different values over a day; each with the native kernel and
with numpy.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from fetch import END_MS, events, plan_of
from measure import seconds
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.states.kernel import VARIABLE, kernel

THREADS = 8
ROUNDS = 5
KEYS = [{"user_id": f"user{number}"} for number in range(20)]


def sketches() -> Plan:
    """A plan of percentiles and counts of different values of a day."""
    source = EventSource(
        table="events.parquet",
        schema={"user_id": "string", "amount": "double", "ts": "bigint"},
        query=Query(selects=select("user_id", "amount"), time_column="ts"),
    )
    operations = (Operation.APPROX_PERCENTILE([0.5, 0.95, 0.99]), Operation.APPROX_UNIQUE_COUNT)
    aggregations = [
        Aggregation(input_column="amount", operation=operation, windows=["1d"])
        for operation in operations
    ]
    group_by = GroupBy(
        sources=[source],
        keys=["user_id"],
        online=True,
        tiling_enabled=True,
        aggregations=aggregations,
    )
    return compile_group_by(group_by, name="bench.threads")


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
        fetchers = {"kernel" if kernel() else "no kernel": Fetcher(plan, store)}
        os.environ[VARIABLE] = "off"
        fetchers["numpy"] = Fetcher(plan, store)
        del os.environ[VARIABLE]
        for name, fetcher in fetchers.items():
            rate, ratio = speed_up(partial(fetcher.fetch, KEYS[7], END_MS), times)
            print(f"{title}, {name}: fetch {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x")
            rate, ratio = speed_up(partial(fetcher.fetch_many, KEYS, END_MS), times // 16)
            print(f"{title}, {name}: 20 keys {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x")


def main() -> None:
    """The machine, then both plans."""
    megabyte = bytes(1 << 20)
    rate, ratio = speed_up(lambda: zlib.crc32(megabyte), 400)
    print(f"checksums of a megabyte: {rate:,.0f}/s, {THREADS} threads {ratio:.2f} x")
    table = events(20, 20_000)
    report("numbers", plan_of(["amount", "price"], ["1h", "12h", "7d"]), table, 800)
    report("sketches", sketches(), table, 160)


if __name__ == "__main__":
    main()
