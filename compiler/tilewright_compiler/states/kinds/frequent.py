"""A summary of the most frequent values, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import family, to_physical
from ..base import Field, StateType, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect

#: Of these the summary takes the text of the whole number that a tile would store.
_AS_NUMBERS = ("decimal", "timestamp")


class FrequentValues(StateType):
    """A summary of how often values come."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect the texts, which are counted once they are listed."""
        is_number = family(duckdb_type) in _AS_NUMBERS
        value = to_physical(column, duckdb_type) if is_number else column
        return [Field("sketch", None, None, listed(column, f"CAST({value} AS VARCHAR)"))]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect the texts."""
        is_number = family(state.type) in _AS_NUMBERS
        value = dialect.to_physical(column, state.type) if is_number else column
        return [dialect.listed.format(x=dialect.cast(value, "VARCHAR"))]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of a summary of few values."""
        return 512


KINDS = {"frequent": FrequentValues()}
