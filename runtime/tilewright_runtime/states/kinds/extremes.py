"""The smallest and the largest value, and the operations MIN and MAX.

NaN is the largest number, as in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tilewright_compiler.plan.types import family

from ..base import StateType
from ..fields import text_field
from ..values import Finalizer, FinalizerContext, optional, to_python


def _extreme(ufunc: np.ufunc, of_texts: Callable[[Sequence[bytes]], bytes]) -> StateType:
    return StateType(
        numbers=lambda state, runs: {"value": ufunc.reduceat(runs.values, runs.starts)},
        column=lambda state, runs: runs.arrow(ufunc.reduceat(runs.values, runs.starts)),
        variable=lambda state: text_field(of_texts),
    )


KINDS = {"min": _extreme(np.fmin, min), "max": _extreme(np.maximum, max)}


def _value(inputs: FinalizerContext) -> Finalizer:
    restore = to_python(inputs.type)
    if family(inputs.type) == "text":
        return optional(inputs.name(0, "value"), restore)
    value, n = inputs.word(0, "value"), inputs.word(1, "n")
    return lambda numbers, _: restore(numbers[value]) if numbers[n] else None


FINALIZERS = {"MIN": _value, "MAX": _value}
