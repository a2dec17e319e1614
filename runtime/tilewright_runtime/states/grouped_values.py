"""The values of one input, grouped, in numpy.

They are those of raw events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan.types import decimal_scale, family

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class GroupedValues:
    """The values of one input, grouped, in order of time.

    Nulls are left out, and so are groups without values. Texts are numbered in their order, and the
    numbers stand for them.
    """

    groups: Ints
    """The number of each group."""
    starts: Ints
    """Where the values of each group begin."""
    counts: Ints
    """How many values each group has."""
    times: Ints
    """The time of each value."""
    values: NDArray[Any]
    texts: pa.Array | None = None
    """The text of each number."""

    @property
    def run(self) -> Ints:
        """The index of each value's group."""
        return np.repeat(np.arange(len(self.groups)), self.counts)

    def arrow(self, values: NDArray[Any]) -> pa.Array:
        """Convert some of the values to Arrow."""
        return pa.array(values) if self.texts is None else self.texts.take(pa.array(values))

    def listed(self, values: pa.Array) -> pa.Array:
        """Make a list for each group.

        `values` stand for the group's values one by one.
        """
        offsets = np.append(self.starts, self.counts.sum())
        return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)

    def doubles(self, duckdb_type: str) -> NDArray[np.float64]:
        """Convert the values, numbers of a type, to doubles."""
        scale = 10 ** decimal_scale(duckdb_type) if family(duckdb_type) == "decimal" else 1
        return self.values.astype(np.float64) / scale

    def counted(self) -> tuple[pa.Array, NDArray[Any], pa.Array]:
        """Count the different values of each group.

        Returns the offsets of the groups, the values group after group, and the count of each.
        """
        different, numbers = np.unique(self.values, return_inverse=True)
        pairs, counts = np.unique(self.run * len(different) + numbers, return_counts=True)
        offsets = np.searchsorted(pairs, np.arange(len(self.groups) + 1) * len(different))
        return (
            pa.array(offsets.astype(np.int32)),
            different[pairs % len(different)],
            pa.array(counts.astype(np.int64)),
        )


def group_values(times: Ints, groups: Ints, column: pa.Array) -> GroupedValues:
    """Group a column whose rows are ordered.

    The order is by group, then by time. The column holds integers, doubles, texts or lists of them.
    Each element of a list counts at its event's time.
    """
    if pa.types.is_list(column.type):
        events = pc.list_parent_indices(column).to_numpy()
        return group_values(times[events], groups[events], pc.list_flatten(column))
    if column.null_count:
        rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        times, groups, column = times[rows], groups[rows], column.drop_null()
    occurring, starts, counts = runs_of(groups)
    texts = None
    if pa.types.is_string(column.type):
        numbers, texts = _number_texts(column)
    else:
        numbers = column.to_numpy(zero_copy_only=False)
    return GroupedValues(occurring, starts, counts, times, numbers, texts)


def runs_of(groups: Ints) -> tuple[Ints, Ints, Ints]:
    """Find the groups that occur, their begins and counts.

    `groups` has one for each row, and they ascend.
    """
    is_first = np.ones(len(groups), dtype=bool)
    np.not_equal(groups[1:], groups[:-1], out=is_first[1:])
    (starts,) = is_first.nonzero()
    ends = np.full_like(starts, len(groups))
    ends[:-1] = starts[1:]
    return groups[starts], starts, ends - starts


def _number_texts(values: pa.Array) -> tuple[Ints, pa.Array]:
    """Number texts in their order.

    Also returns the text of each number.
    """
    encoded = values.dictionary_encode()
    utf8 = encoded.dictionary.cast(pa.large_binary()).to_pylist()
    order = np.array(sorted(range(len(utf8)), key=utf8.__getitem__), dtype=np.int64)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    numbers = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    return numbers, encoded.dictionary.take(pa.array(order))
