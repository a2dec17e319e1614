"""Counts and sums, and the operations that are made of them: COUNT, SUM and AVERAGE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import State
from tilewright_compiler.plan.types import LIMB, decimal_scale, family

from ...errors import FetchError
from ..base import StateType
from ..values import Finalizer, FinalizerContext, has_count, to_python

if TYPE_CHECKING:
    from ..grouped_values import GroupedValues

_INT64 = 1 << 63


def _sums(state: State, runs: GroupedValues) -> Mapping[str, NDArray[Any]]:
    if family(state.type) == "float":
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # infinities of both signs make NaN, as they do in SQL
            return {"sum": np.add.reduceat(runs.values, runs.starts)}
    return {
        "hi": np.add.reduceat(runs.values // LIMB, runs.starts),
        "lo": np.add.reduceat(runs.values % LIMB, runs.starts),
    }


KINDS = {
    "count": StateType(numbers=lambda state, runs: {"n": runs.counts}, has_value=has_count),
    "sum": StateType(numbers=_sums),
}


def _count(inputs: FinalizerContext) -> Finalizer:
    n = inputs.word(0, "n")
    return lambda numbers, _: numbers[n]


def _total(inputs: FinalizerContext) -> Callable[[Sequence[Any]], Any]:
    """The sum of the feature's first state, exact for integers and decimals."""
    if family(inputs.type) == "float":
        word = inputs.word(0, "sum")
        return lambda numbers: numbers[word]
    high, low = inputs.word(0, "hi"), inputs.word(0, "lo")
    return lambda numbers: numbers[high] * LIMB + numbers[low]


def _sum(inputs: FinalizerContext) -> Finalizer:
    total, n = _total(inputs), inputs.word(1, "n")
    if family(inputs.type) == "float":
        return lambda numbers, _: total(numbers) if numbers[n] else None
    name, restore = inputs.feature.name, to_python(inputs.type)
    limit = 10**28 if family(inputs.type) == "decimal" else _INT64

    def exact(numbers: Sequence[Any], _: Mapping[str, Any]) -> Any:
        if not numbers[n]:
            return None
        value = total(numbers)
        if not -limit <= value < limit:
            raise FetchError(
                f"{name}: the sum {value} does not fit its type {inputs.feature.type}. Sum a "
                "double instead."
            )
        return restore(value)

    return exact


def _average(inputs: FinalizerContext) -> Finalizer:
    total, n = _total(inputs), inputs.word(1, "n")
    scale = 10 ** decimal_scale(inputs.type) if family(inputs.type) == "decimal" else 1
    return lambda numbers, _: total(numbers) / (numbers[n] * scale) if numbers[n] else None


FINALIZERS = {"COUNT": _count, "SUM": _sum, "AVERAGE": _average}

# Of a prorated window the merged numbers are fractions, for a part of a tile counts by its part.


def _prorated_count(inputs: FinalizerContext) -> Finalizer:
    n = inputs.word(0, "n")
    return lambda numbers, _: float(numbers[n])


def _prorated_sum(inputs: FinalizerContext) -> Finalizer:
    total, n = _total(inputs), inputs.word(1, "n")
    scale = 10 ** decimal_scale(inputs.type) if family(inputs.type) == "decimal" else 1
    return lambda numbers, _: float(total(numbers) / scale) if numbers[n] else None


def _prorated_average(inputs: FinalizerContext) -> Finalizer:
    average = _average(inputs)

    def value(numbers: Sequence[Any], objects: Mapping[str, Any]) -> float | None:
        found = average(numbers, objects)
        return None if found is None else float(found)

    return value


PRORATED = {"COUNT": _prorated_count, "SUM": _prorated_sum, "AVERAGE": _prorated_average}
