"""How long a thousand GroupBys take to compile and to explain, and the command line to say what it
can do.

    python benchmarks/compile.py

The GroupBys are the quick start's, each in a file of its own with expressions of its own, compiled
to files by the command as an author would: for the default target, then for all of them. Each plan
is then explained as text and as a page. The times are those of the processor, so that others on the
machine do not count. A query of tiles is written once for all GroupBys with the same keys, inputs
and aggregations, so a second run gives each inputs of its own. Growth is shown by a tenth as many.
The floor of the help is a Python that imports nothing but click.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from measure import cpu_seconds, seconds
from tilewright_compiler.output import target_names
from tilewright_runtime import load_plan
from tilewright_runtime.reports.page import page
from tilewright_runtime.reports.plan import PlanReport, report
from tilewright_runtime.reports.text import print_report

#: The query time of the covers that are drawn: 2024-01-04T14:37:25Z.
AT = 1_704_379_045_000

SOURCE = """
from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

events = EventSource(
    table="data/clicks.parquet",
    topic="kafka://localhost:9092/clicks",
    schema={{"user_id": "string", "price": "double", "quantity": "bigint", "ts": "timestamp"}},
    query=Query(
        selects=select("user_id", {amount}="price * quantity + {number}"),
        wheres=["price > {number}"],
        time_column="ts",
    ),
)
clicks = GroupBy(
    sources=[events], keys=["user_id"], online=True, tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="{amount}", operation=Operation.SUM, windows=["1h", "12h", "7d"]),
        Aggregation(
            input_column="{amount}",
            operation=Operation.APPROX_PERCENTILE([0.5, 0.99]),
            windows=["12h"],
        ),
    ],
)
"""

COMMAND = [sys.executable, "-m", "tilewright_runtime.cli"]


#: What is measured, in this order; of the last three the sum is shown too.
PARTS = ("compile", "compile for all targets", "explain as text", "explain as a page")


def compile_many(count: int, inputs: Callable[[int], str]) -> list[float]:
    """Seconds for so many files, with an input's name for each by its number: the PARTS."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            (Path(folder) / f"feature_{number}.py").write_text(
                SOURCE.format(number=number, amount=inputs(number))
            )
        targets = [part for name in target_names() for part in ("--target", name)]
        plain = cpu_seconds(lambda: run(folder, "compile", "."))
        everything = cpu_seconds(
            lambda: run(folder, "compile", ".", *targets, "--dialect", "bigquery")
        )
        paths = sorted((Path(folder) / "compiled").iterdir())
        return [
            plain,
            everything,
            cpu_seconds(lambda: explain(paths, show_text)),
            cpu_seconds(lambda: explain(paths, page)),
        ]


def run(folder: str, *arguments: str) -> None:
    """One command."""
    subprocess.run([*COMMAND, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def explain(paths: list[Path], show: Callable[[PlanReport], object]) -> None:
    """What `tilewright explain` does for each plan, without the start of a process for each."""
    for path in paths:
        show(report(load_plan(path), AT))


def show_text(found: PlanReport) -> None:
    """A report as on a terminal."""
    print_report(Console(file=io.StringIO(), width=120), found)


def command_ms(command: list[str]) -> float:
    """The median time of a command."""
    return 1000 * statistics.median(
        seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
        for _ in range(15)
    )


def main() -> None:
    """Help, then a hundred and a thousand."""
    bare = command_ms([sys.executable, "-c", "import click"])
    print(
        f"tilewright --help: {command_ms([*COMMAND, '--help']):.0f} ms; Python with click alone "
        f"{bare:.0f} ms"
    )
    for whose, inputs in (
        ("the same inputs", lambda number: "amount"),
        ("inputs of their own", lambda number: f"amount_{number}"),
    ):
        few, many = compile_many(100, inputs), compile_many(1000, inputs)
        print(f"1,000 GroupBys with {whose}, in seconds of processor time; in brackets 100:")
        for part, of_100, of_1000 in zip(PARTS, few, many, strict=True):
            print(f"  {part}: {of_1000:.1f} ({of_100:.1f})")
        print(f"  all targets, text and page together: {sum(many[1:]):.1f} ({sum(few[1:]):.1f})")


if __name__ == "__main__":
    main()
