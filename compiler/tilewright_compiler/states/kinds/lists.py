"""The k largest, smallest, first or last values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import family, to_physical
from ..base import TIME, Field, StateType, list_bytes, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


class ValueList(StateType):
    """Values alone."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect the values."""
        return [Field("entries", None, None, listed(column, to_physical(column, duckdb_type)))]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect the values."""
        return [dialect.listed.format(x=dialect.to_physical(column, state.type))]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of at most k values."""
        return list_bytes(state, 8)


class TimedList(StateType):
    """Values with their times."""

    is_timed = True

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect pairs of time and value."""
        pair = f"struct_pack(t := {TIME}, x := {to_physical(column, duckdb_type)})"
        return [Field("entries", None, None, listed(column, pair))]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect pairs of time and value."""
        kept_type = {"float": "DOUBLE", "text": "VARCHAR"}.get(family(state.type) or "", "BIGINT")
        time, value = dialect.identifier(TIME), dialect.to_physical(column, state.type)
        return [dialect.timed.format(x=value, t=time, type=dialect.type_of(kept_type))]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of at most k pairs."""
        return list_bytes(state, 16)


KINDS = {
    "largest_k": ValueList(),
    "smallest_k": ValueList(),
    "first_k": TimedList(),
    "last_k": TimedList(),
}
