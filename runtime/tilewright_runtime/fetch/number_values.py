"""Finalizes features whose values are merged numbers as they stand.

So do most counts, sums and extremes; an average divides one number by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter, truediv
from typing import Any

from ..states.base import Form

#: The forms whose value is the last word, where the word before it counts some values.
_STORED = ("float_sum", "float", "integer")


class NumberValues:
    """The features of a window that need no other finalizer.

    Their values are put together, in few steps for each of them.
    """

    def __init__(self, forms: Mapping[str, Form]) -> None:
        stored: dict[str, int] = {}
        averages: dict[str, tuple[int, int]] = {}
        counts: dict[int, None] = {}
        for name, (form, words) in forms.items():
            if form == "count" or form in _STORED:
                stored[name] = words[-1]
            elif form == "float_average":
                averages[name] = words[1], words[0]
            else:
                continue
            if form != "count":
                counts[words[0]] = None
        self._counts = _picker(counts)
        self._stored, self._pick_stored = tuple(stored), _picker(stored.values())
        self._averages = tuple(averages)
        self._totals = _picker(total for total, _ in averages.values())
        self._divisors = _picker(count for _, count in averages.values())
        self.names = frozenset((*stored, *averages))

    def put(self, numbers: Sequence[Any], values: dict[str, Any]) -> bool:
        """Put the values of all features into a dictionary.

        False, and nothing is put, if one of them has no value.
        """
        if not all(self._counts(numbers)):
            return False
        # Pairs of the same length, which to require costs as much as to put five of them.
        values.update(zip(self._stored, self._pick_stored(numbers)))  # noqa: B905
        if self._averages:
            averages = map(truediv, self._totals(numbers), self._divisors(numbers))
            values.update(zip(self._averages, averages))  # noqa: B905
        return True


def _picker(words: Iterable[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Make the function that takes some of many numbers, in one step."""
    wanted = list(words)
    if len(wanted) > 1:
        return itemgetter(*wanted)
    return lambda numbers: [numbers[word] for word in wanted]
