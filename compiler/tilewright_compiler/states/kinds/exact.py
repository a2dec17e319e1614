"""Sets, sets that stop growing, and counts by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import to_physical
from ..base import Field, StateType, list_bytes, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


class ValueSet(StateType):
    """All different values."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect the different values."""
        different = listed(column, f"DISTINCT {to_physical(column, duckdb_type)}")
        return [Field("entries", None, None, different)]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect the different values."""
        return [dialect.distinct.format(x=dialect.to_physical(column, state.type))]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of a set of few values."""
        return 512


class BoundedSet(ValueSet):
    """At most k different values."""

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of at most k values."""
        return list_bytes(state, 8)


class Histogram(StateType):
    """Counts by value."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Count by value."""
        value = to_physical(column, duckdb_type)
        counts = f"histogram({value}) FILTER (WHERE {column} IS NOT NULL)"
        return [Field("entries", None, None, counts)]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect the values."""
        return [dialect.listed.format(x=dialect.to_physical(column, state.type))]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of counts of some dozens of values."""
        return 512


KINDS = {"unique": ValueSet(), "bounded": BoundedSet(), "histogram": Histogram()}
