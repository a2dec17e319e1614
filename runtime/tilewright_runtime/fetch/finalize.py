"""Turns merged states into the values of features.

Defaults and buckets are handled here. What each operation makes of its states is in `states`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

from tilewright_compiler.plan.defaults import default_value
from tilewright_compiler.plan.model import Feature

from ..states.base import Form, KernelSketch, StateType, finalizer_of, kernel_form
from ..states.values import Finalizer, Merged, to_python
from ..tiles.layout import Layout


def finalizer(feature: Feature, layout: Layout) -> Finalizer:
    """Make the function that finalizes a feature.

    It takes merged states and includes the feature's default.
    """
    states = [layout.states[state] for state in feature.states]
    compute = _compute(feature, states)
    if feature.default is None:
        return compute
    default = default_value(feature.default, feature.type)
    has_value = _presence(states)

    def with_default(merged: Merged) -> Any:
        # A copy, since a list or map belongs to its answer.
        return compute(merged) if has_value(merged) else deepcopy(default)

    return with_default


def form_of(feature: Feature, layout: Layout) -> Form | None:
    """Say how the kernel finalizes a feature, if it can.

    It knows no defaults and no parts of tiles.
    """
    if feature.default is not None or feature.edge == "prorate":
        return None
    states = [layout.states[state] for state in feature.states]
    return kernel_form(feature.operation, states, feature)


def sketch_of(feature: Feature, layout: Layout) -> tuple[str, KernelSketch] | None:
    """Say how the kernel answers a feature by a sketch, if it can.

    The name of the sketch's field comes first.
    """
    if feature.default is not None or feature.edge == "prorate":
        return None
    states = [layout.states[state] for state in feature.states]
    if len(states) != 1 or states[0].field is None:
        return None
    sketch = states[0].kernel_sketch(feature)
    return None if sketch is None else (states[0].field, sketch)


def bucket_finalizer(feature: Feature, layout: Layout, field: str, bucket_type: str) -> Finalizer:
    """Make the function that finalizes a feature by bucket.

    It makes a map of the buckets of a field. `layout` is that of the small records, `bucket_type`
    the DuckDB type of the bucket column.
    """
    states = [layout.states[state] for state in feature.states]
    compute, has_value = _compute(feature, states), _presence(states)
    restore = to_python(bucket_type)
    default: Any = None
    if feature.default is not None:
        default = default_value(feature.default, feature.type)

    def by_bucket(merged: Merged) -> Any:
        values = {
            restore(value): compute(own)
            for value, own in merged.objects[field] or ()
            if has_value(own)
        }
        return values or deepcopy(default)

    return by_bucket


def error_bound(
    feature: Feature, layout: Layout, field: str | None = None
) -> Callable[[Merged], int] | None:
    """Make the function that bounds a feature's error.

    It says how far off a count may be. Returns None for features whose states have no such bound.
    `field` is that of a feature's buckets.
    """
    states = [layout.states[state] for state in feature.states]
    bounded = next((state for state in states if state.states_error), None)
    if bounded is None or field is None:
        return None if bounded is None else bounded.max_error
    of_bucket = bounded.max_error

    def of_all_buckets(merged: Merged) -> int:
        return max((of_bucket(own) for _, own in merged.objects[field] or ()), default=0)

    return of_all_buckets


def _compute(feature: Feature, states: list[StateType]) -> Finalizer:
    finalize = finalizer_of(feature.operation, feature.edge == "prorate")
    return partial(finalize, *states, feature)


def _presence(states: list[StateType]) -> Callable[[Merged], bool]:
    """Make the function that tells whether there is a value."""
    return next(state for state in states if state.tells_presence).has_value
