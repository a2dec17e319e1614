"""A stream in disorder: events some minutes late within the watermark, and some that are hours late."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select

payments = EventSource(
    schema={"user": "string", "amount": "double", "ts": "timestamp"},
    query=Query(selects=select("user", "amount", abs_amount="abs(amount)"), wheres=["amount > 1"], time_column="ts"),
)
disorder = GroupBy(
    sources=[payments],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.disorder",
    aggregations=[
        Aggregation(input_column="amount", operation=Operation.SUM, windows=["15m", "7d"]),
        Aggregation(input_column="abs_amount", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="amount", operation=Operation.COUNT),
        Aggregation(input_column="amount", operation=Operation.LAST, windows=["1h"]),
        Aggregation(input_column="amount", operation=Operation.LAST_K(5), windows=["1h"]),
        Aggregation(input_column="amount", operation=Operation.APPROX_PERCENTILE([0.5]), windows=["1d"]),
    ],
)
