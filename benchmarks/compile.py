"""How long a thousand GroupBys take to compile and to explain, and the command line to say what it can do.

    python benchmarks/compile.py

The GroupBys are the quick start's, each in a file of its own, compiled to files by the command as an author would: for the
default target, then for all of them. Each plan is then explained as text and as a page. Growth is shown by a tenth as
many. The floor of the help is a Python that imports nothing but click.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from measure import seconds
from tilewright_compiler.output import target_names
from tilewright_compiler.plan import Plan
from tilewright_runtime import load_plan
from tilewright_runtime.report import report
from tilewright_runtime.report_page import page
from tilewright_runtime.report_text import print_report

#: The query time of the covers that are drawn: 2024-01-04T14:37:25Z.
AT = 1_704_379_045_000

SOURCE = """
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

events = EventSource(
    table="data/clicks.parquet",
    topic="kafka://localhost:9092/clicks",
    schema={{"user_id": "string", "price": "double", "quantity": "bigint", "ts": "timestamp"}},
    query=Query(selects=select("user_id", amount="price * quantity + {number}"), wheres=["price > {number}"], time_column="ts"),
)
clicks = GroupBy(
    sources=[events], keys=["user_id"], online=True, tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="amount", operation=Operation.SUM, windows=["1h", "12h", "7d"]),
        Aggregation(input_column="amount", operation=Operation.APPROX_PERCENTILE([0.5, 0.99]), windows=["12h"]),
    ],
)
"""

COMMAND = [sys.executable, "-m", "tilewright_runtime.cli"]


def compile_many(count: int) -> tuple[float, float, float]:
    """Seconds for so many files: compiled for the default target, compiled for all targets, and explained twice each."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            (Path(folder) / f"feature_{number}.py").write_text(SOURCE.format(number=number))
        plain = run(folder, "compile", ".")
        targets = [part for name in target_names() for part in ("--target", name)]
        everything = run(folder, "compile", ".", *targets, "--dialect", "bigquery")
        plans = [load_plan(path) for path in sorted((Path(folder) / "compiled").iterdir())]
        return plain, everything, seconds(lambda: explain(plans))


def run(folder: str, *arguments: str) -> float:
    """Seconds that a command takes."""
    return seconds(lambda: subprocess.run([*COMMAND, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL))


def explain(plans: Iterable[Plan]) -> None:
    """Both forms of `tilewright explain` for each plan, without the start of a process for each."""
    for plan in plans:
        found = report(plan, AT)
        print_report(Console(file=io.StringIO(), width=120), found)
        page(found)


def command_ms(command: list[str]) -> float:
    """The median time of a command."""
    return 1000 * statistics.median(seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)) for _ in range(15))


def main() -> None:
    """Help, then a hundred and a thousand."""
    bare = command_ms([sys.executable, "-c", "import click"])
    print(f"tilewright --help: {command_ms([*COMMAND, '--help']):.0f} ms; Python with click alone {bare:.0f} ms")
    few, many = compile_many(100), compile_many(1000)
    for what, of_100, of_1000 in zip(("compile", "compile for all targets", "explain as text and page"), few, many, strict=True):
        print(f"{what} 1,000 GroupBys: {of_1000:.1f} s ({of_1000:.1f} ms each); 100: {of_100:.1f} s ({of_100 * 10:.1f} ms each)")


if __name__ == "__main__":
    main()
