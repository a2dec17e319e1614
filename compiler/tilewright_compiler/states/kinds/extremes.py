"""The smallest and the largest value.

NaN is the largest number, as in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from ...plan.model import State
from ...plan.types import fixed_dtype, to_physical
from ..base import Field, PartialField, StateType

if TYPE_CHECKING:
    from ...sql.dialects import SqlDialect

#: The largest value, from the partials.
_WITH_NAN = "CASE WHEN {nan} > 0 THEN CAST('NaN' AS DOUBLE) ELSE {value} END"


class _Extreme(StateType):
    """An extreme value."""

    function: ClassVar[str]
    empty: ClassVar[int]
    """What an integer is where a tile has no value, and the partial that an engine makes of it."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Choose the extreme value.

        numpy can merge it only if it is a number.
        """
        dtype, merge = fixed_dtype(duckdb_type), self.function.lower()
        value = f"{merge}({to_physical(column, duckdb_type)})"
        return [Field("value", dtype, merge if dtype else None, value)]

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Choose the extreme value."""
        value = dialect.to_physical(column, state.type)
        return [dialect.extreme(self.function, value, state.type)]

    def partial_fields(self, state: State) -> list[PartialField]:
        """Choose the extreme value of those that are not NaN."""
        extreme = f"{self.function}({{x}})"
        match fixed_dtype(state.type):
            case "i64":
                value = f"COALESCE({extreme}, CAST('{self.empty}' AS BIGINT))"
                return [PartialField("value", "BIGINT", value)]
            case "f64":
                value = f"{extreme} FILTER (WHERE NOT ({{is_nan}}))"
                return [PartialField("value", "DOUBLE", value)]
            case _:
                # Flink compares texts by UTF-16 where it has both as Java strings, and by bytes
                # where it has not. A text that it has just made is bytes.
                return [PartialField("value", "VARCHAR", f"{self.function}(CONCAT({{x}}, ''))")]


class Smallest(_Extreme):
    """The smallest value."""

    function = "MIN"
    empty = (1 << 63) - 1


class Largest(_Extreme):
    """The largest value."""

    function = "MAX"
    empty = -(1 << 63)

    def partial_fields(self, state: State) -> list[PartialField]:
        """Count NaN beside the extreme value.

        Few engines' MAX knows NaN as the largest number.
        """
        fields = super().partial_fields(state)
        if fixed_dtype(state.type) == "f64":
            fields.append(PartialField("nan", "BIGINT", "COUNT(*) FILTER (WHERE {is_nan})"))
        return fields

    def finish(self, state: State) -> Mapping[str, str]:
        """Answer NaN where there is any."""
        return {"value": _WITH_NAN} if fixed_dtype(state.type) == "f64" else {}


KINDS = {"min": Smallest(), "max": Largest()}
