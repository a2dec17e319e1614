"""How long a fetch of sketches, buckets and exact edges takes, cold and with a cache.

    python benchmarks/fetch_sketches.py

Beside each stand the scan of its records alone, which is the floor of any fetch without a cache,
and the same fetch by numpy. Times are of the processor, so that other work beside it counts little.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from measure import cpu_us, without_kernel
from plans import DAY_MS, END_MS, five_of, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, TileCache, Writer, open_store
from tilewright_runtime.states.kernel import kernel

NAME = "bench.sketches"
COLUMNS = {"amount": "double", "price": "double", "item": "string", "kind": "string"}
KEYS = {"user_id": "user1"}
SKETCHES = [
    ("amount", Operation.APPROX_PERCENTILE([0.5, 0.99])),
    ("item", Operation.APPROX_UNIQUE_COUNT),
    ("item", Operation.TOP_K(10)),
]
NUMBERS = [("amount", Operation.SUM), ("amount", Operation.COUNT)]


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
        with without_kernel():
            reference = Fetcher(plan, store)
            (numpy_us,) = cpu_us([lambda: reference.fetch(KEYS, END_MS)], 20)
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
    days, month = ["1h", "12h", "7d"], ["1h", "1d", "7d", "30d"]
    kll = ("amount", Operation.APPROX_PERCENTILE([0.5, 0.99], sketch="kll"))
    by_kind = plan_of(NAME, COLUMNS, five_of("amount")[:3], days, buckets=["kind"])
    exact = plan_of(NAME, COLUMNS, five_of("amount", "price"), days, edge="exact")
    report("sketches", plan_of(NAME, COLUMNS, [*SKETCHES, *NUMBERS], month), 40)
    report("KLL", plan_of(NAME, COLUMNS, [kll], month), 40)
    report("a lifetime", plan_of(NAME, COLUMNS, [*SKETCHES, NUMBERS[1]], None), 365)
    report("8 buckets", by_kind, 40)
    report("exact edges", exact, 40)


if __name__ == "__main__":
    main()
