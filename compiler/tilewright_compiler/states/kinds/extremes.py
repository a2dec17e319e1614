"""The smallest and the largest value. NaN is the largest number, as in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import fixed_dtype, to_physical
from ..base import Field, PartialField, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect

#: What an integer is where a tile has no value, and the partial that a stream engine makes of it.
_EMPTY = {"min": (1 << 63) - 1, "max": -(1 << 63)}

#: The largest value, from the partials.
_WITH_NAN = "CASE WHEN {nan} > 0 THEN CAST('NaN' AS DOUBLE) ELSE {value} END"


def _fields(kind: str) -> Callable[[str, str], list[Field]]:
    def fields(column: str, duckdb_type: str) -> list[Field]:
        kept = fixed_dtype(duckdb_type)
        return [
            Field(
                "value", kept, kind if kept else None, f"{kind}({to_physical(column, duckdb_type)})"
            )
        ]

    return fields


def _warehouse(kind: str) -> Callable[[SqlDialect, str, State], list[str]]:
    return lambda dialect, column, state: [
        dialect.extreme(kind.upper(), dialect.to_physical(column, state.type), state.type)
    ]


def _partial_fields(kind: str) -> Callable[[State], list[PartialField]]:
    def partial_fields(state: State) -> list[PartialField]:
        extreme = f"{kind.upper()}({{x}})"
        match fixed_dtype(state.type):
            case "i64":
                return [
                    PartialField(
                        "value", "BIGINT", f"COALESCE({extreme}, CAST('{_EMPTY[kind]}' AS BIGINT))"
                    )
                ]
            case "f64":
                value = PartialField(
                    "value", "DOUBLE", f"{extreme} FILTER (WHERE NOT ({{is_nan}}))"
                )
                # How many values are NaN, the largest number of all; few engines' MAX knows that.
                return (
                    [value, PartialField("nan", "BIGINT", "COUNT(*) FILTER (WHERE {is_nan})")]
                    if kind == "max"
                    else [value]
                )
            case _:
                # Flink compares texts by UTF-16 where it has both as Java strings, and by bytes
                # where it has not. A text that it has just made is bytes.
                return [PartialField("value", "VARCHAR", f"{kind.upper()}(CONCAT({{x}}, ''))")]

    return partial_fields


KINDS = {
    "min": StateType(
        fields=_fields("min"), warehouse=_warehouse("min"), partial_fields=_partial_fields("min")
    ),
    "max": StateType(
        fields=_fields("max"),
        warehouse=_warehouse("max"),
        partial_fields=_partial_fields("max"),
        finish=lambda state: {"value": _WITH_NAN} if fixed_dtype(state.type) == "f64" else {},
    ),
}
