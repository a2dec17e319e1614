"""The two largest values: made, merged and finalized.

No numpy function merges them, so they merge by methods of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_runtime.states.base import Indices, Placement, Rows, StateType

if TYPE_CHECKING:
    import pyarrow as pa

    from tilewright_compiler.plan.model import Feature
    from tilewright_runtime.states.fields import Bytes
    from tilewright_runtime.states.grouped_values import GroupedValues
    from tilewright_runtime.states.values import Merged


def _two(values: Sequence[float]) -> list[float]:
    """Return the largest and the second."""
    return sorted([*values, -math.inf, -math.inf], reverse=True)[:2]


class RunnerUp(StateType):
    """The largest value and the second, side by side."""

    merges_numbers = True

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self.tells_presence = True
        self._largest, self._second = self.words["largest"], self.words["second"]

    @property
    def floats(self) -> Sequence[int]:
        """Both."""
        return (self._largest, self._second)

    @property
    def derived_words(self) -> Sequence[int]:
        """Both, which are made of the values of a tile."""
        return self.floats

    def empty(self) -> Mapping[int, int | float]:
        """Return what is smaller than all values."""
        return dict.fromkeys(self.floats, -math.inf)

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any]]:
        """Choose the two largest of each group."""
        groups = np.split(values.doubles(self.state.type), values.starts[1:])
        largest, second = np.array([_two(group.tolist()) for group in groups]).T
        return {"largest": largest, "second": second}

    def derive(self, table: pa.Table, rows: Rows) -> None:
        """Choose the two largest of each list of values."""
        lists = table[f"{self.id}.values"].to_pylist()
        self._of(rows)[:] = [_two(values or []) for values in lists]

    def _of(self, rows: Rows) -> NDArray[np.float64]:
        return rows.view(np.float64)[..., self._largest : self._second + 1]

    def merge_rows(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> None:
        """Keep the two largest of four."""
        self._of(rows)[:] = np.sort(np.hstack([self._of(older), self._of(newer)]), axis=1)[:, :1:-1]

    def merge_runs(self, parts: Rows, rows: Rows, begins: Indices, ends: Indices) -> None:
        """Keep the two largest of each run."""
        bounds = zip(begins.tolist(), ends.tolist(), strict=True)
        self._of(rows)[:] = [
            _two(self._of(parts)[begin:end].ravel().tolist()) for begin, end in bounds
        ]

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> None:
        """Keep the two largest of all."""
        numbers[self._largest : self._second + 1] = _two(self._of(parts).ravel().tolist())

    def has_value(self, merged: Merged) -> bool:
        """Tell by the largest."""
        return bool(merged.numbers[self._largest] > -math.inf)

    def finalize(self, feature: Feature, merged: Merged) -> float | None:
        """Finalize RUNNER_UP."""
        second: float = merged.numbers[self._second]
        return second if second > -math.inf else None


KINDS = {"runner_up": RunnerUp}
FINALIZERS = {"RUNNER_UP": RunnerUp.finalize}
