"""Counts and sums: numbers that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import LIMB, family, fixed_dtype, to_physical
from ..base import Field, PartialField, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


class Count(StateType):
    """How many values there are."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Count the values."""
        return [Field("n", "i64", "add", f"count({column})")]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Count the values."""
        return [f"COUNT({column})"]

    def partial_fields(self, state: State) -> list[PartialField]:
        """Count the values."""
        return [PartialField("n", "BIGINT", "COUNT({x})")]


class Sum(StateType):
    """The sum, as a double or an exact integer.

    The integer is kept in two halves.
    """

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Add up the values."""
        value = to_physical(column, duckdb_type)
        if fixed_dtype(duckdb_type) == "f64":
            return [Field("sum", "f64", "add", f"sum({value})")]
        return [
            Field("hi", "i64", "add", f"CAST(sum({value}) // {LIMB} AS BIGINT)"),
            Field("lo", "i64", "add", f"CAST(sum({value}) % {LIMB} AS BIGINT)"),
        ]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Add up the values."""
        value = dialect.to_physical(column, state.type)
        return [f"SUM({value})"] if family(state.type) == "float" else list(dialect.limbs(value))

    def partial_fields(self, state: State) -> list[PartialField]:
        """Add up each limb by itself, so that neither overflows."""
        if fixed_dtype(state.type) == "f64":
            return [PartialField("sum", "DOUBLE", "COALESCE(SUM({x}), 0e0)")]
        return [
            PartialField("hi", "BIGINT", f"COALESCE(SUM({{x}} / {LIMB}), 0)"),
            PartialField("lo", "BIGINT", f"COALESCE(SUM(MOD({{x}}, {LIMB})), 0)"),
        ]


KINDS = {"count": Count(), "sum": Sum()}
