"""Sketches of quantiles: t-digests and KLL sketches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ..base import Field, StateType, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


class Digest(StateType):
    """A t-digest."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect the values."""
        return [Field("sketch", None, None, listed(column, f"CAST({column} AS DOUBLE)"))]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Collect the values."""
        return [dialect.listed.format(x=dialect.cast(column, "DOUBLE"))]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of a sketch of some hundred values."""
        return 1600


class Kll(Digest):
    """A KLL sketch."""

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Make the sketch, or else collect the values.

        It depends on what the dialect can do.
        """
        if not dialect.kll:
            return super().warehouse(dialect, column, state)
        return [dialect.kll.format(x=dialect.cast(column, "DOUBLE"), k=state.params["k"])]


KINDS = {"tdigest": Digest(), "kll": Kll()}
