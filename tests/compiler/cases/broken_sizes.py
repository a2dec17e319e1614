"""Tile sizes that do not fit their windows or each other."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

events = EventSource(schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts"))
seven = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["2h"], tile_size="7m"),
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1d"]),
    ],
)
long = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    tile_size="6h",
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h", "7d"]),
        Aggregation(input_column="x", operation=Operation.MAX, windows=["7d"], tile_size="8d"),
        Aggregation(input_column="x", operation=Operation.MIN, tile_size="6h"),
    ],
)
coarse = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["901s"]),
        Aggregation(input_column="x", operation=Operation.SUM, windows=["30d"], tile_size="1m"),
    ],
)
