"""Lists of at most k values, and the operations LARGEST_K, SMALLEST_K, FIRST_K and LAST_K."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tilewright_compiler.plan.model import State

from ..base import StateType
from ..exact_values import Entries, Reduce, entry_field
from ..values import Finalizer, FinalizerContext, optional, to_python

if TYPE_CHECKING:
    import pyarrow as pa

    from ..grouped_values import GroupedValues


def _largest(k: int) -> Reduce:
    return lambda entries: Entries(np.sort(entries.values)[::-1][:k])


def _smallest(k: int) -> Reduce:
    return lambda entries: Entries(np.sort(entries.values)[:k])


def _timed(k: int, sign: int) -> Reduce:
    def keep(entries: Entries) -> Entries:
        ranks = np.unique(entries.values, return_inverse=True)[1]  # in the order of SQL
        return entries.select(np.lexsort((-ranks, sign * entries.numbers))[:k])

    return keep


def _values(state: State, runs: GroupedValues) -> pa.Array:
    return runs.listed(runs.arrow(runs.values))


def _with_times(state: State, runs: GroupedValues) -> pa.Array:
    import pyarrow as pa

    return runs.listed(
        pa.StructArray.from_arrays([pa.array(runs.times), runs.arrow(runs.values)], ["t", "x"])
    )


def _of_values(keep: Callable[[int], Reduce]) -> StateType:
    return StateType(
        variable=lambda state: entry_field(state, keep(int(state.params["k"]))), column=_values
    )


def _of_times(sign: int) -> StateType:
    return StateType(
        variable=lambda state: entry_field(
            state, _timed(int(state.params["k"]), sign), numbered=True
        ),
        column=_with_times,
    )


KINDS = {
    "largest_k": _of_values(_largest),
    "smallest_k": _of_values(_smallest),
    "first_k": _of_times(1),
    "last_k": _of_times(-1),
}


def _listed(inputs: FinalizerContext) -> Finalizer:
    restore = to_python(inputs.type)
    return optional(
        inputs.name(0, "entries"),
        lambda entries: [restore(value) for value in entries.values.tolist()],
    )


FINALIZERS = {"LARGEST_K": _listed, "SMALLEST_K": _listed, "FIRST_K": _listed, "LAST_K": _listed}
