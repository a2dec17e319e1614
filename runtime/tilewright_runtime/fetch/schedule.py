"""What fetches of one query time have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from ..tiles.cover import Segment
from ..tiles.keys import EVENTS, Range, Ranges

#: A cover's middle, the rest, and the size, begin and end of each segment of the middle: without
#: the part that counts, which is always the whole, and slow to hash.
Split = tuple[tuple[Segment, ...], Sequence[Segment], tuple[tuple[int, int, int], ...]]


class SharedCover(list[Segment]):
    """The cover of a window, which does not change."""

    split: tuple[int, Split] | None = None
    """Until when tiles were finished, and its parts before and after that."""


class Covers(list[Sequence[Segment]]):
    """The cover of each window, which do not change."""

    native: Any = None
    """What the kernel knows of them."""
    split: tuple[int, Sequence[Split], Covers] | None = None
    """Until when tiles were finished, each one's parts, and what is after that."""


class Schedule:
    """Holds what is read and merged at a query time.

    Requests of the same time share it, whatever their entities are.
    """

    def __init__(
        self,
        ranges: Iterable[Range],
        at_ms: int,
        find_covers: Callable[[int | None], Iterable[Sequence[Segment]]],
        prepare: Callable[[Covers], Any] | None = None,
    ) -> None:
        self.ranges = Ranges(ranges)
        self._at_ms = at_ms
        self._find_covers = find_covers
        self._covers: dict[int | None, Covers] = {}
        self._prepare = prepare
        #: What the kernel knows of covers, by head level.
        self.natives: dict[int, Any] = {}

    def covers(self, head_level_ms: int | None) -> Covers:
        """Give the cover of each window.

        `head_level_ms` says which newest tiles may be used whole.
        """
        covers = self._covers.get(head_level_ms)
        if covers is None:
            covers = self._covers[head_level_ms] = Covers(
                map(SharedCover, self._find_covers(head_level_ms))
            )
            if self._prepare is not None and head_level_ms is not None:
                self.natives[head_level_ms] = self._prepare(covers)
        return covers

    @cached_property
    def lifetimes_ms(self) -> list[int]:
        """List the sizes of tiles that lifetimes read."""
        return [wanted.size_ms for wanted in self.ranges if wanted.lifetime]

    @cached_property
    def most(self) -> float:
        """How many tiles there may be; infinite for lifetimes."""
        tiles = 0
        for size_ms, start_ms, end_ms, kind, lifetime in self.ranges:
            if lifetime:
                return math.inf
            tiles += 0 if kind == EVENTS else (end_ms - start_ms) // size_ms
        return tiles

    @cached_property
    def asked(self) -> int:
        """How many tiles are asked for, without lifetimes.

        Tiles after the query time, which a live fetch reads too, hardly ever exist.
        """
        asked = 0
        for size_ms, start_ms, end_ms, kind, lifetime in self.ranges:
            if not lifetime and kind != EVENTS and start_ms < self._at_ms:
                asked += (end_ms - start_ms) // size_ms
        return asked
