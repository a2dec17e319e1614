"""Where the tiles that were read stand, and what of them each cover takes.

That depends on their starts alone. Entities with tiles of the same times have it in common, and so
have most fetches of a model server.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import chain

from ..lazily import np
from ..tiles.keys import Range, Ranges
from .schedule import Covers

#: Neighbouring tiles by their indices, [begin, end).
Run = tuple[int, int]

#: How many different starts are kept of a query time.
_MOST_KEPT = 64


class Cut:
    """The runs of tiles of each cover, and how numpy reduces them."""

    def __init__(self, runs: Sequence[Sequence[Run]]) -> None:
        self.runs = runs
        self.filled = [index for index, own in enumerate(runs) if own]
        """The covers that have tiles."""
        bounds: list[int] = []
        firsts: list[int] = []
        for index in self.filled:
            firsts.append(len(bounds) // 2)
            bounds += chain.from_iterable(runs[index])
        # As an array, which is made once here instead of once by each call.
        self.bounds = np.array(bounds, np.intp)
        """The begin and the end of each run."""
        self.firsts = firsts if len(bounds) > 2 * len(firsts) else None
        """The first run of each cover, if some have several."""
        self.step = 1 if self.firsts else 2
        """How far apart numpy puts what it makes of neighbouring covers."""


class Standing:
    """Where tiles of some starts stand.

    A level's tiles are neighbours, oldest first.
    """

    #: The covers that were cut last, and the runs that they gave.
    last_cut: tuple[Covers, Cut] | None = None

    def __init__(self, starts: list[int], bounds: dict[int, Run]) -> None:
        self.starts = starts
        self.bounds = bounds


def standing_of(ranges: Sequence[Range], counts: tuple[int, ...], starts: bytes) -> Standing | None:
    """Find where tiles stand of which there are so many of each range.

    The words are their starts, and may be followed by others. None if one begins outside its
    range, or not after the one before.
    """
    if not isinstance(ranges, Ranges):
        return _find(ranges, counts, starts)
    key = counts, starts
    standing: Standing | None = ranges.standings.get(key)
    if standing is None and (standing := _find(ranges, counts, starts)) is not None:
        if len(ranges.standings) >= _MOST_KEPT:
            ranges.standings.clear()
        ranges.standings[key] = standing
    return standing


def _find(ranges: Sequence[Range], counts: Sequence[int], words: bytes) -> Standing | None:
    starts: list[int] = np.frombuffer(words, "<i8", sum(counts)).tolist()
    bounds: dict[int, Run] = {}
    first = 0
    for (size_ms, start_ms, end_ms, _, _), count in zip(ranges, counts, strict=True):
        last = first + count
        own_starts = starts[first:last]
        if own_starts and not (start_ms <= own_starts[0] and _ascend(own_starts, end_ms)):
            return None
        # The runs of a level follow one another, so its tiles are in order across them too.
        begin = bounds[size_ms][0] if size_ms in bounds else first
        bounds[size_ms] = (begin, last)
        first = last
    return Standing(starts, bounds)


def _ascend(starts: list[int], end_ms: int) -> bool:
    """Tell whether each tile begins after the one before.

    The last one is to begin before the end.
    """
    return all(map(operator.lt, starts, [*starts[1:], end_ms]))
