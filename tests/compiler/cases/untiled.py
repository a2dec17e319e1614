"""A GroupBy without tiles: its events are kept, and aggregated when they are asked for."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

logins = EventSource(
    schema={"user": "string", "device": "string", "day": "date", "seconds": "int", "ts": "bigint"},
    query=Query(time_column="ts"),
)
users = GroupBy(
    sources=[logins],
    keys=["user"],
    tiling_enabled=False,
    aggregations=[
        Aggregation(input_column="seconds", operation=Operation.AVERAGE, windows=["1h", "2d"]),
        Aggregation(input_column="device", operation=Operation.TOP_K(3), windows=["2d"]),
        Aggregation(input_column="day", operation=Operation.FIRST, windows=["2d"]),
    ],
)
