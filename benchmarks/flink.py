"""How many events a second a generated Flink job makes tiles of, beside Flink's bare GROUP BY of
the same file.

    python benchmarks/flink.py [--events N]

JSON events of 500 keys in the order of time, count, sum, average, min and max over 1h, 12h and 7d,
by the generated job with one slot into a Redis of its own: once with 28 events a tile of five
minutes, once with 6. The steady state is measured: the store is asked every second how many events
its tiles hold, and the start of the JVM and the first fifth of the events do not count. The floor
is one GROUP BY of typed fields into tiles of the finest level in Flink SQL, with one slot and
nothing stored or refused; of it the start counts neither, as its second run is taken.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb

from environments import printed_by
from local_flink import running_job
from local_redis import local_redis
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, open_store
from tilewright_runtime.stores.ownership import register_plan
from write import KEYS, START_MS, make_events, plan

ASKED_EVERY_S = 1.0
#: What of the events comes before the steady state.
WARM_UP = 0.2
DENSITIES = (28, 6)
TILES_A_DAY = KEYS * 288

FLOOR = """
import sys, time
from pyflink.table import EnvironmentSettings, TableEnvironment

path, events = sys.argv[1], int(sys.argv[2])
for run in range(2):
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for name, value in {
        "parallelism.default": "1",
        "state.backend.type": "rocksdb", "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": "500 ms", "table.exec.mini-batch.size": "50000",
        "pipeline.object-reuse": "true",
        "taskmanager.memory.managed.size": "512m",
    }.items():
        tables.get_config().set(name, value)
    tables.execute_sql(f"CREATE TABLE e (user_id STRING, amount DOUBLE, ts BIGINT) "
                       f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')")
    tables.execute_sql("CREATE TABLE nowhere (n BIGINT) WITH ('connector' = 'blackhole')")
    begun = time.perf_counter()
    tables.execute_sql('''
        INSERT INTO nowhere SELECT n FROM (
            SELECT user_id, ts / 300000 AS tile, COUNT(amount) AS n,
                SUM(amount), MIN(amount), MAX(amount), MAX(ts), COUNT(*)
            FROM e GROUP BY user_id, ts / 300000)
    ''').wait()
    taken = time.perf_counter() - begun
print(f"{events / taken:.0f}")
"""


def main() -> None:
    """Both densities, each beside its floor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=6_000_000)
    events = parser.parse_args().events
    for density in DENSITIES:
        with tempfile.TemporaryDirectory() as name, local_redis(Path(name)) as port:
            lines = make_lines(Path(name), events, days=events / density / TILES_A_DAY)
            rate = steady_rate(plan(), Path(name), lines, events, f"redis://127.0.0.1:{port}/0")
            floor = int(
                subprocess.check_output(
                    [printed_by("flink-env"), "-c", FLOOR, lines, str(events)], text=True
                ).split()[-1]
            )
        print(
            (
                f"{events:,} events, {density} a tile: {rate:,.0f} events/s into "
                "Redis; Flink's bare "
                f"GROUP BY {floor:,} events/s"
            ),
            flush=True,
        )


def make_lines(folder: Path, events: int, days: float) -> Path:
    """The events as JSON Lines."""
    make_events(folder / "events.parquet", events, days, in_order=True)
    lines = folder / "events.jsonl"
    duckdb.sql(f"COPY (FROM '{folder}/events.parquet') TO '{lines}' (FORMAT json)")
    return lines


def steady_rate(made: Plan, folder: Path, lines: Path, events: int, url: str) -> float:
    """Events a second in the store, from the first fifth of the events on to the last answer before
    they are all there.
    """
    store = open_store(url)
    register_plan(made, store)  # else a fetch before the first tile is an error
    fetcher = Fetcher(made, store)
    seen: list[tuple[float, int]] = []
    with running_job(
        folder, made, ["--store", url, "--parallelism", "1", "--events", str(lines), "--stream"]
    ) as job:
        while job.poll() is None:
            time.sleep(ASKED_EVERY_S)
            seen.append((time.perf_counter(), _events_in(fetcher)))
    if seen[-1][1] != events and _events_in(fetcher) != events:
        raise SystemExit(f"{_events_in(fetcher):,} of {events:,} events are in the store")
    steady = [(at, held) for at, held in seen if events * WARM_UP <= held < events]
    if len(steady) < 2:
        raise SystemExit("too few events for a steady state: give more with --events")
    (begun, first), (ended, last) = steady[0], steady[-1]
    return (last - first) / (ended - begun)


def _events_in(fetcher: Fetcher) -> int:
    at = START_MS + 7 * 86_400_000  # every event is in the seven days before
    answers = fetcher.fetch_many([{"user_id": f"user{i:04d}"} for i in range(KEYS)], at=at)
    return sum(answer.features["amount_count_7d"] for answer in answers)


if __name__ == "__main__":
    main()
