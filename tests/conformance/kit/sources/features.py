"""Two sources whose events are of the same entities, each with columns and expressions of its own."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec

OPERATIONS: dict[str, list[OperationSpec]] = {
    "quantity": [Operation.COUNT, Operation.SUM, Operation.MAX, Operation.FIRST, Operation.LAST_K(3)],
    "page": [Operation.COUNT, Operation.LAST, Operation.UNIQUE_COUNT],
}
web = EventSource(
    name="web",
    schema={"user": "string", "n": "bigint", "ts": "bigint"},
    query=Query(selects=select("user", quantity="n", page="cast(null as string)"), time_column="ts"),
)
shop = EventSource(
    name="shop",
    schema={"customer": "string", "boxes": "int", "page": "string", "at": "timestamp"},
    query=Query(
        selects=select(user="lower(customer)", quantity="boxes * 10", page="page"),
        wheres=["boxes <> 3"],
        time_column="at",
    ),
)
sources = GroupBy(
    sources=[web, shop],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.sources",
    aggregations=[
        Aggregation(input_column=column, operation=operation, windows=["1h", "12h"])
        for column, operations in OPERATIONS.items()
        for operation in operations
    ],
)
