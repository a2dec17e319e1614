"""The benchmark's figures beside the specification's.

They are text, or JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.console import Console

from tilewright.windows import format_duration

from ..lines import LEFT, RIGHT, Lines
from .experiment import Run
from .measuring import Measured, Prices
from .workload import Workload

#: way -> what the specification says of it, for a window of 4h and 500 events a second.
SPECIFICATION: dict[str, dict[str, float]] = {
    "no tiling": {
        "p50_ms": 487,
        "p99_ms": 1250,
        "operations": 7_200_000,
        "bytes": 288_000_000,
        "cpu_percent": 85,
        "memory_mb": 4096,
        "cost_per_million": 125.50,
        "speed_up": 1,
    },
    "5m tiles": {
        "p50_ms": 3.2,
        "p99_ms": 8.5,
        "operations": 48,
        "bytes": 1920,
        "cpu_percent": 12,
        "memory_mb": 256,
        "cost_per_million": 0.85,
        "speed_up": 152,
    },
    "1m tiles": {
        "p50_ms": 5.8,
        "p99_ms": 15.2,
        "operations": 240,
        "bytes": 9600,
        "cpu_percent": 18,
        "memory_mb": 384,
        "cost_per_million": 1.45,
        "speed_up": 84,
    },
}
#: row of the breakdown -> what the specification says of it.
SPECIFIED_STEPS_MS = {
    "range": 0.05,
    "expansion": 0.10,
    "cache_lookup": 0.15,
    "kv_fetch": 4.50,
    "deserialization": 0.40,
    "boundaries": 0.20,
    "merging": 0.60,
    "total": 6.00,
}
#: (figure, what it is called)
_FIGURES = (
    ("p50_ms", "p50, ms"),
    ("p99_ms", "p99, ms"),
    ("speed_up", "speed-up"),
    ("operations", "records read"),
    ("bytes", "bytes read"),
    ("cpu_ms", "CPU, ms"),
    ("cpu_percent", "CPU, %"),
    ("memory_mb", "memory, MB"),
    ("cost_per_million", "USD per million"),
)


def figures(run: Run, one: Measured, prices: Prices) -> dict[str, float]:
    """Give the figures of one way by name.

    The names are the specification's where it has them.
    """
    return {
        "p50_ms": one.p50_ms,
        "p99_ms": one.p99_ms,
        "speed_up": run.speed_up(one),
        "operations": one.operations,
        "bytes": one.bytes,
        "cpu_ms": one.cpu_ms,
        "cpu_percent": one.cpu_percent,
        "memory_mb": one.memory_mb,
        "cost_per_million": one.cost_per_million(prices, run.is_remote),
    }


def document(workload: Workload, runs: Iterable[Run], prices: Prices) -> dict[str, Any]:
    """Describe all measurements as JSON has them."""
    return {
        "workload": asdict(workload) | {"events": workload.events},
        "prices": asdict(prices),
        "runs": [_run_document(run, prices) for run in runs],
        "specification": {"ways": SPECIFICATION, "steps_ms": SPECIFIED_STEPS_MS},
    }


def _run_document(run: Run, prices: Prices) -> dict[str, Any]:
    ways = []
    for one in run.measured:
        ways.append(asdict(one) | figures(run, one, prices))
    return {"store": run.store, "ways": ways}


def print_benchmark(
    console: Console, workload: Workload, runs: Iterable[Run], prices: Prices
) -> None:
    """Print the tables of all runs.

    The specification's figures are in brackets.
    """
    lines = Lines(console)
    window = format_duration(workload.window_ms)
    lines.add(
        f"{workload.events:,} events of one entity: {workload.events_per_second:g} a second over "
        f"{window}. In brackets: the specification's figures for 7,200,000."
    )
    for run in runs:
        lines.heading(f"Store: {run.store}")
        _add_figures(lines, run, prices)
        lines.heading("Median time of each step, ms; of tiles, half are cached")
        _add_steps(lines, run)
    lines.heading("Note")
    lines.add(_explained(prices), "dim")
    console.print(lines)


def _add_figures(lines: Lines, run: Run, prices: Prices) -> None:
    head = ["", *map(_title, run.measured)]
    columns = [figures(run, one, prices) for one in run.measured]
    rows = []
    for name, called in _FIGURES:
        row = [called]
        for one, column in zip(run.measured, columns, strict=True):
            row.append(_beside(column[name], SPECIFICATION.get(one.name, {}).get(name)))
        rows.append(row)
    rows.append(["p50, ms, half cached", *(_cached(one.half_cached_ms) for one in run.measured)])
    rows.append(["p50, ms, all cached", *(_cached(one.cached_ms) for one in run.measured)])
    rows.append(["events counted", *(f"{one.events:,}" for one in run.measured)])
    rows.append(["requests", *(f"{one.requests:,}" for one in run.measured)])
    rows.append(["write, s", *(f"{one.write_seconds:,.1f}" for one in run.measured)])
    lines.table([LEFT, *[RIGHT] * len(run.measured)], head, rows)


def _add_steps(lines: Lines, run: Run) -> None:
    head = ["", *map(_title, run.measured), "(specification)"]
    rows = []
    for name, specified in SPECIFIED_STEPS_MS.items():
        cells = [number(one.steps_ms[name]) for one in run.measured]
        rows.append([name, *cells, f"({specified:.2f})"])
    lines.table([LEFT, *[RIGHT] * (len(head) - 1)], head, rows)


def _title(one: Measured) -> str:
    sizes = ", ".join(one.tile_sizes)
    return f"{one.name}: {sizes}" if one.name == "compiler's choice" else one.name


def _beside(value: float, specified: float | None) -> str:
    return number(value) + ("" if specified is None else f" ({number(specified)})")


def _cached(median_ms: float | None) -> str:
    return "" if median_ms is None else number(median_ms)


def number(value: float) -> str:
    """Write three digits, and thousands apart."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def _explained(prices: Prices) -> str:
    return (
        "Records read: tiles, or chunks of raw events. Events counted: a window of tiles begins "
        "with the whole tile that its start cuts. CPU: of the reading process, of one core. "
        "Memory: the most that a request holds at once. "
        "Half cached: the tiles of the window's older half are in a cache of the process. "
        f"Prices: {prices.cpu_hour:g} USD a core "
        f"and hour, {prices.memory_gb_hour:g} a GB of memory and hour, {prices.network_gb:g} a GB "
        "of network from a store that is not embedded."
    )
