"""How long a thousand GroupBys take to compile, and the command line to say what it can do.

    python benchmarks/compile.py

The GroupBys are the quick start's, each in a file of its own, compiled to files by the command as an author would. Growth
is shown by a tenth as many. The floor of the help is a Python that imports nothing but click.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import seconds

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


def compile_many(count: int) -> float:
    """Seconds that the command takes for so many files."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            (Path(folder) / f"feature_{number}.py").write_text(SOURCE.format(number=number))
        return seconds(lambda: subprocess.run([*COMMAND, "compile", "."], cwd=folder, check=True, stdout=subprocess.DEVNULL))


def command_ms(command: list[str]) -> float:
    """The median time of a command."""
    return 1000 * statistics.median(seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)) for _ in range(15))


def main() -> None:
    """Help, then a hundred and a thousand."""
    bare = command_ms([sys.executable, "-c", "import click"])
    print(f"tilewright --help: {command_ms([*COMMAND, '--help']):.0f} ms; Python with click alone {bare:.0f} ms")
    few, many = compile_many(100), compile_many(1000)
    print(f"compile 1,000 GroupBys: {many:.1f} s ({many:.1f} ms each); 100: {few:.1f} s ({few * 10:.1f} ms each)")


if __name__ == "__main__":
    main()
