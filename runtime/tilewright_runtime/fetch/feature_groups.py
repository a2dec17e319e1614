"""Groups of features that share a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from tilewright_compiler.plan.model import Feature, Plan

from ..plans.frozen import Frozen
from ..states.base import Form, KernelSketch, StateType
from ..states.values import Finalizer, Merged
from ..tiles.layout import Layout, bucket_field
from .finalize import bucket_finalizer, error_bound, finalizer, form_of, sketch_of
from .number_values import NumberValues
from .windows import Window

if TYPE_CHECKING:
    from ..tiles.buckets import BucketTables


class FeatureGroup(Frozen):
    """The features of one window."""

    window: Window
    finalizers: dict[str, Finalizer]
    """By the name of the feature."""
    forms: dict[str, Form]
    """How the kernel finalizes features; those that Python has to are left out."""
    sketches: dict[str, tuple[str, KernelSketch]]
    """How the kernel answers features by sketches, and the field of each."""
    error_bounds: dict[str, Callable[[Merged], int]]
    """How far the counts of a feature may be off, of those that may."""
    merged_fields: tuple[str, ...]
    """The variable fields that are merged."""
    chosen_fields: tuple[str, ...]
    """The texts of first and last values, of which one is chosen."""
    bucket_fields: tuple[str, ...]
    """The variable fields that hold tables of bucket values."""
    joint_states: tuple[StateType, ...]
    """The states whose numbers merge together."""

    @cached_property
    def python_finalizers(self) -> dict[str, Finalizer]:
        """The finalizers of features that the kernel leaves to Python."""
        items = self.sketch_finalizers.items()
        return {name: finalize for name, finalize in items if name not in self.sketches}

    @cached_property
    def sketch_finalizers(self) -> dict[str, Finalizer]:
        """Those, and the finalizers of sketches that the kernel does not know."""
        items = self.finalizers.items()
        return {name: finalize for name, finalize in items if name not in self.forms}

    @cached_property
    def number_values(self) -> NumberValues:
        """Its features that need no finalizer of their own."""
        return NumberValues(self.forms)

    @cached_property
    def other_finalizers(self) -> dict[str, Finalizer]:
        """The finalizers of the other features."""
        known = self.number_values.names
        items = self.finalizers.items()
        return {name: finalize for name, finalize in items if name not in known}

    @cached_property
    def empty_objects(self) -> dict[str, None]:
        """The merged objects of a cover without tiles."""
        return dict.fromkeys((*self.merged_fields, *self.chosen_fields, *self.bucket_fields))

    def errors(self, merged: Merged) -> dict[str, int]:
        """Bound the errors of counts that are not exact."""
        errors = {name: max_error(merged) for name, max_error in self.error_bounds.items()}
        return {name: error for name, error in errors.items() if error}


def feature_groups(
    plan: Plan, layout: Layout, buckets: Mapping[str, BucketTables]
) -> tuple[FeatureGroup, ...]:
    """Group a plan's features by windows, in its order."""
    ladder_ms = [level.size_ms for level in plan.levels]
    features: dict[Window, list[Feature]] = {}
    for feature in plan.features:
        features.setdefault(Window.of(feature, ladder_ms), []).append(feature)
    return tuple(_group(window, own, layout, buckets) for window, own in features.items())


def _group(
    window: Window,
    features: list[Feature],
    layout: Layout,
    buckets: Mapping[str, BucketTables],
) -> FeatureGroup:
    finalizers, forms, error_bounds = _computations(features, layout, buckets)
    needed = {state for feature in features for state in feature.states}
    bucketed = [bucket_field(feature.bucket) for feature in features if feature.bucket is not None]
    texts = {state.text for state in layout.joint_states}
    own = [
        one.name
        for one in layout.variable
        if one.name not in buckets and one.name.rpartition(".")[0] in needed
    ]
    return FeatureGroup(
        window=window,
        finalizers=finalizers,
        forms=forms,
        sketches=_sketches(features, layout),
        error_bounds=error_bounds,
        merged_fields=tuple(name for name in own if name not in texts),
        chosen_fields=tuple(name for name in own if name in texts),
        bucket_fields=tuple(dict.fromkeys(bucketed)),
        joint_states=tuple(state for state in layout.joint_states if state.id in needed),
    )


def _sketches(features: list[Feature], layout: Layout) -> dict[str, tuple[str, KernelSketch]]:
    sketches = {}
    for feature in features:
        if feature.bucket is None and (sketch := sketch_of(feature, layout)) is not None:
            sketches[feature.name] = sketch
    return sketches


def _computations(
    features: list[Feature], layout: Layout, buckets: Mapping[str, BucketTables]
) -> tuple[dict[str, Finalizer], dict[str, Form], dict[str, Callable[[Merged], int]]]:
    """Prepare finalizers, the kernel's forms, and error bounds."""
    finalizers: dict[str, Finalizer] = {}
    forms: dict[str, Form] = {}
    error_bounds: dict[str, Callable[[Merged], int]] = {}
    for feature in features:
        if feature.bucket is None:
            finalizers[feature.name] = finalizer(feature, layout)
            bound = error_bound(feature, layout)
            if (form := form_of(feature, layout)) is not None:
                forms[feature.name] = form
        else:
            field = bucket_field(feature.bucket)
            table = buckets[field]
            finalizers[feature.name] = bucket_finalizer(feature, table.layout, field, table.type)
            bound = error_bound(feature, table.layout, field)
        if bound is not None:
            error_bounds[feature.name] = bound
    return finalizers, forms, error_bounds
