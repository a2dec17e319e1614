"""Central moments: the number of values, their mean, and the sums of powers of the distances from
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...plan.model import State
from ..base import Field, StateType, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _fields(*sums: str) -> Callable[[str, str], list[Field]]:
    # On 10**9 + small numbers DuckDB's var_pop was measured to be off by 1e-8 and its skewness by 3
    # %, so it only collects the values of a tile; the runtime makes the moments from them, with the
    # mean as two doubles.
    def fields(column: str, duckdb_type: str) -> list[Field]:
        values = Field(
            "values", None, None, listed(column, f"CAST({column} AS DOUBLE)"), kept=False
        )
        n = Field("n", "i64", "add", f"count({column})")
        return [
            values,
            n,
            *(Field(name, "f64", "moments", None) for name in ("mean", "rest", *sums)),
        ]

    return fields


def _warehouse(dialect: SqlDialect, column: str, state: State) -> list[str]:
    return [dialect.listed.format(x=dialect.cast(column, "DOUBLE")), f"COUNT({column})"]


KINDS = {
    "variance": StateType(fields=_fields("m2"), warehouse=_warehouse),
    "moments": StateType(fields=_fields("m2", "m3", "m4"), warehouse=_warehouse),
}
