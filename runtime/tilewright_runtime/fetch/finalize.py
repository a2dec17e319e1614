"""From merged states to a feature's value, its default and its buckets; what each operation makes
is in `states`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tilewright import Operation
from tilewright_compiler.plan.defaults import default_value
from tilewright_compiler.plan.model import Feature, State

from ..states.base import finalizer_of, kind_of
from ..states.values import Finalizer, FinalizerContext, to_python
from ..tiles.layout import Layout


def finalizer(feature: Feature, states: Mapping[str, State], layout: Layout) -> Finalizer:
    """The function from merged states to the value of a feature, its default for an empty window
    included.
    """
    compute = _compute(_context(feature, states, layout))
    if feature.default is None:
        return compute
    default = default_value(feature.default, feature.type)
    empty = 0 if getattr(Operation, feature.operation).counts else None

    def with_default(numbers: Sequence[Any], objects: Mapping[str, Any]) -> Any:
        value = compute(numbers, objects)
        return default if value == empty or value is None else value

    return with_default


def bucket_finalizer(
    feature: Feature, states: Mapping[str, State], layout: Layout, field: str, bucket_type: str
) -> Finalizer:
    """The function from the bucket values of a variable field to a map from each that has a value
    to what the feature is of it.

    `layout` is that of the small records, `bucket_type` the DuckDB type of the bucket column.
    """
    inputs = _context(feature, states, layout)
    compute, has_value, restore = (
        _compute(inputs),
        _has_value(inputs, layout),
        to_python(bucket_type),
    )
    default = None if feature.default is None else default_value(feature.default, feature.type)

    def by_bucket(_: Sequence[Any], objects: Mapping[str, Any]) -> dict[Any, Any] | None:
        found = {
            restore(value): compute(numbers, own)
            for value, numbers, own in objects[field] or ()
            if has_value(numbers, own)
        }
        return found or default

    return by_bucket


def _context(feature: Feature, states: Mapping[str, State], layout: Layout) -> FinalizerContext:
    return FinalizerContext(feature, [states[state] for state in feature.states], layout.names)


def _compute(inputs: FinalizerContext) -> Finalizer:
    return finalizer_of(inputs.feature.operation, inputs.feature.edge == "prorate")(inputs)


def _has_value(
    inputs: FinalizerContext, layout: Layout
) -> Callable[[Sequence[Any], Mapping[str, Any]], bool]:
    """Whether merged states are of any value at all, told by the first that can tell, or else by
    the presence of bytes.
    """
    for place, state in enumerate(inputs.states):
        if (has_value := kind_of(state.kind).has_value) is not None:
            return has_value(inputs, place)
    name = next(
        field.name
        for field in layout.variable
        if field.name.rpartition(".")[0] == inputs.states[0].id
    )
    return lambda _, objects: objects[name] is not None
