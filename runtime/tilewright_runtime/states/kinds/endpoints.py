"""The first and the last value by event time, and the operations FIRST and LAST.

A value is chosen by its time, and of equal times the larger one is; NaN is the largest number, as
in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import State
from tilewright_compiler.plan.types import family

from ..base import NUMPY_DTYPES, MergeGroup, Places, Rows, StateType
from ..fields import Bytes, text_field
from ..values import Finalizer, FinalizerContext, optional, to_python

if TYPE_CHECKING:
    from ..grouped_values import GroupedValues

_INT = np.iinfo(np.int64)

#: The time in a tile without a value.
_NO_TIME = {"first": int(_INT.max), "last": int(_INT.min)}


@dataclass(frozen=True)
class Endpoint(MergeGroup):
    """A first or last value: the word of its time, and the word of its value or None if that is a
    text.
    """

    kind: str
    time: int
    value: int | None
    dtype: str

    @property
    def text(self) -> str | None:
        """The field of the value, if that is a text."""
        return f"{self.state}.value" if self.value is None else None

    @property
    def floats(self) -> Sequence[int]:
        """The value's word, if it is a double."""
        return [self.value] if self.value is not None and self.dtype == "f64" else []

    @property
    def no_time(self) -> int:
        """The time in a tile without a value."""
        return _NO_TIME[self.kind]

    def empty(self) -> Mapping[int, int | float]:
        """No time."""
        return {self.time: self.no_time}

    def merge_pairs(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> NDArray[np.bool_]:
        """Keeps the value whose time is further out, or which is larger at the same time."""
        keep = self._older_wins(older, newer, texts or ())
        rows[keep, self.time] = older[keep, self.time]
        if self.value is not None:
            rows[keep, self.value] = older[keep, self.value]
        return keep

    def _older_wins(
        self, older: Rows, newer: Rows, texts: Sequence[tuple[Bytes, Bytes]]
    ) -> NDArray[np.bool_]:
        old_ts, new_ts = older[:, self.time], newer[:, self.time]
        further = old_ts < new_ts if self.kind == "first" else old_ts > new_ts
        ties = (old_ts == new_ts) & (old_ts != self.no_time)
        if self.value is None:
            larger = np.zeros(len(ties), dtype=bool)
            for i in np.flatnonzero(ties).tolist():
                old_text, new_text = texts[i]
                larger[i] = (old_text or b"") > (new_text or b"")
        else:
            old, new = (
                rows[:, self.value].view(NUMPY_DTYPES[self.dtype]) for rows in (older, newer)
            )
            larger = old > new
            if self.dtype == "f64":
                larger |= np.isnan(old) & ~np.isnan(new)
        wins: NDArray[np.bool_] = further | (ties & larger)
        return wins

    def merge_runs(self, parts: Rows, rows: Rows, begins: Places, ends: Places) -> Places:
        """Keeps the value of each run's first or last part that has one; any part of the run where
        none has.
        """
        places = np.arange(len(parts))
        empty = parts[:, self.time] == self.no_time
        if self.kind == "first":
            chosen = np.minimum(
                np.minimum.reduceat(np.where(empty, len(parts), places), begins), ends - 1
            )
        else:
            chosen = np.maximum(np.maximum.reduceat(np.where(empty, -1, places), begins), begins)
        rows[:, self.time] = parts[chosen, self.time]
        if self.value is not None:
            rows[:, self.value] = parts[chosen, self.value]
        return chosen

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> int | None:
        """The place of the first or last part that has a value; its time is not needed any more."""
        with_value = np.flatnonzero(parts[:, self.time] != self.no_time)
        if not len(with_value):
            return None
        chosen = int(with_value[0 if self.kind == "first" else -1])
        if self.value is not None:
            numbers[self.value] = parts.view(NUMPY_DTYPES[self.dtype])[chosen, self.value].item()
        return chosen

    def mark_missing(self, numbers: list[Any]) -> None:
        """A number without a time is none."""
        if self.value is not None and numbers[self.time] == self.no_time:
            numbers[self.value] = None


def _merge_group(kind: str) -> Callable[[str, Mapping[str, int], Mapping[str, str]], MergeGroup]:
    return lambda state, words, dtypes: Endpoint(
        state, kind, words["ts"], words.get("value"), dtypes.get("value", "")
    )


def _numbers(sign: int) -> Callable[[State, GroupedValues], Mapping[str, NDArray[Any]]]:
    def fields(state: State, runs: GroupedValues) -> Mapping[str, NDArray[Any]]:
        # The last of each run: the newest (or oldest) time, and of equal times the larger value;
        # NaN sorts last.
        order = np.lexsort((runs.values, sign * runs.times, runs.run))
        chosen = order[runs.starts + runs.counts - 1]
        return {"ts": runs.times[chosen], "value": runs.values[chosen]}

    return fields


def _has_time(
    kind: str,
) -> Callable[[FinalizerContext, int], Callable[[Sequence[Any], Mapping[str, Any]], bool]]:
    def has_value(
        inputs: FinalizerContext, state: int
    ) -> Callable[[Sequence[Any], Mapping[str, Any]], bool]:
        time, no_time = inputs.word(state, "ts"), _NO_TIME[kind]
        return lambda numbers, _: numbers[time] != no_time

    return has_value


def _endpoint(kind: str, sign: int) -> StateType:
    numbers = _numbers(sign)
    return StateType(
        numbers=numbers,
        column=lambda state, runs: runs.arrow(numbers(state, runs)["value"]),
        # Never asked to merge: a text is chosen by its time.
        variable=lambda state: text_field(max),
        merge_group=_merge_group(kind),
        has_value=_has_time(kind),
    )


KINDS = {"first": _endpoint("first", -1), "last": _endpoint("last", 1)}


def _value(inputs: FinalizerContext) -> Finalizer:
    restore = to_python(inputs.type)
    if family(inputs.type) == "text":
        return optional(inputs.name(0, "value"), restore)
    value = inputs.word(0, "value")
    return lambda numbers, _: None if numbers[value] is None else restore(numbers[value])


FINALIZERS = {"FIRST": _value, "LAST": _value}
