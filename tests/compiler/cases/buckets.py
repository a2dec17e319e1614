"""Features by bucket: of every kind of state, beside ones of all events, by two columns, over lists and a lifetime."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

orders = EventSource(
    schema={
        "shop": "string",
        "country": "string",
        "kind": "int",
        "at": "date",
        "total": "decimal(10,2)",
        "items": "array<string>",
        "ts": "bigint",
    },
    query=Query(selects=select("shop", "country", "kind", "total", "items", week="date_trunc('WEEK', at)"), time_column="ts"),
)
shops = GroupBy(
    sources=[orders],
    keys=["shop"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="total", operation=Operation.SUM, windows=["1h", "1d"], buckets=["country", "kind"]),
        Aggregation(input_column="total", operation=Operation.SUM, windows=["1d"]),
        Aggregation(input_column="total", operation=Operation.AVERAGE, windows=["1d"], buckets=["country"], default={"SE": 0.0}),
        Aggregation(input_column="total", operation=Operation.LAST, buckets=["country"]),
        Aggregation(input_column="items", operation=Operation.COUNT, windows=["1d"], buckets=["country"]),
        Aggregation(input_column="items", operation=Operation.TOP_K(3), windows=["1d"], buckets=["week"]),
        Aggregation(input_column="country", operation=Operation.COUNT, windows=["1d"], buckets=["country"]),
        Aggregation(input_column="total", operation=Operation.SUM, windows=["1d"], edge="prorate", buckets=["kind"], name="part"),
    ],
)
