"""The quick start: two aggregations over three windows."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

click_events = EventSource(
    table="data/clicks.parquet",
    topic="kafka://localhost:9092/clicks",
    schema={"user_id": "string", "price": "double", "quantity": "bigint", "ts": "timestamp"},
    query=Query(selects=select("user_id", amount="price * quantity"), wheres=["price > 0"], time_column="ts"),
)
clicks_tiled = GroupBy(
    sources=[click_events],
    keys=["user_id"],
    online=True,
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="amount", operation=Operation.SUM, windows=["1h", "12h", "7d"]),
        Aggregation(input_column="amount", operation=Operation.APPROX_PERCENTILE([0.5, 0.99]), windows=["12h"]),
    ],
)
