"""Expressions that trip over their values: divisors of zero, texts that are no numbers, nulls."""

from tilewright import Aggregation, EventSource, GroupBy, Operation, Query, select
from tilewright.operations import OperationSpec


def _over(column: str, *operations: OperationSpec) -> list[Aggregation]:
    return [Aggregation(input_column=column, operation=operation, windows=["1h", "12h"]) for operation in operations]


events = EventSource(
    schema={"user": "string", "amount": "double", "quantity": "bigint", "item": "string", "ts": "bigint"},
    query=Query(
        selects=select(
            "user",
            amount="amount / quantity",
            abs_amount="abs(amount / quantity)",
            quantity="cast(item as bigint)",
            item="case when amount > 50 then upper(trim(item)) else coalesce(item, 'it''s none') end",
        ),
        wheres=["amount is not null", "quantity >= 0 or item like 'a%'"],
        time_column="ts",
    ),
)
expressions = GroupBy(
    sources=[events],
    keys=["user"],
    tiling_enabled=True,
    online=True,
    name="conformance.expressions",
    aggregations=[
        *_over("amount", Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX, Operation.FIRST, Operation.LAST),
        *_over("abs_amount", Operation.SUM),
        *_over("quantity", Operation.SUM, Operation.LAST, Operation.LAST_K(3)),
        *_over("item", Operation.COUNT, Operation.FIRST, Operation.LAST, Operation.MAX),
    ],
)
