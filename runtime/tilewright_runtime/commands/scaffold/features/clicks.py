"""What each user clicks and spends."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

clicks = EventSource(
    table="../data/clicks.csv",
    schema={"user_id": "string", "price": "double", "quantity": "bigint", "ts": "timestamp"},
    query=Query(
        selects=select("user_id", amount="price * quantity"), wheres=["price > 0"], time_column="ts"
    ),
)

user_clicks = GroupBy(
    sources=[clicks],
    keys=["user_id"],
    online=True,
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="amount", operation=Operation.SUM, windows=["1h", "1d"]),
        Aggregation(input_column="amount", operation=Operation.COUNT, windows=["1h", "1d"]),
        Aggregation(input_column="amount", operation=Operation.MAX, windows=["1d"]),
    ],
)
