"""Inputs that hold lists, as columns and as expressions, beside a key that is an input too; two sources of two widths."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

orders = EventSource(
    schema={
        "shop": "string",
        "total": "double",
        "items": "array<int>",
        "prices": "array<decimal(8,2)>",
        "seen": "ARRAY < timestamp >",
        "ts": "bigint",
    },
    query=Query(
        selects=select("shop", "total", "items", "prices", "seen", words="split(shop, ' ')"), wheres=["size(items) > 0"], time_column="ts"
    ),
)
returns = EventSource(
    schema={"shop": "string", "item": "bigint", "seen": "array<timestamp>", "at": "timestamp"},
    query=Query(
        selects=select(
            "shop",
            "seen",
            total="cast(null as double)",
            items="array(item, -item)",
            prices="cast(null as array<decimal(8,2)>)",
            words="cast(null as array<string>)",
        ),
        time_column="at",
    ),
)
shops = GroupBy(
    sources=[orders, returns],
    keys=["shop"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="total", operation=Operation.SUM, windows=["1d"]),
        Aggregation(input_column="shop", operation=Operation.COUNT, windows=["1d"]),
        Aggregation(input_column="items", operation=Operation.COUNT, windows=["1d"]),
        Aggregation(input_column="items", operation=Operation.TOP_K(5), windows=["1d"]),
        Aggregation(input_column="prices", operation=Operation.SUM, windows=["1d"], default="0.00"),
        Aggregation(input_column="seen", operation=Operation.LAST, windows=["1d"]),
        Aggregation(input_column="words", operation=Operation.FIRST_K(3), windows=["1d"]),
    ],
)
