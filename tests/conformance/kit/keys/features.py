"""Keys that would be one if they were pasted together, or that mean something to a store."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec


def _over(column: str, *operations: OperationSpec) -> list[Aggregation]:
    return [Aggregation(input_column=column, operation=operation, windows=["1h", "12h"]) for operation in operations]


events = EventSource(
    schema={"who": "string", "place": "bigint", "amount": "double", "quantity": "bigint", "item": "string", "ts": "bigint"},
    query=Query(
        selects=select(
            "who",
            "place",
            "amount",
            "quantity",
            "item",
            abs_amount="abs(amount)",
        ),
        time_column="ts",
    ),
)
keys = GroupBy(
    sources=[events],
    keys=["who", "place"],
    tiling_enabled=True,
    online=True,
    name="conformance.keys",
    aggregations=[
        *_over("amount", Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX, Operation.FIRST, Operation.LAST),
        *_over("abs_amount", Operation.SUM),
        *_over("quantity", Operation.SUM, Operation.LAST, Operation.LAST_K(3)),
        *_over("item", Operation.COUNT, Operation.FIRST, Operation.LAST, Operation.MAX),
    ],
)
