"""The first and the last millisecond of tiles, several values at one time, a tile with nulls only, and one event alone."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec


def _over(column: str, *operations: OperationSpec) -> list[Aggregation]:
    return [Aggregation(input_column=column, operation=operation, windows=["1h", "12h"]) for operation in operations]


events = EventSource(
    schema={"user": "string", "amount": "double", "quantity": "bigint", "item": "string", "ts": "bigint"},
    query=Query(
        selects=select(
            "user",
            "amount",
            "quantity",
            "item",
            abs_amount="abs(amount)",
        ),
        time_column="ts",
    ),
)
tile_edges = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.tile_edges",
    aggregations=[
        *_over("amount", Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX, Operation.FIRST, Operation.LAST),
        *_over("abs_amount", Operation.SUM),
        *_over("quantity", Operation.SUM, Operation.LAST, Operation.LAST_K(3)),
        *_over("item", Operation.COUNT, Operation.FIRST, Operation.LAST, Operation.MAX),
    ],
)
