"""Reads tables of bucket values for finalizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ...states.base import Rows
from ...states.values import Merged
from ..layout import Layout
from .values import Table, distinct_of


class Bucket(NamedTuple):
    """One value of a bucket column, as a tile keeps it, and the states of the events with it."""

    value: Any
    merged: Merged


class _LazyObjects(dict[str, Any]):
    """Merged objects by field of changing length, each merged when it is first asked for."""

    def __init__(self, merge: Callable[[str], Any]) -> None:
        self._merge = merge

    def __missing__(self, name: str) -> Any:
        merged = self[name] = self._merge(name)
        return merged


class TableReader:
    """Reads the tables of one bucket column."""

    def __init__(self, layout: Layout, chosen: frozenset[str]) -> None:
        """Take the layout of the small records, and their texts that are never merged."""
        self._layout = layout
        self._chosen = chosen
        self._floats = _float_words(layout)
        self._added = [
            word
            for slab in layout.slabs
            if slab.ufunc is np.add
            for word in range(slab.start, slab.stop)
        ]

    def read(self, table: Table) -> list[Bucket]:
        """Return the states of each value."""
        return [
            Bucket(value, Merged(numbers, _LazyObjects(self._merge_of(table, i))))
            for i, (value, numbers) in enumerate(
                zip(table.values.tolist(), self._numbers(table.rows), strict=True)
            )
        ]

    def read_parts(self, tables: Sequence[tuple[Table, Fraction]]) -> list[Bucket]:
        """Return the sums of each value, of tables of which only a part counts.

        All that is not added up is left at 0.
        """
        if not tables:
            return []
        distinct, indices = distinct_of(np.concatenate([table.values for table, _ in tables]))
        sums: list[list[Any]] = [[0] * self._layout.words for _ in range(len(distinct))]
        remaining = iter(indices.tolist())
        for table, part in tables:
            for numbers in self._numbers(table.rows):
                own = sums[next(remaining)]
                for word in self._added:
                    own[word] += part * numbers[word]
        return [
            Bucket(value, Merged(numbers, {}))
            for value, numbers in zip(distinct.tolist(), sums, strict=True)
        ]

    def _numbers(self, rows: Rows) -> list[list[Any]]:
        """Return the numbers of each row by word; None where there is no first or last value."""
        numbers: list[list[Any]] = rows.tolist()
        for word in self._floats:
            for own, value in zip(numbers, rows.view(np.float64)[:, word].tolist(), strict=True):
                own[word] = value
        for state in self._layout.joint_states:
            for own in numbers:
                state.mark_missing(own)
        return numbers

    def _merge_of(self, table: Table, i: int) -> Callable[[str], Any]:
        """Return the function that merges a field of the i-th value."""

        def merge(name: str) -> Any:
            parts = table.parts[name][i]
            if not parts or name in self._chosen:
                return parts[0] if parts else None
            return self._layout.codecs[name].merge(parts)

        return merge


def _float_words(layout: Layout) -> list[int]:
    words: list[int] = []
    for slab in layout.slabs:
        if slab.dtype == "f64":
            words += range(slab.start, slab.stop)
    for state in layout.joint_states:
        words += state.floats
    return words
