"""A stream whose events come out of order up to the last moment of the allowed lateness, and later than that.

What the where leaves out is ahead of all of them, and moves no watermark.
"""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

visits = EventSource(
    schema={"user": "string", "amount": "bigint", "ts": "bigint"},
    query=Query(wheres=["amount is null or amount <> 999"], time_column="ts"),
)
late = GroupBy(
    sources=[visits],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.late",
    aggregations=[
        Aggregation(input_column="amount", operation=operation, windows=["1h", "12h", "7d"])
        for operation in (Operation.COUNT, Operation.SUM, Operation.MIN, Operation.FIRST, Operation.LAST_K(2))
    ],
)
