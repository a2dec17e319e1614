"""Counts and sums: COUNT, SUM and AVERAGE.

In a prorated window the merged numbers are fractions: a part of a tile counts by its share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Feature
from tilewright_compiler.plan.types import LIMB, decimal_scale, family

from ...errors import FetchError
from ...lazily import np
from ..base import Form, Placement, StateType
from ..values import Merged, to_python

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..grouped_values import GroupedValues

_INT64 = 1 << 63


class Count(StateType):
    """How many values there are."""

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self.tells_presence = True
        self.n = self.words["n"]

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any]]:
        """Count the values of each group."""
        return {"n": values.counts}

    def has_value(self, merged: Merged) -> bool:
        """Tell by the count."""
        return bool(merged.numbers[self.n] > 0)

    def count(self, feature: Feature, merged: Merged) -> int:
        """Finalize COUNT."""
        n: int = merged.numbers[self.n]
        return n

    def count_form(self, feature: Feature) -> Form:
        """Say how the kernel finalizes COUNT."""
        return "count", [self.n]

    def prorated_count(self, feature: Feature, merged: Merged) -> float:
        """Finalize COUNT of parts of tiles."""
        return float(merged.numbers[self.n])


class Sum(StateType):
    """The sum, as a double or an exact integer.

    The integer is two halves, high * 2**32 + low.
    """

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._is_float = family(self.state.type) == "float"
        is_decimal = family(self.state.type) == "decimal"
        self._high = self.words["sum" if self._is_float else "hi"]
        self._low = self.words["sum" if self._is_float else "lo"]
        self._scale = 10 ** decimal_scale(self.state.type) if is_decimal else 1
        self._limit = 10**28 if is_decimal else _INT64
        self._to_python = to_python(self.state.type)

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any]]:
        """Add up the values of each group."""
        if self._is_float:
            # Infinities of both signs make NaN, as they do in SQL.
            with np.errstate(invalid="ignore", over="ignore"):
                return {"sum": np.add.reduceat(values.values, values.starts)}
        return {
            "hi": np.add.reduceat(values.values // LIMB, values.starts),
            "lo": np.add.reduceat(values.values % LIMB, values.starts),
        }

    def _total(self, merged: Merged) -> Any:
        if self._is_float:
            return merged.numbers[self._high]
        return merged.numbers[self._high] * LIMB + merged.numbers[self._low]

    def sum(self, count: Count, feature: Feature, merged: Merged) -> Any:
        """Finalize SUM, exactly for integers and decimals.

        Raises FetchError if the sum does not fit its type.
        """
        numbers = merged.numbers
        if not numbers[count.n]:
            return None
        if self._is_float:
            return numbers[self._high]
        total = self._total(merged)
        if not -self._limit <= total < self._limit:
            raise FetchError(
                f"{feature.name}: the sum {total} does not fit its type {feature.type}. Sum a "
                "double instead."
            )
        return self._to_python(total)

    def average(self, count: Count, feature: Feature, merged: Merged) -> Any:
        """Finalize AVERAGE."""
        n = merged.numbers[count.n]
        return self._total(merged) / (n * self._scale) if n else None

    def sum_form(self, count: Count, feature: Feature) -> Form | None:
        """Say how the kernel finalizes SUM, but not of decimals."""
        if self._is_float:
            return "float_sum", [count.n, self._high]
        is_plain = family(self.state.type) == "integer"
        return ("integer_sum", [count.n, self._high, self._low]) if is_plain else None

    def average_form(self, count: Count, feature: Feature) -> Form | None:
        """Say how the kernel finalizes AVERAGE."""
        if self._is_float:
            return "float_average", [count.n, self._high]
        if self._scale >= _INT64:
            return None
        return "integer_average", [count.n, self._high, self._low, self._scale]

    def prorated_sum(self, count: Count, feature: Feature, merged: Merged) -> float | None:
        """Finalize SUM of parts of tiles."""
        return float(self._total(merged) / self._scale) if merged.numbers[count.n] else None

    def prorated_average(self, count: Count, feature: Feature, merged: Merged) -> float | None:
        """Finalize AVERAGE of parts of tiles."""
        average = self.average(count, feature, merged)
        return None if average is None else float(average)


KINDS = {"count": Count, "sum": Sum}
FINALIZERS = {"COUNT": Count.count, "SUM": Sum.sum, "AVERAGE": Sum.average}
PRORATED = {
    "COUNT": Count.prorated_count,
    "SUM": Sum.prorated_sum,
    "AVERAGE": Sum.prorated_average,
}
FORMS = {"COUNT": Count.count_form, "SUM": Sum.sum_form, "AVERAGE": Sum.average_form}
