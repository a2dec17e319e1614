"""Every operation that is built, windowed and over a lifetime, with shared states."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

flights = EventSource(
    schema={"tail": "string", "origin": "string", "delay": "int", "fare": "decimal(8,2)", "left": "bigint"},
    query=Query(
        selects=select("origin", "delay", "fare", "tail", late="delay > 15", day="to_date(timestamp_millis(`left`))"),
        wheres=["delay is not null", "origin in ('JFK', 'LGA')"],
        time_column="left",
    ),
)
origins = GroupBy(
    sources=[flights],
    keys=["origin"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="delay", operation=Operation.COUNT, windows=["1h", "24h"]),
        Aggregation(input_column="delay", operation=Operation.SUM, windows=["24h"], default=0),
        Aggregation(input_column="delay", operation=Operation.AVERAGE, windows=["24h"], edge="truncate"),
        Aggregation(input_column="fare", operation=Operation.SUM, windows=["7d"]),
        Aggregation(input_column="tail", operation=Operation.MIN, windows=["7d"]),
        Aggregation(input_column="day", operation=Operation.MAX, windows=["7d"]),
        Aggregation(input_column="tail", operation=Operation.FIRST, windows=["1h"]),
        Aggregation(input_column="late", operation=Operation.LAST, name="last_was_late"),
        Aggregation(input_column="delay", operation=Operation.APPROX_PERCENTILE([0.5, 0.99]), windows=["24h"]),
        Aggregation(input_column="tail", operation=Operation.APPROX_UNIQUE_COUNT, windows=["7d"]),
        Aggregation(input_column="tail", operation=Operation.TOP_K(5), windows=["24h"]),
        Aggregation(input_column="tail", operation=Operation.TOP_K(500), windows=["24h"]),
        Aggregation(input_column="delay", operation=Operation.COUNT),
        Aggregation(input_column="fare", operation=Operation.VARIANCE, windows=["24h"]),
        Aggregation(input_column="fare", operation=Operation.STDDEV, windows=["7d"]),
        Aggregation(input_column="delay", operation=Operation.SKEW, windows=["24h"]),
        Aggregation(input_column="delay", operation=Operation.KURTOSIS, windows=["24h"]),
        Aggregation(input_column="tail", operation=Operation.FIRST_K(3), windows=["24h"]),
        Aggregation(input_column="fare", operation=Operation.LAST_K(3), windows=["24h"], default=[]),
        Aggregation(input_column="day", operation=Operation.LARGEST_K(3), windows=["24h"]),
        Aggregation(input_column="delay", operation=Operation.SMALLEST_K(3), windows=["24h"]),
        Aggregation(input_column="tail", operation=Operation.UNIQUE_COUNT, windows=["24h"]),
        Aggregation(input_column="tail", operation=Operation.BOUNDED_UNIQUE_COUNT(100), windows=["24h"]),
        Aggregation(input_column="tail", operation=Operation.BOUNDED_UNIQUE_COUNT(10), windows=["24h"]),
        Aggregation(input_column="late", operation=Operation.HISTOGRAM(), windows=["24h"], default={}),
        Aggregation(input_column="tail", operation=Operation.HISTOGRAM(10), windows=["24h"]),
        Aggregation(input_column="fare", operation=Operation.PERCENTILE([0.5], sketch="kll", k=400), windows=["24h"]),
        Aggregation(input_column="fare", operation=Operation.PERCENTILE([0.5], compression=100), name="fare_p50", windows=["24h"]),
    ],
)
