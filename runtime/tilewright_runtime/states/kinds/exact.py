"""Values that are kept exactly, as sets, sets that stop growing, and counts by value; UNIQUE_COUNT
and its kin, HISTOGRAM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tilewright_compiler.plan.model import State

from ..base import StateType
from ..exact_values import Entries, Reduce, entry_field
from ..values import Finalizer, FinalizerContext, optional, to_python

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues


def _distinct(entries: Entries) -> Entries:
    values = entries.values
    if values.dtype == object:  # a set of texts is far quicker than numpy's sorting of all of them
        return Entries(np.array(sorted(set(values.tolist())), dtype=object))
    return Entries(np.unique(values))


def _counted(entries: Entries) -> Entries:
    values, places = np.unique(entries.values, return_inverse=True)
    counts = np.zeros(len(values), dtype=np.int64)
    np.add.at(counts, places, entries.numbers)
    return Entries(values, counts)


def _bounded(k: int) -> Reduce:
    # Which k values are kept must not depend on which came first: they are the smallest.
    return lambda entries: _distinct(entries).select(slice(k))


def _values(state: State, runs: GroupedValues) -> pa.Array:
    return runs.listed(runs.arrow(runs.values))


def _counts(state: State, runs: GroupedValues) -> pa.Array:
    """A map from value to count for each run."""
    import pyarrow as pa

    offsets, values, counts = runs.counted()
    return pa.MapArray.from_arrays(offsets, runs.arrow(values), counts)


KINDS = {
    "unique": StateType(variable=lambda state: entry_field(state, _distinct), column=_values),
    "bounded": StateType(
        variable=lambda state: entry_field(state, _bounded(int(state.params["k"]))), column=_values
    ),
    "histogram": StateType(
        variable=lambda state: entry_field(state, _counted, numbered=True), column=_counts
    ),
}


def _set_size(inputs: FinalizerContext) -> Finalizer:
    name = inputs.name(0, "entries")
    return lambda _, objects: 0 if objects[name] is None else len(objects[name].values)


def _histogram(inputs: FinalizerContext) -> Finalizer:
    restore, k = to_python(inputs.type), int(inputs.feature.params["k"])

    def counts(entries: Entries) -> dict[Any, int]:
        chosen = entries.select(
            np.argsort(-entries.numbers, kind="stable")[: k or None]
        )  # values are sorted, so ties are by value
        return dict(zip(map(restore, chosen.values.tolist()), chosen.numbers.tolist(), strict=True))

    return optional(inputs.name(0, "entries"), counts)


FINALIZERS = {"UNIQUE_COUNT": _set_size, "BOUNDED_UNIQUE_COUNT": _set_size, "HISTOGRAM": _histogram}
