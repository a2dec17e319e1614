"""Finalizes features whose values are merged numbers as they stand.

So do most counts, sums and extremes; an average divides one number by another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..states.base import Form

#: The forms whose value is the last word, where the word before it counts some values.
_STORED = ("float_sum", "float", "integer")


class NumberValues:
    """The features of a window that need no other finalizer.

    Their values are put together, in few steps for each of them.
    """

    def __init__(self, forms: Mapping[str, Form]) -> None:
        self._stored: dict[str, int] = {}
        self._averages: list[tuple[str, int, int]] = []
        counts: dict[int, None] = {}
        for name, (form, words) in forms.items():
            if form == "count" or form in _STORED:
                self._stored[name] = words[-1]
            elif form == "float_average":
                self._averages.append((name, words[1], words[0]))
            else:
                continue
            if form != "count":
                counts[words[0]] = None
        self._words = tuple(self._stored.values())
        self._counts = tuple(counts)
        self.names = frozenset((*self._stored, *(name for name, _, _ in self._averages)))

    def put(self, numbers: Sequence[Any], values: dict[str, Any]) -> bool:
        """Put the values of all features into a dictionary.

        False, and nothing is put, if one of them has no value.
        """
        if not all(map(numbers.__getitem__, self._counts)):
            return False
        values.update(zip(self._stored, map(numbers.__getitem__, self._words), strict=True))
        for name, total, count in self._averages:
            values[name] = numbers[total] / numbers[count]
        return True
