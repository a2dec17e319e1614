"""Two sources of one GroupBy, in two dialects and with numbers of two widths; a key of each scalar type."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

KEYS = ("store", "ratio", "open", "day", "at", "price", "name")
web = EventSource(
    schema={
        "store": "int",
        "ratio": "float",
        "open": "boolean",
        "day": "date",
        "at": "timestamp_ntz",
        "price": "decimal(10,2)",
        "name": "string",
        "n": "smallint",
        "ts": "timestamp",
    },
    query=Query(time_column="ts"),
)
shop = EventSource(
    name="shop_floor",
    schema={"store": "bigint", "ratio": "double", "day": "date", "price": "decimal(10,2)", "n": "bigint", "ms": "bigint"},
    query=Query(
        selects=select("store", "ratio", "day", "price", "n", open="true", at="to_timestamp(ms / 1000)", name="'shop ' || store"),
        time_column="ms",
        dialect="duckdb",
    ),
)
sales = GroupBy(
    sources=[web, shop],
    keys=KEYS,
    tiling_enabled=True,
    name="retail.sales",
    aggregations=[Aggregation(input_column="n", operation=Operation.SUM, windows=["3h"], tile_size="10m")],
    tile_size="30m",
)
