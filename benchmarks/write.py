"""How fast events become tiles, beside DuckDB's bare GROUP BY of the same file.

    python benchmarks/write.py [--events N] [--days D]

4 million events of 5 columns in Parquet, 500 keys over one day, count, sum, average, min and max
over 1h, 12h and 7d, into LMDB. There are two floors: one GROUP BY of the file into tiles of the
finest level, in DuckDB alone, nothing stored; and the same tiles of all levels from DuckDB to LMDB
as one would write it by hand, without checks, refusals and positions (by_hand.py). The peak of
memory is of the whole process, so each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from by_hand import write_by_hand
from measure import cpu_seconds, seconds
from plans import DAY_MS, five_of, plan_of
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer, open_store

START_MS = 1_704_326_400_000
KEYS = 500

FLOOR = """
SELECT user_id, ts // 300000 AS tile, count(amount),
    sum(amount), min(amount), max(amount), max(ts), count(*)
FROM read_parquet($file) GROUP BY ALL
"""


def make_events(path: Path, events: int, days: float, in_order: bool, seed: int = 3) -> None:
    """A file of events with a user, an amount, a quantity, a country and a time."""
    rng = np.random.default_rng(seed)
    times = START_MS + rng.integers(0, int(days * DAY_MS), events)
    if in_order:
        times.sort()
    users = pa.array([f"user{i:04d}" for i in range(KEYS)])
    countries = pa.array(["DE", "FR", "NL", "US"])
    table = pa.table(
        {
            "user_id": users.take(pa.array(rng.integers(0, KEYS, events))),
            "amount": rng.gamma(2.0, 20.0, events),
            "quantity": rng.integers(1, 9, events),
            "country": countries.take(pa.array(rng.integers(0, 4, events))),
            "ts": times,
        }
    )
    pq.write_table(table, path, row_group_size=1 << 19)


def plan(topic: str | None = None) -> Plan:
    """Five operations over three windows, of a file and, if one is named, a topic."""
    columns = {"amount": "double", "quantity": "bigint", "country": "string"}
    return plan_of("bench.write", columns, five_of("amount"), ["1h", "12h", "7d"], topic)


def run(events: int, days: float, in_order: bool) -> None:
    """Measures one size and prints a line."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.parquet"
        subprocess.run(
            [sys.executable, __file__, "--make", str(file), *_arguments(events, days, in_order)],
            check=True,
        )
        floor = min(seconds(lambda: _group(file)) for _ in range(2))
        by_hand = cpu_seconds(lambda: write_by_hand(file, Path(folder) / "by_hand"))
        before = _peak_mib()
        with Writer(plan(), open_store(f"lmdb:{folder}/store")) as writer:
            started = time.perf_counter()
            taken_cpu = cpu_seconds(lambda: writer.write(str(file)))
            begun = time.perf_counter() - started
        stored = (Path(folder) / "store" / "data.mdb").stat().st_blocks * 512
        order = "in order" if in_order else "in any order"
        print(
            f"{events:,} events {order} over {days:g} d: {begun:.2f} s, {events / begun:,.0f} "
            "events/s; "
            f"DuckDB's bare GROUP BY {floor:.2f} s, {events / floor:,.0f} events/s; ratio "
            f"{begun / floor:.1f}; "
            f"CPU {taken_cpu:.2f} s, by hand {by_hand:.2f} s, ratio {taken_cpu / by_hand:.1f}; "
            f"peak memory {_peak_mib() - before:+,.0f} MiB, store {stored / 2**20:,.0f} MiB"
        )


def _group(file: Path) -> None:
    with duckdb.connect() as connection:
        connection.sql(FLOOR, params={"file": str(file)}).to_arrow_table()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _arguments(events: int, days: float, in_order: bool) -> list[str]:
    return ["--events", str(events), "--days", str(days), *(["--in-order"] if in_order else [])]


def main() -> None:
    """One size if asked, else the standard ones, each in its own process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int)
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--in-order", action="store_true")
    parser.add_argument("--make", type=Path)
    chosen = parser.parse_args()
    if chosen.make:
        make_events(chosen.make, chosen.events, chosen.days, chosen.in_order)
    elif chosen.events:
        run(chosen.events, chosen.days, chosen.in_order)
    else:
        for events, days, in_order in (
            (4_000_000, 1, True),
            (4_000_000, 1, False),
            (4_000_000, 7, True),
            (16_000_000, 1, True),
        ):
            subprocess.run(
                [sys.executable, __file__, *_arguments(events, days, in_order)], check=True
            )


if __name__ == "__main__":
    main()
