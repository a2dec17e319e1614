"""How long a fetch of sketches, buckets and exact edges takes, cold and with a cache.

    python benchmarks/fetch_sketches.py

Beside each stand the scan of its records alone, which is the floor of any fetch without a cache,
and the same fetch by numpy. Times are of the processor, so that other work beside it counts little.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, TileCache, Writer, open_store
from tilewright_runtime.states.kernel import VARIABLE, kernel

END_MS = 1_704_379_045_000
DAY_MS = 86_400_000
COLUMNS = {"amount": "double", "price": "double", "item": "string", "kind": "string"}
KEYS = {"user_id": "user1"}
SKETCHES = [
    ("amount", Operation.APPROX_PERCENTILE([0.5, 0.99])),
    ("item", Operation.APPROX_UNIQUE_COUNT),
    ("item", Operation.TOP_K(10)),
]
NUMBERS = [("amount", Operation.SUM), ("amount", Operation.COUNT)]
FIVE = [Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX]
TEN = [(column, operation) for column in ("amount", "price") for operation in FIVE]


def plan_of(asked: Sequence[tuple[str, Any]], windows: Sequence[str], **options: Any) -> Plan:
    """A plan of some operations on columns."""
    source = EventSource(
        table="events.parquet",
        schema={"user_id": "string", **COLUMNS, "ts": "bigint"},
        query=Query(selects=select("user_id", *COLUMNS), time_column="ts"),
    )
    aggregations = [
        Aggregation(
            input_column=column, operation=operation, windows=list(windows) or None, **options
        )
        for column, operation in asked
    ]
    group_by = GroupBy(
        sources=[source],
        keys=["user_id"],
        online=True,
        tiling_enabled=True,
        aggregations=aggregations,
    )
    return compile_group_by(group_by, name="bench.sketches")


def events(days: int, users: int = 4, each: int = 60_000) -> pa.Table:
    """Events of some users over the last days; few items are frequent."""
    rng = np.random.default_rng(7)
    count = users * each
    return pa.table(
        {
            "user_id": np.char.add("user", rng.integers(0, users, count).astype(str)),
            "amount": rng.gamma(2.0, 20.0, count),
            "price": rng.gamma(2.0, 5.0, count),
            "item": np.char.add("item", (rng.zipf(1.3, count) % 20_000).astype(str)),
            "kind": np.char.add("kind", rng.integers(0, 8, count).astype(str)),
            "ts": END_MS - 1 - rng.integers(0, days * DAY_MS, count),
        }
    )


def cpu_us(works: Sequence[Callable[[], Any]], repeat: int = 200) -> list[float]:
    """The 10th percentile of each call in microseconds of the processor, in turns."""
    times: list[list[int]] = [[] for _ in works]
    for _ in range(repeat):
        for work, taken in zip(works, times, strict=True):
            begun = time.process_time_ns()
            work()
            taken.append(time.process_time_ns() - begun)
    return [sorted(taken)[repeat // 10] / 1000 for taken in times]


def report(title: str, plan: Plan, days: int) -> None:
    """Writes, fetches and measures one plan."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"lmdb:{Path(folder) / 'store'}")
        with Writer(plan, store) as writer:
            writer.write(events(days))
        cold, warm = Fetcher(plan, store), Fetcher(plan, store, cache=TileCache())
        entity, ranges = cold.entity(KEYS), cold.program.ranges(END_MS)
        found = store.scan(plan.name, entity, ranges)
        floor_us, cold_us, warm_us = cpu_us(
            [
                lambda: store.scan(plan.name, entity, ranges),
                lambda: cold.fetch(KEYS, END_MS),
                lambda: warm.fetch(KEYS, END_MS),
            ]
        )
        os.environ[VARIABLE] = "off"
        reference = Fetcher(plan, store)
        (numpy_us,) = cpu_us([lambda: reference.fetch(KEYS, END_MS)], 20)
        del os.environ[VARIABLE]
        records = [record for part in found for record in part]
        print(
            f"{title}: {len(plan.features)} features, {len(records)} records of "
            f"{sum(map(len, records)):,} bytes: scan alone {floor_us:.0f} µs; "
            f"{'kernel' if kernel() else 'no kernel'} {cold_us:.0f} µs, with a cache "
            f"{warm_us:.0f} µs; numpy {numpy_us:.0f} µs"
        )
        store.close()


def main() -> None:
    """All plans."""
    report("sketches", plan_of([*SKETCHES, *NUMBERS], ["1h", "1d", "7d", "30d"]), 40)
    kll = ("amount", Operation.APPROX_PERCENTILE([0.5, 0.99], sketch="kll"))
    report("KLL", plan_of([kll], ["1h", "1d", "7d", "30d"]), 40)
    report("a lifetime", plan_of([*SKETCHES, NUMBERS[1]], []), 365)
    by_kind = [("amount", operation) for operation in FIVE[:3]]
    report("8 buckets", plan_of(by_kind, ["1h", "12h", "7d"], buckets=["kind"]), 40)
    report("exact edges", plan_of(TEN, ["1h", "12h", "7d"], edge="exact"), 40)


if __name__ == "__main__":
    main()
