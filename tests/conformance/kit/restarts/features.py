"""Files between which an engine is stopped or killed and goes on: tiles of all levels are open, times are tied across the files."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec

NUMBERS = [Operation.COUNT, Operation.SUM, Operation.MIN, Operation.MAX, Operation.FIRST, Operation.LAST, Operation.LAST_K(3)]
OPERATIONS: dict[str, list[OperationSpec]] = {
    "quantity": [*NUMBERS, Operation.HISTOGRAM(), Operation.VARIANCE, Operation.APPROX_UNIQUE_COUNT],
    "amount": [*NUMBERS, Operation.LARGEST_K(2), Operation.APPROX_PERCENTILE([0.5])],
    "price": NUMBERS,
    "item": [Operation.COUNT, Operation.FIRST, Operation.FIRST_K(2), Operation.UNIQUE_COUNT, Operation.TOP_K(2)],
    "abs_amount": [Operation.SUM],
}
orders = EventSource(
    schema={"user": "string", "quantity": "bigint", "amount": "double", "price": "decimal(10,2)", "item": "string", "ts": "bigint"},
    query=Query(
        selects=select("user", "quantity", "amount", "price", "item", abs_amount="abs(amount)"),
        wheres=["quantity is null or quantity <> 0"],
        time_column="ts",
    ),
)
restarts = GroupBy(
    sources=[orders],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.restarts",
    aggregations=[
        Aggregation(input_column=column, operation=operation, windows=["15m", "1h", "7d"])
        for column, operations in OPERATIONS.items()
        for operation in operations
    ],
)
