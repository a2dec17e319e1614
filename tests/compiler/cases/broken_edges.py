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
untiled = GroupBy(
    sources=[events],
    keys=["user"],
    tile_size="5m",
    edge="prorate",
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"], tile_size="1m"),
        Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], edge="truncate"),
        Aggregation(input_column="x", operation=Operation.MIN, windows=["1h"], edge="exact"),
    ],
)
