"""Names that cannot be used, that are missing, and that are taken."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

events = EventSource(schema={"user": "string", "x": "double", "ts": "timestamp"}, query=Query(time_column="ts"))
total = [Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"])]


def make(name: str | None = None) -> GroupBy:
    return GroupBy(sources=[events], keys=["user"], tiling_enabled=True, name=name, aggregations=total)


unnamed = [make()]
dashed = make("user-totals")
dotted = make("a..b")
first = make("totals")
second = make("Totals")
clash = GroupBy(
    sources=[events, events],
    keys=["user"],
    tiling_enabled=True,
    aggregations=[
        Aggregation(input_column="x", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="x", operation=Operation.MAX, windows=["1h"], name="X_sum"),
        Aggregation(input_column="x", operation=Operation.MIN, windows=["1h"], name="__min\n"),
    ],
)
device = make("Con.daily")
long = make("long" * 60)
