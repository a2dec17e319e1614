"""Operations that keep every different value, and their limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .spec import MOST_LISTED, Bounds, Counting, OperationSpec, States

#: The most different values that a tile keeps of a column.
MOST_KEPT = 10_000_000
_LIMIT = Bounds("max_values", 1, MOST_KEPT)


class _Keeping(OperationSpec):
    """An operation whose tiles keep every value.

    Each is kept once. A batch with which one would keep more than `max_values` of them is refused.
    """

    max_values: int = MOST_KEPT

    @property
    def params(self) -> dict[str, Any]:
        """The parameters in the plan.

        The usual limit is none of them.
        """
        given = self.given
        if self.max_values == MOST_KEPT:
            del given["max_values"]
        return given

    @classmethod
    def fits(cls, params: Mapping[str, Any]) -> bool:
        """Tell whether a plan's parameters are the operation's."""
        return super().fits({"max_values": MOST_KEPT, **params})

    def kept_states(self) -> States:
        """Give the state of all values, with its limit."""
        limit = {} if self.max_values == MOST_KEPT else {"max_values": self.max_values}
        return tuple((kind, {**limit}) for kind, _ in self.states)


class UniqueCount(Counting, _Keeping):
    """The exact number of different values.

    A tile keeps all of them.
    """

    name = "UNIQUE_COUNT"
    states = (("unique", {}),)
    bounds = (_LIMIT,)

    def __call__(self, *values: Any, **named: Any) -> OperationSpec:
        """Take a limit, once."""
        if self.params or not (values or named):
            return super().__call__(*values, **named)
        return UniqueCount(*values, **named)


class Histogram(_Keeping):
    """The exact counts of the k most frequent values.

    Ties go by value; k = 0 keeps all values.
    """

    name = "HISTOGRAM"
    states = (("histogram", {}),)
    k: int = 0
    bounds = (Bounds("k", 0, MOST_LISTED), _LIMIT)
    positional = ("k",)

    def result(self, input_type: str, family: str) -> str:
        """Give a map from value to count."""
        return f"MAP({input_type}, BIGINT)"
