"""The first and the last value by event time, with its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import fixed_dtype, to_physical
from ..base import TIME, Field, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _fields(kind: str, sign: str) -> Callable[[str, str], list[Field]]:
    # The largest (time, value) is the last event and settles ties of time by the larger value;
    # with the time negated it is the first event, ties settled in the same way.
    def fields(column: str, duckdb_type: str) -> list[Field]:
        pair = (
            f"max(struct_pack(t := {sign}{TIME}, x := {to_physical(column, duckdb_type)})) FILTER "
            f"(WHERE {column} IS NOT NULL)"
        )
        kept = fixed_dtype(duckdb_type)
        return [
            Field("ts", "i64", kind, f"{sign}struct_extract({pair}, 't')"),
            Field("value", kept, kind if kept else None, f"struct_extract({pair}, 'x')"),
        ]

    return fields


def _warehouse(kind: str, function: str) -> Callable[[SqlDialect, str, State], list[str]]:
    def aggregates(dialect: SqlDialect, column: str, state: State) -> list[str]:
        time = dialect.identifier(TIME)
        value = dialect.endpoint(kind, dialect.to_physical(column, state.type), state.type, time)
        return [f"{function}(CASE WHEN NOT {column} IS NULL THEN {time} END)", value]

    return aggregates


KINDS = {
    "first": StateType(
        fields=_fields("first", "-"), warehouse=_warehouse("first", "MIN"), is_timed=True
    ),
    "last": StateType(
        fields=_fields("last", ""), warehouse=_warehouse("last", "MAX"), is_timed=True
    ),
}
