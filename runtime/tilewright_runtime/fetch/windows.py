"""Windows: the length, levels and cover of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from math import gcd

from tilewright_compiler.plan.model import Feature

from ..plans.frozen import Frozen
from ..tiles.cover import (
    ENDS,
    Segment,
    cover,
    floor,
    head_end,
    raw_events,
    whole_start,
    window_start,
)
from ..times import EARLIEST_MS


class Window(Frozen):
    """A length of time before the query, and its levels."""

    window_ms: int | None
    """Its length; None for a lifetime."""
    edge: str
    levels_ms: tuple[int, ...]
    """The levels of its cover, coarsest first; none without tiles."""
    sizes_ms: tuple[int, ...]
    """Those, then the ladder's finer ones, which only a head may need."""

    @classmethod
    def of(cls, feature: Feature, ladder_ms: Sequence[int]) -> Window:
        """Make the window of a feature.

        `ladder_ms` are the levels of the plan.
        """
        levels_ms = tuple(feature.levels_ms)
        finer = tuple(size for size in ladder_ms if levels_ms and size < levels_ms[-1])
        return cls(feature.window_ms, feature.edge, levels_ms, levels_ms + finer)

    @cached_property
    def single_size_ms(self) -> int | None:
        """The one size of all tiles of the cover.

        The cover is then whole tiles of one level, while its head is clean. None for other covers.
        """
        return self.levels_ms[0] if len(self.levels_ms) == 1 and self.edge not in ENDS else None

    def start_ms(self, at_ms: int) -> int:
        """Find where the cover begins."""
        if self.window_ms is None:
            return floor(EARLIEST_MS, self.levels_ms[0]) if self.levels_ms else EARLIEST_MS
        edge_ms = self.levels_ms[-1] if self.levels_ms else 1
        return window_start(at_ms, self.window_ms, edge_ms, self.edge)

    def whole_ms(self, at_ms: int) -> int:
        """Find where the tiles begin that count in full.

        Without tiles that is the query time.
        """
        if not self.levels_ms:
            return at_ms
        if self.window_ms is None:
            return self.start_ms(at_ms)
        return whole_start(at_ms, self.window_ms, self.levels_ms[-1], self.edge)

    def segments(
        self, at_ms: int, head_level_ms: int | None, end_ms: int | None = None
    ) -> list[Segment]:
        """Make the cover at a time.

        `head_level_ms` says which newest tiles hold no later events, or may be used whole all the
        same. A live cover goes on to `end_ms`, which is then later than the query time.
        """
        size = self.single_size_ms
        if end_ms is None:
            end_ms = at_ms
        if size is not None and head_level_ms is not None and head_level_ms >= size:
            # What nearly every fetch asks for; head_end and cover come to the same.
            last = end_ms - 1
            return [Segment(size, self.start_ms(at_ms), last - last % size + size)]
        if not self.levels_ms:
            return [raw_events(self.start_ms(at_ms), end_ms)]
        start, ends = self.whole_ms(at_ms), ENDS.get(self.edge)
        whole = cover(start, head_end(end_ms, start, self.sizes_ms, head_level_ms), self.sizes_ms)
        if ends is None:
            return whole
        oldest = None if self.window_ms is None else at_ms - self.window_ms
        edge, head = ends(
            at_ms, start, oldest, self.levels_ms[-1], self.sizes_ms[-1], head_level_ms is not None
        )
        return [*edge, *whole, *head]


def grain_ms(windows: Iterable[Window]) -> int:
    """Find how long covers stay the same.

    Where all windows and levels are multiples of a grain, and whole tiles count, nothing but whole
    grains tells two query times apart. Other edges cut at the millisecond.
    """
    lengths = set[int]()
    for window in windows:
        if window.edge in ENDS or not window.levels_ms:
            return 1
        lengths.update(window.sizes_ms)
        lengths.add(window.window_ms or 0)
    return gcd(*lengths) or 1
