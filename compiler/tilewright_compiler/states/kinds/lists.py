"""Lists of at most k values: the largest, the smallest, the first, the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import family, to_physical
from ..base import TIME, Field, StateType, entries_bytes, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _values(column: str, duckdb_type: str) -> list[Field]:
    return [Field("entries", None, None, listed(column, to_physical(column, duckdb_type)))]


def _timed(column: str, duckdb_type: str) -> list[Field]:
    return [
        Field(
            "entries",
            None,
            None,
            listed(column, f"struct_pack(t := {TIME}, x := {to_physical(column, duckdb_type)})"),
        )
    ]


def _warehouse_values(dialect: SqlDialect, column: str, state: State) -> list[str]:
    return [dialect.listed.format(x=dialect.to_physical(column, state.type))]


def _warehouse_timed(dialect: SqlDialect, column: str, state: State) -> list[str]:
    kept = {"float": "DOUBLE", "text": "VARCHAR"}.get(family(state.type) or "", "BIGINT")
    time, value = dialect.identifier(TIME), dialect.to_physical(column, state.type)
    return [dialect.timed.format(x=value, t=time, type=dialect.type_of(kept))]


_OF_VALUES = StateType(fields=_values, warehouse=_warehouse_values, variable_bytes=entries_bytes(8))
_OF_TIMES = StateType(
    fields=_timed, warehouse=_warehouse_timed, is_timed=True, variable_bytes=entries_bytes(16)
)

KINDS = {
    "largest_k": _OF_VALUES,
    "smallest_k": _OF_VALUES,
    "first_k": _OF_TIMES,
    "last_k": _OF_TIMES,
}
