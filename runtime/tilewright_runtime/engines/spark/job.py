"""What the two generated jobs have in common: their command line, their views, and how they end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tilewright_compiler.plan.model import Plan

from ...errors import TilewrightError
from .session import end_session, readable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: source -> (the query of typed rows, the query of events)
Queries = Mapping[str, tuple[str, str]]


def say(text: str) -> None:
    """A line of the log, on standard error."""
    click.echo(f"{time.strftime('%H:%M:%S')} {text}", err=True)


def plan_beside(script: str, given: str | None) -> Plan:
    """The plan that a job was generated from: the one given, or that in the folder above the
    script. Raises PlanError.
    """
    from ...plans import load_plan

    return load_plan(given or Path(script).resolve().parent.parent)


def events_view(spark: SparkSession, queries: Queries, raw: Mapping[str, DataFrame]) -> DataFrame:
    """The events of all sources, usable and refused."""
    events: DataFrame | None = None
    with readable():
        for name, (typed, selected) in queries.items():
            raw[name].createOrReplaceTempView(f"raw_{name}")
            spark.sql(typed).createOrReplaceTempView(f"typed_{name}")
            found = spark.sql(selected)
            events = found if events is None else events.unionByName(found)
    if events is None:
        raise ValueError("a job without sources")
    return events


def refusals(events: DataFrame) -> dict[str, int]:
    """How many events cannot be used, by reason."""
    counted = events.where("`__reason` IS NOT NULL").groupBy("__reason").count().collect()
    return dict(sorted(((row[0], row[1]) for row in counted), key=lambda pair: (-pair[1], pair[0])))


def run(work: Callable[[], int]) -> None:
    """Runs a job and ends the process: status 0, what the job says, or 1 with the error in a
    line.
    """
    try:
        status = work()
    except TilewrightError as error:
        click.echo(f"error: {error}", err=True)
        status = 1
    except KeyboardInterrupt:
        status = 130
    end_session()
    sys.exit(status)
