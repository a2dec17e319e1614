"""Edge modes that have no meaning where they stand."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

events = EventSource(schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts"))
prorated = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    edge="prorate",
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="x", operation=Operation.MIN, windows=["1h"]),
        Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], edge="prorate"),
        Aggregation(input_column="x", operation=Operation.COUNT, windows=["1h"], edge="prorate", default="none"),
    ],
)
