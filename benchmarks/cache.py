"""How long a fetch takes with a cache of finished tiles, beside the same fetch without one.

    python benchmarks/cache.py

Plans of sketches in windows of 12 hours, 7 and 30 days, of sketches over a lifetime of a year, and
of five numbers. The store is embedded, so what is measured is decoding and merging. Times are of
the processor; the two kinds of fetch take turns.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from measure import cpu_us
from plans import DAY_MS, END_MS, Asked, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, TileCache, Writer, open_store

NAME, COLUMNS = "bench.cache", {"amount": "double", "page": "string"}
SKETCHES: tuple[Asked, ...] = (
    ("amount", Operation.APPROX_PERCENTILE([0.5, 0.99])),
    ("page", Operation.APPROX_UNIQUE_COUNT),
    ("page", Operation.TOP_K(5)),
)
NUMBERS: tuple[Asked, ...] = (
    ("amount", Operation.COUNT),
    ("amount", Operation.SUM),
    ("amount", Operation.MAX),
    ("amount", Operation.AVERAGE),
)


def events(days: int, count: int) -> pa.Table:
    """Events of one busy user, evenly mixed, and one event after the query time."""
    rng = np.random.default_rng(7)
    times = END_MS - 1 - rng.integers(0, days * DAY_MS, count)
    return pa.table(
        {
            "user_id": np.append(np.full(count, "user7"), "other"),
            "amount": np.append(rng.gamma(2.0, 20.0, count), 1.0),
            "page": np.append(np.char.add("page", rng.integers(0, 60, count).astype(str)), "page"),
            "ts": np.append(times, END_MS + 1000),
        }
    )


def report(title: str, plan: Plan, table: pa.Table, folder: Path) -> None:
    """Write, fetch and measure one plan."""
    with open_store(f"lmdb:{folder / 'store'}") as store:
        with Writer(plan, store) as writer:
            writer.write(table)
        plain, cache = Fetcher(plan, store), TileCache()
        cached = Fetcher(plan, store, cache=cache)
        keys = {"user_id": "user7"}
        if plain.fetch(keys, END_MS) != cached.fetch(keys, END_MS):
            raise SystemExit("the answers differ")
        tiles = sum(
            len(part)
            for part in store.scan(plan.name, plain.entity(keys), plain.program.ranges(END_MS))
        )
        works = [lambda: plain.fetch(keys, END_MS), lambda: cached.fetch(keys, END_MS)]
        without, warm = cpu_us(works)
    print(
        f"{title}: {len(plan.features)} features, {tiles} tiles: "
        f"without a cache {without:,.0f} µs, warm {warm:,.0f} µs ({warm / without:.2f})"
    )


def main() -> None:
    """All plans."""
    windows = ["12h", "7d", "30d"]
    cases = [
        (
            "sketches and numbers",
            plan_of(NAME, COLUMNS, [*SKETCHES, *NUMBERS], windows),
            events(31, 60_000),
        ),
        ("lifetime of a year", plan_of(NAME, COLUMNS, SKETCHES, None), events(365, 200_000)),
        ("numbers", plan_of(NAME, COLUMNS, NUMBERS, ["1h", "12h"]), events(31, 60_000)),
    ]
    for title, plan, table in cases:
        with tempfile.TemporaryDirectory() as folder:
            report(title, plan, table, Path(folder))


if __name__ == "__main__":
    main()
