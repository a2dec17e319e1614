"""Everything that the language has and the compiler does not build yet."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

events = EventSource(schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts"))
later = GroupBy(
    sources=[events],
    keys=["user"],
    aggregations=[
        Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], edge="exact"),
    ],
)
