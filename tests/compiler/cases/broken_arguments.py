# mypy: ignore-errors
"""Arguments that are misspelled, missing, of a wrong type or of a wrong form."""

from datetime import timedelta

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, TimeUnit, Window, select

source = EventSource(
    schema={"user": "string", "x": "double", "ts": "timestamp"},
    query=Query(selects=select("user", "x"), time_colum="ts", wheres="x > 0"),
)
group = GroupBy(
    sources=[source, "clicks"],
    keys="user",
    tiling="yes",
    online=1,
    aggregations=[
        Aggregation(input_colum="x", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="x", operation="sum", windows=["1 hour", "0m", 5, timedelta(milliseconds=1500)]),
        Aggregation(input_column="x", operation=Operation.TOP_K, windows="1h"),
        Aggregation(input_column="x", operation=Operation.TOP_K(0), edge="exactly"),
        Aggregation(input_column="x", operation=Operation.APPROX_PERCENTILE([50, 99], sketch="gk"), windows=[]),
        Aggregation(input_column="x", operation=Operation.COUNT, windows=[Window(length="7", unit=TimeUnit.DAYS), "200y"]),
        Aggregation(input_column="x", operation=Operation.COUNT, windows=["36601d"]),
        Aggregation(input_column="x", operation=Operation.HISTOGRAM, windows=["1h"]),
        Aggregation("x", Operation.COUNT, windows=["1h"]),
    ],
    serving_config={"tile_size": "1 hour"},
)
empty = GroupBy(sources=[], keys=[], aggregations=[], serving_config={"size": "1h"})
unlisted = GroupBy(sources=source, keys=["user"], aggregations=Aggregation(input_column="x", operation=Operation.COUNT))
