"""Lists of at most k values, and the operations LARGEST_K, SMALLEST_K, FIRST_K and LAST_K."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tilewright_compiler.plan import State

from ..entries import Entries, Keep, entry_field
from ..feature_inputs import Finalizer, Inputs, optional, restorer
from ..state_kinds import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from ..runs import Runs


def _largest(k: int) -> Keep:
    return lambda entries: Entries(np.sort(entries.values)[::-1][:k])


def _smallest(k: int) -> Keep:
    return lambda entries: Entries(np.sort(entries.values)[:k])


def _timed(k: int, sign: int) -> Keep:
    def keep(entries: Entries) -> Entries:
        ranks = np.unique(entries.values, return_inverse=True)[1]  # in the order of SQL
        return entries.select(np.lexsort((-ranks, sign * entries.numbers))[:k])

    return keep


def _values(state: State, runs: Runs) -> pa.Array:
    return runs.listed(runs.arrow(runs.values))


def _with_times(state: State, runs: Runs) -> pa.Array:
    import pyarrow as pa

    return runs.listed(pa.StructArray.from_arrays([pa.array(runs.times), runs.arrow(runs.values)], ["t", "x"]))


def _of_values(keep: Callable[[int], Keep]) -> Kind:
    return Kind(variable=lambda state: entry_field(state, keep(int(state.params["k"]))), column=_values)


def _of_times(sign: int) -> Kind:
    return Kind(variable=lambda state: entry_field(state, _timed(int(state.params["k"]), sign), numbered=True), column=_with_times)


KINDS = {
    "largest_k": _of_values(_largest),
    "smallest_k": _of_values(_smallest),
    "first_k": _of_times(1),
    "last_k": _of_times(-1),
}


def _listed(inputs: Inputs) -> Finalizer:
    restore = restorer(inputs.type)
    return optional(inputs.name(0, "entries"), lambda entries: [restore(value) for value in entries.values.tolist()])


FINALIZERS = {"LARGEST_K": _listed, "SMALLEST_K": _listed, "FIRST_K": _listed, "LAST_K": _listed}
