"""Delays of the flights that left New York in 2013, by airport and by carrier."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

departures = EventSource(
    table="flights.parquet",
    schema={
        "departed": "timestamp",
        "delay": "int",
        "carrier": "string",
        "flight": "int",
        "tailnum": "string",
        "origin": "string",
        "dest": "string",
    },
    query=Query(
        selects=select(
            "origin", "carrier", "flight", "delay", aircraft="tailnum", destination="dest"
        ),
        wheres=["departed IS NOT NULL"],  # a cancelled flight never leaves
        time_column="departed",
    ),
)

WINDOWS = ["1h", "12h", "7d", "30d"]

features = [
    Aggregation(input_column="flight", operation=Operation.COUNT, windows=WINDOWS),
    Aggregation(input_column="delay", operation=Operation.AVERAGE, windows=WINDOWS),
    Aggregation(input_column="delay", operation=Operation.MAX, windows=WINDOWS),
    Aggregation(
        input_column="delay",
        operation=Operation.APPROX_PERCENTILE([0.5, 0.95, 0.99]),
        windows=WINDOWS,
    ),
    Aggregation(input_column="aircraft", operation=Operation.APPROX_UNIQUE_COUNT, windows=["7d"]),
    Aggregation(input_column="destination", operation=Operation.TOP_K(5), windows=["24h"]),
    Aggregation(input_column="destination", operation=Operation.LAST),
    Aggregation(input_column="flight", operation=Operation.COUNT),
]

by_origin = GroupBy(
    sources=[departures], keys=["origin"], aggregations=features, online=True, tiling_enabled=True
)
by_carrier = GroupBy(
    sources=[departures], keys=["carrier"], aggregations=features, online=True, tiling_enabled=True
)
