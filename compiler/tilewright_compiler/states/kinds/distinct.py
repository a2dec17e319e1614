"""A sketch of how many different values there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plan.model import State
from ...plan.types import family, to_physical
from ..base import Field, StateType, listed

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect


class DistinctSketch(StateType):
    """A HyperLogLog sketch."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Collect the values.

        To tell them apart in SQL would take longer than to sketch them.
        """
        return [Field("sketch", None, None, listed(column, to_physical(column, duckdb_type)))]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Make the sketch, or else collect the different values.

        It depends on what the dialect can do.
        """
        value = dialect.to_physical(column, state.type)
        if not dialect.hll or family(state.type) == "float":
            return [dialect.distinct.format(x=value)]
        template = dialect.hll if family(state.type) == "text" else dialect.hll_of_integers
        return [template.format(x=value, k=state.params["lg_k"])]

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of a sketch of few values."""
        return 512


KINDS = {"hll": DistinctSketch()}
