"""Sets, bounded sets, and counts by value.

Their operations are UNIQUE_COUNT, BOUNDED_UNIQUE_COUNT and HISTOGRAM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tilewright.operations.exact import MOST_KEPT
from tilewright_compiler.plan.model import Feature

from ...errors import InputError
from ..base import Placement
from ..exact_values import Entries, ExactState
from ..fields import Bytes
from ..sorted_values import FEW, insert
from ..values import Merged, to_python

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues


class _Ascending(ExactState):
    """Different values, ascending."""

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._most = int(self.state.params.get("max_values", MOST_KEPT))

    def from_values(self, values: GroupedValues) -> Mapping[str, list[Bytes]]:
        """Make the entries of each group, without a limit."""
        return {"entries": super().from_column(self.collect(values))}

    def from_column(self, column: pa.Array) -> list[Bytes]:
        """Make the entries of each tile, up to its limit."""
        parts = super().from_column(column)
        if len(column.values) > self._most:
            for part in parts:
                self._require_bounded(part or b"")
        return parts

    def encode(self, merged: Entries, /) -> bytes:
        """Encode values, if they are not too many."""
        return self._require_bounded(super().encode(merged))

    def _require_bounded(self, part: bytes) -> bytes:
        # Each batch copies the values of the tiles that it changes, so what it costs grows with
        # their number.
        if _size(part) > self._most:
            raise InputError(
                f"a tile would keep {_size(part):,} different values of {self.state.input!r}, "
                f"and {self._most:,} is the limit. Nothing of this batch was written. Use "
                "APPROX_UNIQUE_COUNT, BOUNDED_UNIQUE_COUNT or TOP_K, a smaller tile_size, or "
                f"another max_values, at most {MOST_KEPT:,}."
            )
        return part

    def merge_pair(self, old: bytes, new: bytes, /) -> bytes:
        """Merge two tiles.

        A few values are inserted among many without taking those apart.
        """
        few, many = sorted((old, new), key=_size)
        if _size(few) * FEW > _size(many):
            return super().merge_pair(old, new)
        return self._require_bounded(insert(many, few, self.dtype, self.numbered))


def _size(part: bytes) -> int:
    return int.from_bytes(part[:4], "little")


class ValueSet(_Ascending):
    """All different values, ascending."""

    def reduce(self, entries: Entries) -> Entries:
        """Drop repeated values."""
        values = entries.values
        if values.dtype == object:
            # A set of texts is far quicker than numpy's sorting of all of them.
            return Entries(np.array(sorted(set(values.tolist())), dtype=object))
        return Entries(np.unique(values))

    def finalize(self, feature: Feature, merged: Merged) -> int:
        """Finalize UNIQUE_COUNT or BOUNDED_UNIQUE_COUNT."""
        entries = merged.objects[f"{self.id}.entries"]
        return 0 if entries is None else len(entries.values)


class BoundedSet(ValueSet):
    """A set of the k smallest values.

    Which values it keeps must not depend on which came first.
    """

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._k = int(self.state.params["k"])

    def reduce(self, entries: Entries) -> Entries:
        """Drop repeated values, and all but the k smallest."""
        return super().reduce(entries).select(slice(self._k))

    def merge_pair(self, old: bytes, new: bytes, /) -> bytes:
        """Merge two tiles, of which both are small."""
        return self.encode(self.merge([old, new]))


class Histogram(_Ascending):
    """How often each value occurs, values ascending."""

    numbered = True

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._to_python = to_python(self.state.type)

    def reduce(self, entries: Entries) -> Entries:
        """Add up the counts of equal values."""
        if entries.values.dtype == object:
            return _count_texts(entries)
        values, indices = np.unique(entries.values, return_inverse=True)
        counts = np.zeros(len(values), dtype=np.int64)
        np.add.at(counts, indices, entries.numbers)
        return Entries(values, counts)

    def collect(self, values: GroupedValues) -> pa.Array:
        """Make a map from value to count of each group."""
        import pyarrow as pa

        offsets, different, counts = values.counted()
        return pa.MapArray.from_arrays(offsets, values.arrow(different), counts)

    def finalize(self, feature: Feature, merged: Merged) -> dict[Any, int] | None:
        """Finalize HISTOGRAM: most frequent first, ties by value."""
        entries = merged.objects[f"{self.id}.entries"]
        if entries is None:
            return None
        # Values ascend, so a stable sort leaves ties in their order.
        order = np.argsort(-entries.numbers, kind="stable")[: feature.params["k"] or None]
        chosen = entries.select(order)
        values = map(self._to_python, chosen.values.tolist())
        return dict(zip(values, chosen.numbers.tolist(), strict=True))


def _count_texts(entries: Entries) -> Entries:
    """Add up the counts of equal texts.

    A dictionary does so far faster than numpy.
    """
    counts: dict[bytes, int] = {}
    for text, count in zip(entries.values.tolist(), entries.numbers.tolist(), strict=True):
        counts[text] = counts.get(text, 0) + count
    texts = sorted(counts)
    numbers = np.fromiter(map(counts.__getitem__, texts), np.int64, len(texts))
    return Entries(np.array(texts, dtype=object), numbers)


KINDS = {"unique": ValueSet, "bounded": BoundedSet, "histogram": Histogram}
FINALIZERS = {
    "UNIQUE_COUNT": ValueSet.finalize,
    "BOUNDED_UNIQUE_COUNT": ValueSet.finalize,
    "HISTOGRAM": Histogram.finalize,
}
