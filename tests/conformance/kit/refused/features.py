"""Rows that cannot be used, each with another reason, among rows that can."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query

orders = EventSource(
    schema={"user": "string", "qty": "int", "price": "decimal(8,2)", "at": "timestamp"},
    query=Query(
        wheres=["qty is null or qty > 0"],
        # Beyond 2,147,483 pieces the milliseconds go beyond an int.
        time_column="unix_millis(at) + coalesce(qty, 0) * 1000",
    ),
)
refused = GroupBy(
    sources=[orders],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.refused",
    aggregations=[
        Aggregation(input_column="qty", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="price", operation=Operation.SUM, windows=["1h"]),
        Aggregation(input_column="price", operation=Operation.COUNT, windows=["1d"]),
    ],
)
