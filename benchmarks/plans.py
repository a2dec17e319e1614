"""Plans of made-up users' events, which benchmarks measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.plan.model import Plan

#: When features are asked for: 2024-01-04T14:37:25Z.
END_MS = 1_704_379_045_000
DAY_MS = 86_400_000
FIVE = (Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX)

#: A column and what is computed of it.
Asked = tuple[str, OperationSpec]


def five_of(*columns: str) -> list[Asked]:
    """Five operations on each of some columns."""
    return [(column, operation) for column in columns for operation in FIVE]


def plan_of(
    name: str,
    columns: Mapping[str, str],
    asked: Sequence[Asked],
    windows: Sequence[str] | None,
    topic: str | None = None,
    **options: Any,
) -> Plan:
    """A plan over windows, or over all of the past, of a file and, if one is named, a topic.

    `columns` are those of the events beside user and time, and `options` those of Aggregation.
    """
    used = dict.fromkeys([*(column for column, _ in asked), *options.get("buckets", ())])
    source = EventSource(
        table="events.parquet",
        topic=topic,
        schema={"user_id": "string", **columns, "ts": "bigint"},
        query=Query(selects=select("user_id", *used), time_column="ts"),
    )
    aggregations = [
        Aggregation(input_column=column, operation=operation, windows=windows, **options)
        for column, operation in asked
    ]
    group_by = GroupBy(
        sources=[source],
        keys=["user_id"],
        online=True,
        tiling_enabled=True,
        aggregations=aggregations,
    )
    return compile_group_by(group_by, name=name)
