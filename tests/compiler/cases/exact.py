"""Windows met exactly beside others: raw events of the inputs that are asked for so, lists among them."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

orders = EventSource(
    schema={"shop": "string", "total": "decimal(8,2)", "items": "array<string>", "paid": "boolean", "at": "timestamp"},
    query=Query(time_column="at"),
)
shops = GroupBy(
    sources=[orders],
    keys=["shop"],
    tiling_enabled=True,
    edge="exact",
    aggregations=[
        Aggregation(input_column="total", operation=Operation.SUM, windows=["1h", "7d"]),
        Aggregation(input_column="items", operation=Operation.UNIQUE_COUNT, windows=["12h"]),
        Aggregation(input_column="total", operation=Operation.COUNT),
        Aggregation(input_column="paid", operation=Operation.LAST, windows=["12h"], edge="sawtooth"),
    ],
)
