"""The smallest and largest value: MIN and MAX.

NaN is the largest number, as in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tilewright_compiler.plan.model import Feature
from tilewright_compiler.plan.types import family

from ...lazily import np
from ..base import NUMBERS, Form, Placement, StateType
from ..fields import Bytes, encode_texts
from ..values import Merged, to_python

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ..grouped_values import GroupedValues


class _Extreme(StateType):
    """An extreme value.

    It is a number, which numpy merges, or a text.
    """

    function: ClassVar[str]
    """The name of numpy's function."""

    def __init__(self, placement: Placement) -> None:
        super().__init__(placement)
        self._word = self.words.get("value", 0)
        self._to_python = to_python(self.state.type)

    def from_values(self, values: GroupedValues) -> Mapping[str, NDArray[Any] | list[Bytes]]:
        """Choose the extreme value of each group."""
        chosen = getattr(np, self.function).reduceat(values.values, values.starts)
        if self.field is None:
            return {"value": chosen}
        return {"value": encode_texts(values.arrow(chosen))}

    def from_column(self, column: pa.Array) -> list[Bytes]:
        """Encode the extreme text of each tile."""
        return encode_texts(column)

    def encode(self, merged: bytes, /) -> bytes:
        """Return the text, which is bytes already."""
        return merged

    def finalize(self, count: StateType, feature: Feature, merged: Merged) -> Any:
        """Finalize MIN or MAX."""
        if self.field is None:
            if not merged.numbers[count.words["n"]]:
                return None
            return self._to_python(merged.numbers[self._word])
        text = merged.objects[self.field]
        return None if text is None else text.decode()

    def form(self, count: StateType, feature: Feature) -> Form | None:
        """Say how the kernel finalizes an unconverted number."""
        kind = NUMBERS.get(family(self.state.type))
        if kind is None or self.field is not None:
            return None
        return kind, [count.words["n"], self._word]


class Smallest(_Extreme):
    """The smallest value."""

    function = "fmin"

    def merge(self, parts: Sequence[bytes], /) -> bytes:
        """Choose the smallest text."""
        return min(parts)


class Largest(_Extreme):
    """The largest value."""

    function = "maximum"

    def merge(self, parts: Sequence[bytes], /) -> bytes:
        """Choose the largest text."""
        return max(parts)


KINDS = {"min": Smallest, "max": Largest}
FINALIZERS = {"MIN": Smallest.finalize, "MAX": Largest.finalize}
FORMS = {"MIN": Smallest.form, "MAX": Largest.form}
