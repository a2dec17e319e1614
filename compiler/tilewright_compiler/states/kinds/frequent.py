"""A sketch of the most frequent values, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import family, to_physical
from ..base import Field, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect

#: Of these the sketch takes the text of the whole number that a tile would store.
_AS_NUMBERS = ("decimal", "timestamp")


def _fields(column: str, duckdb_type: str) -> list[Field]:
    value = to_physical(column, duckdb_type) if family(duckdb_type) in _AS_NUMBERS else column
    return [
        Field(
            "sketch",
            None,
            None,
            f"histogram(CAST({value} AS VARCHAR)) FILTER (WHERE {column} IS NOT NULL)",
        )
    ]


def _warehouse(dialect: SqlDialect, column: str, state: State) -> list[str]:
    value = dialect.to_physical(column, state.type) if family(state.type) in _AS_NUMBERS else column
    return [dialect.listed.format(x=dialect.cast(value, "VARCHAR"))]


KINDS = {
    "frequent": StateType(fields=_fields, warehouse=_warehouse, variable_bytes=lambda state: 512)
}
