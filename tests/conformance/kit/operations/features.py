"""Every operation over every type that it takes: two keys, nulls, texts beyond ASCII, events on both sides of every tile's edges."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec

INTEGERS = [Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.VARIANCE, Operation.KURTOSIS]
ORDERED = [Operation.MIN, Operation.MAX, Operation.LARGEST_K(3), Operation.SMALLEST_K(2)]
ANY = [Operation.FIRST, Operation.LAST, Operation.FIRST_K(2), Operation.LAST_K(3), Operation.UNIQUE_COUNT]
COUNTED = [Operation.BOUNDED_UNIQUE_COUNT(2), Operation.HISTOGRAM(), Operation.APPROX_UNIQUE_COUNT]
SKETCHED = [Operation.APPROX_PERCENTILE([0.5, 0.99]), Operation.PERCENTILE([0.5], sketch="kll", k=400)]
OPERATIONS: dict[str, list[OperationSpec]] = {
    "n": [*INTEGERS, *ORDERED, *ANY, *COUNTED, Operation.TOP_K(3), SKETCHED[0]],
    "x": [*INTEGERS, *ORDERED, *ANY, *COUNTED, *SKETCHED],
    "price": [*INTEGERS, *ORDERED, *ANY, *COUNTED, Operation.TOP_K(3)],
    "tag": [Operation.COUNT, *ORDERED, *ANY, *COUNTED, Operation.TOP_K(3)],
    "day": [Operation.COUNT, *ORDERED, *ANY, *COUNTED, Operation.TOP_K(3)],
    "seen": [Operation.COUNT, *ORDERED, *ANY, *COUNTED, Operation.TOP_K(3)],
    "ok": [Operation.COUNT, *ANY, *COUNTED, Operation.TOP_K(3)],
    # What the sums of x are compared by.
    "abs_x": [Operation.SUM],
}
events = EventSource(
    schema={
        **{"user": "string", "shop": "bigint", "n": "bigint", "x": "double", "price": "decimal(12,3)"},
        **{"tag": "string", "day": "date", "seen": "timestamp", "ok": "boolean", "ts": "bigint"},
    },
    query=Query(selects=select("user", "shop", "n", "x", "price", "tag", "day", "seen", "ok", abs_x="abs(x)"), time_column="ts"),
)
operations = GroupBy(
    sources=[events],
    keys=["user", "shop"],
    tiling_enabled=True,
    online=True,
    name="conformance.operations",
    aggregations=[
        Aggregation(input_column=column, operation=operation, windows=["1h", "2d"], name=f"{column}_{number}")
        for column, operations in OPERATIONS.items()
        for number, operation in enumerate(operations)
    ],
)
