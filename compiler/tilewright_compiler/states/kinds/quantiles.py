"""Sketches of quantiles: t-digests and KLL sketches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ..base import Field, StateType, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _fields(column: str, duckdb_type: str) -> list[Field]:
    return [Field("sketch", None, None, listed(column, f"CAST({column} AS DOUBLE)"))]


def _numbers(dialect: SqlDialect, column: str, state: State) -> list[str]:
    return [dialect.listed.format(x=dialect.cast(column, "DOUBLE"))]


def _kll(dialect: SqlDialect, column: str, state: State) -> list[str]:
    if not dialect.kll:
        return _numbers(dialect, column, state)
    return [dialect.kll.format(x=dialect.cast(column, "DOUBLE"), k=state.params["k"])]


KINDS = {
    "tdigest": StateType(fields=_fields, warehouse=_numbers, variable_bytes=lambda state: 1600),
    "kll": StateType(fields=_fields, warehouse=_kll, variable_bytes=lambda state: 1600),
}
