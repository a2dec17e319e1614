"""Counts and sums: numbers that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import LIMB, family, fixed_dtype, to_physical
from ..base import Field, PartialField, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


def _count(column: str, duckdb_type: str) -> list[Field]:
    return [Field("n", "i64", "add", f"count({column})")]


def _sum(column: str, duckdb_type: str) -> list[Field]:
    value = to_physical(column, duckdb_type)
    if fixed_dtype(duckdb_type) == "f64":
        return [Field("sum", "f64", "add", f"sum({value})")]
    return [
        Field("hi", "i64", "add", f"CAST(sum({value}) // {LIMB} AS BIGINT)"),
        Field("lo", "i64", "add", f"CAST(sum({value}) % {LIMB} AS BIGINT)"),
    ]


def _warehouse_sum(dialect: SqlDialect, column: str, state: State) -> list[str]:
    value = dialect.to_physical(column, state.type)
    return [f"SUM({value})"] if family(state.type) == "float" else list(dialect.limbs(value))


def _partial_sum(state: State) -> list[PartialField]:
    if fixed_dtype(state.type) == "f64":
        return [PartialField("sum", "DOUBLE", "COALESCE(SUM({x}), 0e0)")]
    # Each limb is added up by itself, so that neither overflows.
    return [
        PartialField("hi", "BIGINT", f"COALESCE(SUM({{x}} / {LIMB}), 0)"),
        PartialField("lo", "BIGINT", f"COALESCE(SUM(MOD({{x}}, {LIMB})), 0)"),
    ]


KINDS = {
    "count": StateType(
        fields=_count,
        warehouse=lambda dialect, column, state: [f"COUNT({column})"],
        partial_fields=lambda state: [PartialField("n", "BIGINT", "COUNT({x})")],
    ),
    "sum": StateType(fields=_sum, warehouse=_warehouse_sum, partial_fields=_partial_sum),
}
