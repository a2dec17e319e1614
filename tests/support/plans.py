"""Small plans for tests: one source, compiled in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support.oracle import Asked
from tilewright import Aggregation, Derivation, EventSource, GroupBy, Query
from tilewright.aggregation import Edge
from tilewright.operations import OperationSpec
from tilewright_compiler.compile import compile_group_by
from tilewright_compiler.plan.model import Column, Feature, Plan, Source

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

#: 2024-01-04T14:37:25Z, the query time of the specification's worked example.
AT = 1_704_379_045_000


def event_source(
    schema: Mapping[str, str],
    name: str = "events",
    wheres: Sequence[str] = (),
    selects: Mapping[str, str] | None = None,
    topic: str | None = None,
) -> EventSource:
    """A source of the given columns; its time is the column `ts`, epoch milliseconds."""
    query = Query(selects=selects, wheres=wheres, time_column="ts")
    return EventSource(
        table="events.parquet",
        topic=topic,
        schema={**schema, "ts": "bigint"},
        query=query,
        name=name,
    )


def source_of(columns: Sequence[Column], null_values: Sequence[str] = ()) -> Source:
    """A plan's source of the given columns."""
    return Source(
        name="events",
        table="events.jsonl",
        topic=None,
        null_values=list(null_values),
        dialect="spark",
        schema=list(columns),
        selects={},
        wheres=[],
        time_column="ts",
    )


def plan_of(
    schema: Mapping[str, str],
    keys: Sequence[str],
    aggregations: Sequence[Aggregation],
    name: str = "things",
    wheres: Sequence[str] = (),
    selects: Mapping[str, str] | None = None,
    sources: Sequence[EventSource] = (),
    edge: Edge = "sawtooth",
    derivations: Mapping[str, str] | None = None,
    tiled: bool = True,
    **more: Any,
) -> Plan:
    """A plan over one source with the given columns, or over the given sources.

    `more` are other arguments of the GroupBy.
    """
    chosen = list(sources) or [event_source(schema, wheres=wheres, selects=selects)]
    made: dict[str, Any] = {
        "sources": chosen,
        "keys": keys,
        "aggregations": aggregations,
        "name": name,
        "edge": edge,
        **more,
    }
    derived = [
        Derivation(name=derivation, expression=expression)
        for derivation, expression in (derivations or {}).items()
    ]
    return compile_group_by(GroupBy(**made, derivations=derived, online=True, tiling_enabled=tiled))


def aggregations(
    column: str,
    operations: Sequence[OperationSpec],
    windows: Sequence[str] | None = ("1h",),
    edge: str = "sawtooth",
    buckets: Sequence[str] | None = None,
) -> list[Aggregation]:
    """Each operation over a column; the name of a feature says its edge mode unless it is the usual
    one.
    """
    return [
        Aggregation(
            input_column=column,
            operation=operation,
            windows=windows,
            edge=edge,  # type: ignore[arg-type]
            buckets=buckets,
            name=None if edge == "sawtooth" else f"{column}_{operation.suffix}_{edge}",
        )
        for operation in operations
    ]


def asked(feature: Feature) -> Asked:
    """A plan's feature as the question that the oracle answers."""
    return Asked(
        feature.operation,
        feature.input,
        feature.window_ms,
        feature.edge_ms,
        feature.edge,
        feature.params,
        feature.bucket,
    )


def finest_ms(plan: Plan) -> int:
    """The finest tile size of a plan; without tiles nothing is rounded, so any will do."""
    return plan.levels[-1].size_ms if plan.levels else 1
