"""The two largest values: what a tile keeps of them, and the SQL that collects the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tilewright_compiler.states.base import Field, StateType, listed

if TYPE_CHECKING:
    from tilewright_compiler.plan.model import State
    from tilewright_compiler.sql.dialects import SqlDialect


def _fields(column: str, duckdb_type: str) -> list[Field]:
    values = Field("values", None, None, listed(column, f"CAST({column} AS DOUBLE)"), kept=False)
    return [values, *(Field(name, "f64", "runner_up", None) for name in ("largest", "second"))]


def _warehouse(dialect: SqlDialect, column: str, state: State) -> list[str]:
    return [dialect.listed.format(x=dialect.cast(column, "DOUBLE"))]


KINDS = {"runner_up": StateType(fields=_fields, warehouse=_warehouse)}
