"""Values that are kept exactly: sets, sets that stop growing, and counts by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import to_physical
from ..base import Field, StateType, entries_bytes, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _set(column: str, duckdb_type: str) -> list[Field]:
    return [
        Field("entries", None, None, listed(column, f"DISTINCT {to_physical(column, duckdb_type)}"))
    ]


def _histogram(column: str, duckdb_type: str) -> list[Field]:
    return [
        Field(
            "entries",
            None,
            None,
            f"histogram({to_physical(column, duckdb_type)}) FILTER (WHERE {column} IS NOT NULL)",
        )
    ]


def _distinct(dialect: SqlDialect, column: str, state: State) -> list[str]:
    return [dialect.distinct.format(x=dialect.to_physical(column, state.type))]


def _values(dialect: SqlDialect, column: str, state: State) -> list[str]:
    return [dialect.listed.format(x=dialect.to_physical(column, state.type))]


KINDS = {
    "unique": StateType(fields=_set, warehouse=_distinct, variable_bytes=lambda state: 512),
    "bounded": StateType(fields=_set, warehouse=_distinct, variable_bytes=entries_bytes(8)),
    "histogram": StateType(fields=_histogram, warehouse=_values, variable_bytes=lambda state: 512),
}
