"""A sketch of how many different values there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import family, to_physical
from ..base import Field, StateType, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _fields(column: str, duckdb_type: str) -> list[Field]:
    return [
        Field("sketch", None, None, listed(column, f"DISTINCT {to_physical(column, duckdb_type)}"))
    ]


def _warehouse(dialect: SqlDialect, column: str, state: State) -> list[str]:
    value = dialect.to_physical(column, state.type)
    if not dialect.hll or family(state.type) == "float":
        return [dialect.distinct.format(x=value)]
    template = dialect.hll if family(state.type) == "text" else dialect.hll_of_integers
    return [template.format(x=value, k=state.params["lg_k"])]


KINDS = {"hll": StateType(fields=_fields, warehouse=_warehouse, variable_bytes=lambda state: 512)}
