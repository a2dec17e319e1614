"""The whole way on real flights: compile, write, fetch, check every answer, and compare its time.

`make demo` runs it.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

import duckdb
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

import check
from tilewright_runtime import Fetcher, load_plan, open_store

ROOT = Path(__file__).parents[2]
EXAMPLE = "examples/flights"
COMPILED = "build/flights/compiled"
STORE = "lmdb:build/flights/tiles"
GROUP_BYS = tuple(check.KEY_COLUMNS)

console = Console(highlight=False)


def step(number: int, title: str, *lines: str) -> None:
    """A heading and what is about to happen."""
    console.print()
    console.rule(f"[bold cyan]{number}[/]  [bold]{title}", align="left", style="cyan")
    for line in lines:
        console.print(f"[dim]{line}")


def run(*arguments: str) -> None:
    """Shows a command as a person would type it, and runs it."""
    console.print(
        f"\n[bold green]$[/] [bold]{shlex.join(('tilewright', *arguments))}", soft_wrap=True
    )
    command = Path(sys.executable).with_name("tilewright")
    if status := subprocess.run([command, *arguments], cwd=ROOT).returncode:
        console.print(f"[bold red]It ended with status {status}, so the demo stops here.")
        sys.exit(status)


def compile_and_write() -> None:
    """From the author's file to a store full of tiles."""
    step(
        1,
        "Compile",
        (
            f"{EXAMPLE}/flights.py declares features of airports and of carriers; each GroupBy "
            "becomes a plan."
        ),
    )
    run("compile", f"{EXAMPLE}/flights.py", "--out", COMPILED)
    step(2, "Write", "Each flight that left goes into the tiles of its airport and of its carrier.")
    for group_by in GROUP_BYS:
        run(
            "write",
            f"{COMPILED}/flights.{group_by}",
            "--events",
            f"{EXAMPLE}/flights.parquet",
            "--store",
            STORE,
        )


def fetch_one() -> None:
    """One airport at a moment of the Thursday before a long weekend."""
    step(3, "Fetch", "All features of one airport at one moment, and how they were found.")
    run(
        "fetch",
        f"{COMPILED}/flights.by_origin",
        "--store",
        STORE,
        "--key",
        "origin=JFK",
        "--at",
        "2013-05-23T21:37:25Z",
        "--explain",
    )


def open_fetchers() -> dict[str, Fetcher]:
    """A fetcher for each GroupBy, in this process."""
    store = open_store(STORE.replace("build", f"{ROOT}/build"))
    return {
        group_by: Fetcher(load_plan(ROOT / COMPILED / f"flights.{group_by}"), store)
        for group_by in GROUP_BYS
    }


def check_all(fetchers: dict[str, Fetcher], db: duckdb.DuckDBPyConnection) -> bool:
    """Every feature of every key at 200 times; whether all agree."""
    times = check.query_times(db)
    step(
        4,
        "Check",
        (
            f"Every feature of 3 airports and 16 carriers at {len(times)} times, against plain SQL "
            "over the raw flights."
        ),
    )

    def fetch(group_by: str, requests: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
        column = check.KEY_COLUMNS[group_by]
        return [fetchers[group_by].fetch({column: key}, at=at).features for key, at in requests]

    with console.status("asking the tiles and the raw flights"):
        results = {group_by: check.check(fetch, db, group_by, times) for group_by in GROUP_BYS}
    table = Table(
        "feature", "agrees if", *GROUP_BYS, box=None, header_style="bold", padding=(0, 2, 0, 0)
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for row in zip(*results.values(), strict=True):
        table.add_row(
            row[0].feature,
            row[0].words,
            *(
                f"[{'green' if t.agree == t.total else 'bold red'}]{t.agree:,} of {t.total:,}"
                for t in row
            ),
        )
    console.print(Padding(table, (1, 0)))
    tallies = [tally for group in results.values() for tally in group]
    agree, total = sum(t.agree for t in tallies), sum(t.total for t in tallies)
    console.print(
        f"[bold {'green' if agree == total else 'red'}]{agree:,} of {total:,} answers agree."
    )
    for line in [line for tally in tallies for line in tally.disagreements[:2]][:20]:
        console.print(f"  {line}", style="red", markup=False)
    return agree == total


def raw_sql() -> str:
    """The features of one airport from raw events as a careful person would ask for them, with
    DuckDB's own sketches.
    """
    aggregates = {
        "flight_count": "count(flight)",
        "delay_average": "avg(delay)",
        "delay_max": "max(delay)",
        "delay_approx_percentile": "approx_quantile(delay, [0.5, 0.95, 0.99])",
        "aircraft_approx_unique_count": "approx_count_distinct(tailnum)",
        "destination_top5": "approx_top_k(dest, 5)",
    }

    def start(window: str) -> str:
        return (
            f"($at - {check.SPANS[window].length_ms}) // {check.SPANS[window].edge_ms} * "
            f"{check.SPANS[window].edge_ms}"
        )

    windowed = ", ".join(
        f"{sql} FILTER (WHERE ts >= {start(window)}) AS {name}_{window}"
        for name, sql in aggregates.items()
        for window in filter(None, check.RULES[name].windows)
    )
    return f"""
        SELECT * FROM
        (SELECT {windowed} FROM events WHERE origin = $key AND ts < $at AND ts >= {start("30d")}),
        (SELECT max_by(dest, (ts, dest)) AS destination_last, count(flight) AS flight_count
         FROM events WHERE origin = $key AND ts < $at)
    """


def time_p50_p99(ask: Callable[[int], object], times: Sequence[int]) -> tuple[float, float]:
    """Median and 99th percentile of the seconds that a question takes."""
    taken = []
    for at in times:
        began = time.perf_counter()
        ask(at)
        taken.append(time.perf_counter() - began)
    cuts = quantiles(taken, n=100)
    return cuts[49], cuts[98]


def compare_times(fetcher: Fetcher, db: duckdb.DuckDBPyConnection) -> None:
    """A fetch from tiles beside the same answer from raw events in memory."""
    random = Random(7)
    times = [random.choice(check.query_times(db)) for _ in range(300)]
    sql = raw_sql()
    features = len(fetcher.plan.features)
    step(
        5,
        "Compare",
        (
            f"The same {features} features of JFK at {len(times)} times, one request "
            "after the other, "
            "in this process."
        ),
    )
    with console.status("timing"):
        tiles = time_p50_p99(lambda at: fetcher.fetch({"origin": "JFK"}, at=at), times)
        raw = time_p50_p99(lambda at: db.execute(sql, {"key": "JFK", "at": at}).fetchone(), times)
    table = Table("from", "p50", "p99", box=None, header_style="bold", padding=(0, 3, 0, 0))
    for name, (p50, p99) in {
        "tiles in LMDB": tiles,
        "raw events in DuckDB, in memory": raw,
    }.items():
        table.add_row(name, f"{p50 * 1000:.2f} ms", f"{p99 * 1000:.2f} ms")
    console.print(Padding(table, (1, 0)))
    console.print(
        f"[bold green]From tiles it takes 1/{raw[0] / tiles[0]:.1f} of the time,[/] and raw "
        "events grow with traffic while tiles do not."
    )


def main() -> None:
    """All five steps; exit status 1 if an answer is wrong."""
    shutil.rmtree(ROOT / "build/flights", ignore_errors=True)
    (ROOT / "build/flights").mkdir(parents=True)
    began = time.perf_counter()
    compile_and_write()
    fetch_one()
    fetchers, db = open_fetchers(), check.open_events()
    right = check_all(fetchers, db)
    compare_times(fetchers["by_origin"], db)
    console.print(
        f"\n[dim]{time.perf_counter() - began:.0f} s. Plans are in {COMPILED}, tiles in "
        "build/flights/tiles.\n"
    )
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
