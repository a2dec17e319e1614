"""Lists of at most k values.

Their operations are LARGEST_K, SMALLEST_K, FIRST_K and LAST_K.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tilewright_compiler.plan.model import Feature

from ..base import Placement
from ..exact_values import Entries, ExactState
from ..values import Merged, to_python

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues


class _List(ExactState):
    """At most k values."""

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._k = int(self.state.params["k"])
        self._to_python = to_python(self.state.type)

    def finalize(self, feature: Feature, merged: Merged) -> list[Any] | None:
        """Finalize the operation of the same name."""
        entries = merged.objects[f"{self.id}.entries"]
        return None if entries is None else list(map(self._to_python, entries.values.tolist()))


class LargestValues(_List):
    """The k largest values, descending."""

    def reduce(self, entries: Entries) -> Entries:
        """Keep the k largest."""
        return Entries(np.sort(entries.values)[::-1][: self._k])


class SmallestValues(_List):
    """The k smallest values, ascending."""

    def reduce(self, entries: Entries) -> Entries:
        """Keep the k smallest."""
        return Entries(np.sort(entries.values)[: self._k])


class _TimedList(_List):
    """The values of at most k events, with their times."""

    numbered = True
    sign: ClassVar[int]
    """1 for the oldest events first, -1 for the newest."""

    def reduce(self, entries: Entries) -> Entries:
        """Keep the k events that are furthest out.

        Of several at the same time, those with larger values come first.
        """
        ranks = np.unique(entries.values, return_inverse=True)[1]  # in the order of SQL
        return entries.select(np.lexsort((-ranks, self.sign * entries.numbers))[: self._k])

    def collect(self, values: GroupedValues) -> pa.Array:
        """Make a list of (time, value) of each group."""
        import pyarrow as pa

        columns = [pa.array(values.times), values.arrow(values.values)]
        return values.listed(pa.StructArray.from_arrays(columns, ["t", "x"]))


class FirstValues(_TimedList):
    """The values of the k earliest events, oldest first."""

    sign = 1


class LastValues(_TimedList):
    """The values of the k latest events, newest first."""

    sign = -1


KINDS = {
    "largest_k": LargestValues,
    "smallest_k": SmallestValues,
    "first_k": FirstValues,
    "last_k": LastValues,
}
FINALIZERS = {
    "LARGEST_K": _List.finalize,
    "SMALLEST_K": _List.finalize,
    "FIRST_K": _List.finalize,
    "LAST_K": _List.finalize,
}
