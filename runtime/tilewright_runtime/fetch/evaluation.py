"""Computes features with numpy: merges covers, and finalizes what they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..states.base import Form
from ..states.values import Merged
from ..tiles.cover import Segment
from .feature_groups import FeatureGroup
from .merging import Merger
from .number_values import NumberValues
from .tiles import Tiles


class Evaluator:
    """Computes the features of a plan's windows."""

    def __init__(self, groups: Sequence[FeatureGroup], merger: Merger) -> None:
        self._groups = groups
        self._merger = merger
        #: Features whose values are numbers that numpy merged, by the step of the cut.
        self._number_values = {step: self._plain(step) for step in (1, 2)}
        self._are_all_plain = not any(group.other_finalizers for group in groups)

    def _plain(self, step: int) -> NumberValues:
        forms: dict[str, Form] = {}
        positions = self._merger.positions(len(self._groups), step)
        for group, own in zip(self._groups, positions, strict=True):
            for name in group.number_values.names if self._merger.is_flat else ():
                form, words = group.forms[name]
                forms[name] = form, [own[word] for word in words]
        return NumberValues(forms)

    def evaluate(
        self, tiles: Tiles, covers: Sequence[Sequence[Segment]], values: dict[str, Any]
    ) -> dict[str, int]:
        """Put the values of all features into a dictionary.

        There is a cover for each window. Returns how far counts may be off, for features that have
        such a bound.
        """
        errors: dict[str, int] = {}
        all_merged, are_put = self._merge(tiles, covers, values)
        for group, merged in zip(self._groups, all_merged, strict=False):
            is_done = are_put or group.number_values.put(merged.numbers, values)
            finalizers = group.other_finalizers if is_done else group.finalizers
            for name, finalize in finalizers.items():
                values[name] = finalize(merged)
            if group.error_bounds:
                errors |= group.errors(merged)
        return errors

    def _merge(
        self, tiles: Tiles, covers: Sequence[Sequence[Segment]], values: dict[str, Any]
    ) -> tuple[Sequence[Merged], bool]:
        """Merge all covers, and put what is merged numbers as they stand.

        That is put at once if each of its covers has such, and nothing is returned of covers that
        give nothing else. Otherwise no value is put.
        """
        merger, cut = self._merger, tiles.cut(covers)
        if not merger.is_flat or len(cut.filled) < len(self._groups):
            return merger.merge(tiles, covers), False
        numbers = merger.reduce(tiles.columns, cut)
        are_put = self._number_values[cut.step].put(numbers, values)
        if are_put and self._are_all_plain:
            return (), True
        return merger.spread(numbers, cut), are_put
