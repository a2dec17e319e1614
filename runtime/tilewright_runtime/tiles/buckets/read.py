"""Reads tables of bucket values for finalizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...states.base import Rows
from ...states.values import Merged
from ..layout import Layout
from .values import Table, distinct_of

if TYPE_CHECKING:
    from fractions import Fraction


class Bucket(NamedTuple):
    """One value of a bucket column, with its merged states.

    The value is as a tile keeps it.
    """

    value: Any
    merged: Merged


class _LazyObjects(dict[str, Any]):
    """Merged objects, each merged when first asked for.

    They go by the name of their field of changing length.
    """

    def __init__(self, merge: Callable[[str], Any]) -> None:
        self._merge = merge

    def __missing__(self, name: str) -> Any:
        merged = self[name] = self._merge(name)
        return merged


class TableReader:
    """Reads the tables of one bucket column."""

    def __init__(self, layout: Layout, chosen: frozenset[str]) -> None:
        """Take the small records' layout.

        `chosen` are the texts that are chosen with a time and never merged.
        """
        self._layout = layout
        self._chosen = chosen
        self._names = [field.name for field in layout.variable]
        self._floats = _float_words(layout)
        self._added: list[int] = []
        for slab in layout.slabs:
            if slab.function == "add":
                self._added += range(slab.start, slab.stop)

    def read(self, table: Table) -> list[Bucket]:
        """Return the states of each value."""
        buckets = []
        pairs = zip(table.values.tolist(), self._numbers(table.rows), strict=True)
        for i, (value, numbers) in enumerate(pairs):
            fields = [table.parts[name][i] for name in self._names]
            buckets.append(self.bucket(value, numbers, fields))
        return buckets

    def bucket(self, value: Any, numbers: list[Any], fields: Sequence[list[bytes]]) -> Bucket:
        """Return the states of one value.

        The fields of changing length are in the order of the record.
        """
        return Bucket(value, Merged(numbers, _LazyObjects(partial(self._object, fields))))

    def read_parts(self, tables: Sequence[tuple[Table, Fraction | int]]) -> list[Bucket]:
        """Add up each value's sums over parts of tables.

        What cannot be added up stays 0.
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
        """Return the numbers of each row by word.

        A missing first or last value is None.
        """
        numbers: list[list[Any]] = rows.tolist()
        for word in self._floats:
            for own, value in zip(numbers, rows.view(np.float64)[:, word].tolist(), strict=True):
                own[word] = value
        for state in self._layout.joint_states:
            for own in numbers:
                state.mark_missing(own)
        return numbers

    def _object(self, fields: Sequence[list[bytes]], name: str) -> Any:
        """Merge the parts of a field."""
        parts = fields[self._names.index(name)]
        if not parts or name in self._chosen:
            return parts[0] if parts else None
        return self._layout.codecs[name].merge(parts)


def _float_words(layout: Layout) -> list[int]:
    words: list[int] = []
    for slab in layout.slabs:
        if slab.dtype == "f64":
            words += range(slab.start, slab.stop)
    for state in layout.joint_states:
        words += state.floats
    return words
