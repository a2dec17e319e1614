"""The values of one input among raw events, group after group: what states of raw events are made
of, in numpy.
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
    """The values of one input that are not null: group after group, in each by time; groups without
    values have no run.

    Texts are numbered in their order, and the numbers stand for them; `texts` has the text of each.
    """

    groups: Ints
    """The group of each run."""
    starts: Ints
    counts: Ints
    times: Ints
    values: NDArray[Any]
    texts: pa.Array | None = None

    @property
    def run(self) -> Ints:
        """The run of each value."""
        return np.repeat(np.arange(len(self.groups)), self.counts)

    def arrow(self, values: NDArray[Any]) -> pa.Array:
        """Some of the values as Arrow has them."""
        return pa.array(values) if self.texts is None else self.texts.take(pa.array(values))

    def listed(self, values: pa.Array) -> pa.Array:
        """A list for each run, of what stands for each value."""
        return pa.ListArray.from_arrays(
            pa.array(np.append(self.starts, self.counts.sum()).astype(np.int32)), values
        )

    def doubles(self, duckdb_type: str) -> NDArray[np.float64]:
        """The values, which are numbers of a type, as doubles."""
        scale = 10 ** decimal_scale(duckdb_type) if family(duckdb_type) == "decimal" else 1
        return self.values.astype(np.float64) / scale

    def counted(self) -> tuple[pa.Array, NDArray[Any], pa.Array]:
        """The different values of each run, run after run, and how often each occurs; the offsets
        of the runs come first.
        """
        different, numbers = np.unique(self.values, return_inverse=True)
        pairs, counts = np.unique(self.run * len(different) + numbers, return_counts=True)
        offsets = np.searchsorted(pairs, np.arange(len(self.groups) + 1) * len(different)).astype(
            np.int32
        )
        return (
            pa.array(offsets),
            different[pairs % len(different)],
            pa.array(counts.astype(np.int64)),
        )


def runs_of(times: Ints, groups: Ints, column: pa.Array) -> GroupedValues:
    """The runs of a column (of integers, doubles, texts or lists of them) whose rows are ordered by
    group and time.

    Each element of a list counts at its event's time.
    """
    if pa.types.is_list(column.type):
        events = pc.list_parent_indices(column).to_numpy()
        return runs_of(times[events], groups[events], pc.list_flatten(column))
    places = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    found, starts, counts = np.unique(groups[places], return_index=True, return_counts=True)
    values, texts = column.drop_null(), None
    if pa.types.is_string(column.type):
        encoded = values.dictionary_encode()
        utf8 = encoded.dictionary.cast(pa.large_binary()).to_pylist()
        order = np.array(sorted(range(len(utf8)), key=utf8.__getitem__), dtype=np.int64)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        texts, numbers = (
            encoded.dictionary.take(pa.array(order)),
            rank[encoded.indices.to_numpy(zero_copy_only=False)],
        )
    else:
        numbers = values.to_numpy(zero_copy_only=False)
    return GroupedValues(found, starts, counts, times[places], numbers, texts)
