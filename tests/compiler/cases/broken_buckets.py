"""Bucket columns that cannot be, and defaults that are no maps."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

SCHEMA = {"user": "string", "kind": "string", "tags": "array<string>", "bin": "binary", "x": "double", "ts": "timestamp"}
events = EventSource(schema=SCHEMA, query=Query(time_column="ts"))
wrong = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"], buckets=["kin"]),
        Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], buckets=["kind", "user"]),
        Aggregation(input_column="x", operation=Operation.MIN, windows=["1h"], buckets=["kind", "kind"]),
    ],
)
types = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.LAST, windows=["1h"], buckets=["tags"]),
        Aggregation(input_column="x", operation=Operation.FIRST, windows=["1h"], buckets=["bin"]),
        Aggregation(input_column="kind", operation=Operation.SUM, windows=["1h"], buckets=["kind"]),
        Aggregation(input_column="x", operation=Operation.COUNT, windows=["1h"], buckets=["kind"], default=0),
        Aggregation(input_column="x", operation=Operation.COUNT, windows=["1h"], buckets=[], name="none"),
        Aggregation(input_column="x", operation=Operation.COUNT, windows=["1h"], buckets="kind", name="text"),
    ],
)
unlike = GroupBy(
    sources=[events, EventSource(name="other", schema=SCHEMA | {"kind": "int"}, query=Query(time_column="ts"))],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"], buckets=["kind"])],
)
