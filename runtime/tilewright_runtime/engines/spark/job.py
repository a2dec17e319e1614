"""What the Spark jobs share: plan, views and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tilewright_compiler.plan.clocks import NO_CLOCK, SPARK_CLOCK
from tilewright_compiler.plan.model import Plan

from .session import readable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: The column of an event's source.
SOURCE = "__source"
#: source -> (the query of typed rows, the query of events)
Queries = Mapping[str, tuple[str, str]]


def plan_beside(script: str, given: str | None) -> Plan:
    """Load the plan that a job was generated from.

    It is the one that is given, or else the one in the folder above the script's. Raises PlanError
    if it cannot be read.
    """
    from ...plans import load_plan

    return load_plan(given or Path(script).resolve().parent.parent)


def events_view(
    spark: SparkSession,
    queries: Queries,
    raw: Mapping[str, DataFrame],
    replay: bool,
    outside: str = "",
) -> DataFrame:
    """Make one table of all events, usable and refused.

    In a replay no event is ahead of the clock. Those `outside`, which is a condition in SQL, are
    left out.
    """
    from pyspark.sql import functions as f

    events: DataFrame | None = None
    with readable():
        for name, (typed, selected) in queries.items():
            raw[name].createOrReplaceTempView(f"raw_{name}")
            spark.sql(typed).createOrReplaceTempView(f"typed_{name}")
            more = spark.sql(selected.replace(SPARK_CLOCK, NO_CLOCK) if replay else selected)
            more = more.withColumn(SOURCE, f.lit(name))
            events = more if events is None else events.unionByName(more)
    if events is None:
        raise ValueError("a job without sources")
    if not outside:
        return events
    condition = outside.replace('"', "`")
    return events.where(f"NOT coalesce({condition}, false)")


def refusals(events: DataFrame) -> dict[str, int]:
    """Count the events that cannot be used, by reason."""
    counted = events.where("`__reason` IS NOT NULL").groupBy("__reason").count().collect()
    by_reason = sorted((-count, reason) for reason, count in counted)
    return {reason: -negative for negative, reason in by_reason}
