"""The two largest values: what a tile keeps of them, and the SQL that collects the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tilewright_compiler.states.base import Field, StateType, listed

if TYPE_CHECKING:
    from tilewright_compiler.plan.model import State
    from tilewright_compiler.sql.dialects import SqlDialect


class RunnerUp(StateType):
    """The largest value and the second."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect the values, of which the runtime makes both."""
        collected = listed(column, f"CAST({column} AS DOUBLE)")
        both = [Field(name, "f64", "runner_up", None) for name in ("largest", "second")]
        return [Field("values", None, None, collected, kept=False), *both]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect the values."""
        return [dialect.listed.format(x=dialect.cast(column, "DOUBLE"))]


KINDS = {"runner_up": RunnerUp()}
