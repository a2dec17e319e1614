"""Late events that have their tiles computed again, and ids of events."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

clicks = EventSource(
    table="clicks.parquet",
    schema={"user": "string", "amount": "double", "kind": "string", "nr": "bigint", "ts": "timestamp"},
    query=Query(time_column="ts"),
    event_id="concat(user, '/', nr)",
    event_id_horizon="2d",
)
late = GroupBy(
    sources=[clicks],
    keys=["user"],
    tiling_enabled=True,
    late="recompute",
    max_ahead="1h",
    aggregations=[
        Aggregation(input_column="amount", operation=Operation.SUM, windows=["1h"], buckets=["kind"]),
        Aggregation(input_column="amount", operation=Operation.MAX, windows=["1d"]),
    ],
)
