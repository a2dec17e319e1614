"""The first and last value by time, with its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import fixed_dtype, to_physical
from ..base import TIME, Field, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


class Endpoint(StateType):
    """A first or a last value.

    The largest (time, value) is the last event and settles ties of time by the larger value. With
    the time negated it is the first event, ties settled in the same way.
    """

    is_timed = True

    def __init__(self, kind: str, sign: str, function: str) -> None:
        """Take the name, the sign and the aggregate of time."""
        self._kind, self._sign, self._function = kind, sign, function

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Choose the pair of time and value."""
        pair = (
            f"max(struct_pack(t := {self._sign}{TIME}, x := {to_physical(column, duckdb_type)})) "
            f"FILTER (WHERE {column} IS NOT NULL)"
        )
        dtype = fixed_dtype(duckdb_type)
        merge = self._kind if dtype else None
        return [
            Field("ts", "i64", self._kind, f"{self._sign}struct_extract({pair}, 't')"),
            Field("value", dtype, merge, f"struct_extract({pair}, 'x')"),
        ]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Choose the time, and the value at that time."""
        time = dialect.identifier(TIME)
        value = dialect.to_physical(column, state.type)
        return [
            f"{self._function}(CASE WHEN NOT {column} IS NULL THEN {time} END)",
            dialect.endpoint(self._kind, value, state.type, time),
        ]


KINDS = {"first": Endpoint("first", "-", "MIN"), "last": Endpoint("last", "", "MAX")}
