"""A small Spark: one session for all tests, and the jobs that are generated for an event log."""

from __future__ import annotations

import os
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

from support.kafka import jars
from tilewright_compiler.output import load_targets, render, write
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.engines.spark.command import say
from tilewright_runtime.engines.spark.following import follow
from tilewright_runtime.engines.spark.history import build
from tilewright_runtime.engines.spark.job import Queries

#: Compiled code of one tier, a simple collector and classes whose byte code is not checked start
#: sooner; two partitions are enough for some hundred rows.
_JAVA = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC "
    "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)
_SUBMIT = (
    f"--driver-memory 1g --driver-java-options '{_JAVA}' --conf spark.sql.shuffle.partitions=2"
)


def small_spark() -> dict[str, str]:
    """The environment in which a session is small, and its workers import what this process
    imports.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    connector = ",".join(str(jar) for jar in sorted(jars("spark").glob("*.jar")))
    return {
        "PYSPARK_SUBMIT_ARGS": f"{_SUBMIT} --jars {connector} pyspark-shell",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": paths,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


@dataclass(frozen=True)
class Jobs:
    """The two generated jobs of a plan, run in this process; each run gives the exit status."""

    plan: Plan
    queries: Queries
    tiles: str

    @classmethod
    def of(cls, plan: Plan, folder: Path) -> Jobs:
        """Compiles the jobs into a folder and reads what stands in them."""
        write(str(folder), render([plan], load_targets(["spark"]).values()))
        found = runpy.run_path(str(folder / plan.name / "spark" / "job.py"))
        return cls(plan, found["SOURCES"], found["TILES"])

    def build(self, store: str, *events: str, until: str | None = None) -> int:
        """Runs `job.py`."""
        return build(self.plan, self.queries, self.tiles, store, events, None, False, until, say)

    def follow(self, store: str, checkpoint: Path, *events: str, state: Path | None = None) -> int:
        """Runs `stream.py` until all that is there was read."""
        return follow(
            self.plan,
            self.queries,
            self.tiles,
            store,
            events,
            str(checkpoint),
            str(state) if state else None,
            None,
            False,
            say,
        )
