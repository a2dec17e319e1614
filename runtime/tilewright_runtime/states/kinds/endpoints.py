"""The first and last value by time: FIRST and LAST.

At equal times the larger value is chosen. NaN is the largest number, as in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tilewright_compiler.plan.model import Feature
from tilewright_compiler.plan.types import family

from ...lazily import np
from ..base import NUMBERS, NUMPY_DTYPES, Form, Indices, KernelMerge, Placement, Rows, StateType
from ..fields import Bytes, encode_texts
from ..values import Merged, to_python

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ..grouped_values import GroupedValues

#: The first and the last time that a word can hold.
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1


class _Endpoint(StateType):
    """A first or last value, with its time.

    The value is a number or a text.
    """

    merges_numbers = True
    no_time: ClassVar[int]
    """The time in a tile without a value."""
    sign: ClassVar[int]
    """1 if the newest value is wanted, -1 if the oldest is."""

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self.tells_presence = True
        self._time = self.words["ts"]
        self._value = self.words.get("value")
        own = self.dtypes.get("value", "i64")
        self._dtype, self._is_float = NUMPY_DTYPES[own], own == "f64"
        self._to_python = to_python(self.state.type)

    @property
    def text(self) -> str | None:
        """The field of the value, if that is a text."""
        return self.field

    @property
    def floats(self) -> Sequence[int]:
        """The value's word, if it is a double."""
        if self._value is None or not self._is_float:
            return []
        return [self._value]

    def empty(self) -> Mapping[int, int | float]:
        """Return no time."""
        return {self._time: self.no_time}

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any] | list[Bytes]]:
        """Choose the value of each group that is furthest out.

        At equal times it is the larger one.
        """
        # NaN sorts last.
        order = np.lexsort((values.values, self.sign * values.times, values.run))
        chosen = order[values.starts + values.counts - 1]
        times, content = values.times[chosen], values.values[chosen]
        if self.field is None:
            return {"ts": times, "value": content}
        return {"ts": times, "value": encode_texts(values.arrow(content))}

    def from_column(self, column: pa.Array) -> list[Bytes]:
        """Encode the first or last text of each tile."""
        return encode_texts(column)

    def merge_rows(
        self, older: Rows, newer: Rows, rows: Rows, texts: Sequence[tuple[Bytes, Bytes]] | None
    ) -> NDArray[np.bool_]:
        """Keep the value whose time is further out.

        At equal times it is the larger one.
        """
        keep = self._older_wins(older, newer, texts or ())
        rows[keep, self._time] = older[keep, self._time]
        if self._value is not None:
            rows[keep, self._value] = older[keep, self._value]
        return keep

    def _older_wins(
        self, older: Rows, newer: Rows, texts: Sequence[tuple[Bytes, Bytes]]
    ) -> NDArray[np.bool_]:
        old_times, new_times = older[:, self._time], newer[:, self._time]
        further = old_times > new_times if self.sign > 0 else old_times < new_times
        ties = (old_times == new_times) & (old_times != self.no_time)
        if self._value is None:
            larger = np.zeros(len(ties), dtype=bool)
            for i in np.flatnonzero(ties).tolist():
                old_text, new_text = texts[i]
                larger[i] = (old_text or b"") > (new_text or b"")
        else:
            old = older[:, self._value].view(self._dtype)
            new = newer[:, self._value].view(self._dtype)
            larger = old > new
            if self._is_float:
                larger |= np.isnan(old) & ~np.isnan(new)
        wins: NDArray[np.bool_] = further | (ties & larger)
        return wins

    def merge_runs(self, parts: Rows, rows: Rows, begins: Indices, ends: Indices) -> Indices:
        """Keep each run's first or last part with a value.

        If no part of a run has a value, any of them will do.
        """
        indices = np.arange(len(parts))
        is_empty = parts[:, self._time] == self.no_time
        if self.sign < 0:
            firsts = np.minimum.reduceat(np.where(is_empty, len(parts), indices), begins)
            chosen = np.minimum(firsts, ends - 1)
        else:
            lasts = np.maximum.reduceat(np.where(is_empty, -1, indices), begins)
            chosen = np.maximum(lasts, begins)
        rows[:, self._time] = parts[chosen, self._time]
        if self._value is not None:
            rows[:, self._value] = parts[chosen, self._value]
        return chosen

    def merge_tiles(self, parts: Rows, numbers: list[Any]) -> int | None:
        """Choose the first or last part that has a value."""
        with_value = np.flatnonzero(parts[:, self._time] != self.no_time)
        if not len(with_value):
            return None
        chosen = int(with_value[-1 if self.sign > 0 else 0])
        numbers[self._time] = int(parts[chosen, self._time])
        if self._value is not None:
            numbers[self._value] = parts.view(self._dtype)[chosen, self._value].item()
        return chosen

    def mark_missing(self, numbers: list[Any]) -> None:
        """Put None in place of a number without a time."""
        if self._value is not None and numbers[self._time] == self.no_time:
            numbers[self._value] = None

    def has_value(self, merged: Merged) -> bool:
        """Tell by the time."""
        return bool(merged.numbers[self._time] != self.no_time)

    def finalize(self, feature: Feature, merged: Merged) -> Any:
        """Finalize FIRST or LAST."""
        if self.field is None:
            value = merged.numbers[self.words["value"]]
        else:
            value = merged.objects[self.field]
        return None if value is None else self._to_python(value)

    @property
    def kernel_merge(self) -> KernelMerge | None:
        """Its words for the kernel, if it is a number."""
        if self._value is None:
            return None
        is_float = self._is_float
        words = (self.sign > 0, self.no_time, self._time, self._value, is_float)
        return KernelMerge("endpoint", words)

    def form(self, feature: Feature) -> Form | None:
        """Say how the kernel finalizes an unconverted number."""
        kind = NUMBERS.get(family(self.state.type))
        if kind is None or self._value is None:
            return None
        return f"{kind}_at", [self._time, self._value, self.no_time]


class First(_Endpoint):
    """The oldest value."""

    no_time = int(_HIGHEST)
    sign = -1


class Last(_Endpoint):
    """The newest value."""

    no_time = int(_LOWEST)
    sign = 1


KINDS = {"first": First, "last": Last}
FINALIZERS = {"FIRST": First.finalize, "LAST": Last.finalize}
FORMS = {"FIRST": First.form, "LAST": Last.form}
