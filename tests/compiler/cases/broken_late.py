"""Policies for late events that cannot be carried out."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

events = EventSource(
    schema={"user": "string", "x": "double", "y": "double", "ts": "timestamp"},
    query=Query(time_column="ts"),
)
keyed = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="user", operation=Operation.COUNT, windows=["1h"], late="approximate"),
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="x", operation=Operation.MIN, windows=["1h"], late="approximate"),
    ],
)
mixed = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    late="recompute",
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="y", operation=Operation.MIN, windows=["1h"], late="approximate"),
    ],
)
untiled = GroupBy(
    sources=[events],
    keys=["user"],
    late="recompute",
    aggregations=[Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])],
)
unknown = GroupBy(
    sources=[events],
    keys=["user"],
    late="redo",
    aggregations=[Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])],
)
identified = GroupBy(
    sources=[events.model_copy(update={"event_id": "nr"})],
    keys=["user"],
    aggregations=[Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])],
)
