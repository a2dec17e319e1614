"""The two largest values: made, merged and finalized.

No numpy function merges them, so they have a merge of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_runtime.states.base import MergeGroup, Places, Rows, StateType

if TYPE_CHECKING:
    import pyarrow as pa

    from tilewright_compiler.plan.model import State
    from tilewright_runtime.states.fields import Bytes
    from tilewright_runtime.states.grouped_values import GroupedValues
    from tilewright_runtime.states.values import Finalizer, FinalizerContext


def _two(values: Sequence[float]) -> list[float]:
    """The largest and the second."""
    return sorted([*values, -math.inf, -math.inf], reverse=True)[:2]


@dataclass(frozen=True)
class RunnerUp(MergeGroup):
    """The words of both, which stand side by side."""

    largest: int

    @property
    def floats(self) -> Sequence[int]:
        """Both."""
        return (self.largest, self.largest + 1)

    @property
    def made(self) -> Sequence[int]:
        """Both, of the values of a tile."""
        return self.floats

    def empty(self) -> Mapping[int, int | float]:
        """Smaller than all values."""
        return dict.fromkeys(self.floats, -math.inf)

    def _of(self, rows: Rows) -> NDArray[np.float64]:
        return rows.view(np.float64)[..., self.largest : self.largest + 2]

    def build(self, table: pa.Table, rows: Rows) -> None:
        """Of the lists of values."""
        self._of(rows)[:] = [
            _two(values or []) for values in table[f"{self.state}.values"].to_pylist()
        ]

    def merge_pairs(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> None:
        """The two largest of four."""
        self._of(rows)[:] = np.sort(np.hstack([self._of(older), self._of(newer)]), axis=1)[:, :1:-1]

    def merge_runs(self, parts: Rows, rows: Rows, begins: Places, ends: Places) -> None:
        """The two largest of each run."""
        bounds = zip(begins.tolist(), ends.tolist(), strict=True)
        self._of(rows)[:] = [
            _two(self._of(parts)[begin:end].ravel().tolist()) for begin, end in bounds
        ]

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> None:
        """The two largest of all."""
        numbers[self.largest : self.largest + 2] = _two(self._of(parts).ravel().tolist())


def _numbers(state: State, runs: GroupedValues) -> Mapping[str, NDArray[Any]]:
    values = np.split(runs.doubles(state.type), runs.starts[1:])
    largest, second = np.array([_two(of_run.tolist()) for of_run in values]).T
    return {"largest": largest, "second": second}


def _has_value(
    inputs: FinalizerContext, state: int
) -> Callable[[Sequence[Any], Mapping[str, Any]], bool]:
    largest = inputs.word(state, "largest")
    return lambda numbers, _: numbers[largest] > -math.inf


KINDS = {
    "runner_up": StateType(
        numbers=_numbers,
        merge_group=lambda state, words, dtypes: RunnerUp(state, words["largest"]),
        has_value=_has_value,
    ),
}


def _second(inputs: FinalizerContext) -> Finalizer:
    second = inputs.word(0, "second")
    return lambda numbers, _: numbers[second] if numbers[second] > -math.inf else None


FINALIZERS = {"RUNNER_UP": _second}
