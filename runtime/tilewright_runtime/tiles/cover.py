"""Covers: the tiles that make up a window.

Which tiles of which levels they are depends on the query time. All is arithmetic on whole
milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from .keys import EVENTS, TILES, Kind

if TYPE_CHECKING:
    from fractions import Fraction  # which takes a while to import, and few windows need

EdgeMode = Literal["sawtooth", "prorate", "truncate", "exact"]


#: The part of a tile that counts, unless a prorated window cuts the tile.
WHOLE = 1


class Segment(NamedTuple):
    """A part of a cover, [start_ms, end_ms).

    It is a row of neighbouring tiles of one level, or a stretch of raw events. Tiles begin and end
    at multiples of `size_ms`. Raw events may begin and end anywhere; their `size_ms` is their
    length.
    """

    size_ms: int
    start_ms: int
    end_ms: int
    part: Fraction | int = WHOLE
    """How much of it counts: less than 1 only for a tile that a prorated window cuts."""
    kind: Kind = TILES

    @property
    def tiles(self) -> int:
        """How many tiles the segment has; raw events are none."""
        return 0 if self.kind == EVENTS else (self.end_ms - self.start_ms) // self.size_ms


def raw_events(start_ms: int, end_ms: int) -> Segment:
    """Make the segment of raw events in [start_ms, end_ms)."""
    return Segment(end_ms - start_ms, start_ms, end_ms, kind=EVENTS)


def floor(time_ms: int, size_ms: int) -> int:
    """Find the start of the tile that holds a time.

    It is right for times before 1970 too.
    """
    return time_ms - time_ms % size_ms


def ceiling(time_ms: int, size_ms: int) -> int:
    """Find the first tile boundary at or after a time."""
    return time_ms + -time_ms % size_ms


def window_start(at_ms: int, window_ms: int, edge_ms: int, edge: str) -> int:
    """Find where the cover of [at - window, at) begins.

    `sawtooth` takes the whole edge tile, `prorate` takes a part of it, `truncate` leaves a cut one
    out, and `exact` takes raw events.
    """
    oldest = at_ms - window_ms
    if edge == "sawtooth":
        return floor(oldest, edge_ms)
    if edge == "exact":
        return oldest
    return ceiling(oldest, edge_ms) if edge == "truncate" else floor(oldest, edge_ms)


def whole_start(at_ms: int, window_ms: int, edge_ms: int, edge: str) -> int:
    """Find where the tiles begin that count in full.

    A cut edge tile counts in full only with `sawtooth`.
    """
    oldest = at_ms - window_ms
    return floor(oldest, edge_ms) if edge == "sawtooth" else ceiling(oldest, edge_ms)


def cover(start_ms: int, end_ms: int, sizes_ms: Sequence[int]) -> list[Segment]:
    """Cover [start, end) with as few tiles as possible.

    The tiles do not overlap and come oldest first: coarse levels in the middle, finer ones at the
    ends. `sizes_ms` is coarsest first, and each divides the one before it. Start and end are
    multiples of the finest.

    >>> [(part.size_ms, part.start_ms, part.end_ms) for part in cover(900, 4_000, [1_000, 100])]
    [(100, 900, 1000), (1000, 1000, 4000)]
    """
    if start_ms >= end_ms:
        return []
    size, finer = sizes_ms[0], sizes_ms[1:]
    middle_start, middle_end = ceiling(start_ms, size), floor(end_ms, size)
    if middle_start == start_ms and middle_end == end_ms:
        return [Segment(size, start_ms, end_ms)]
    if not finer:
        raise ValueError(f"[{start_ms}, {end_ms}) is not made of whole tiles of {size} ms")
    if middle_start >= middle_end:
        return cover(start_ms, end_ms, finer)
    return [
        *cover(start_ms, middle_start, finer),
        Segment(size, middle_start, middle_end),
        *cover(middle_end, end_ms, finer),
    ]


def head_end(at_ms: int, start_ms: int, sizes_ms: Sequence[int], head_level_ms: int | None) -> int:
    """Find where a cover may end and stay clean.

    It is clean if no event at or after `at_ms` is in it. The newest tile of a level is the one that
    holds the last millisecond before `at_ms`. `head_level_ms` is the coarsest level whose newest
    tile has only earlier events. Finer tiles lie inside that tile, so they are clean too, and the
    coarsest level that fits is used whole. With None not even the finest level is clean, and the
    cover ends at the start of its newest tile.
    """
    last = at_ms - 1
    if head_level_ms is None:
        return floor(last, sizes_ms[-1])
    for size in sizes_ms:
        start = floor(last, size)
        if size <= head_level_ms and start >= start_ms:
            return start + size
    return floor(last, sizes_ms[-1]) + sizes_ms[-1]


Ends = tuple[list[Segment], list[Segment]]


def _prorated(
    at_ms: int, start_ms: int, oldest_ms: int | None, edge_ms: int, finest_ms: int, clean: bool
) -> Ends:
    """Make the tiles that a prorated window cuts.

    They are the cut edge tile and the newest tile of the finest level. The part is the overlap of
    tile and window. The newest tile is cut only if it holds events at or after T; a tile cannot
    tell more exactly how much of it to leave out.

    #  tiles    |....|....|....|....|
    #  window      [-----------T
    #  parts    | 2/5|whole|whole|3/5|
    """
    from fractions import Fraction

    edge, head = [], []
    if oldest_ms is not None and start_ms > oldest_ms:
        part = Fraction(start_ms - oldest_ms, edge_ms)
        edge.append(Segment(edge_ms, start_ms - edge_ms, start_ms, part))
    if not clean:
        newest = floor(at_ms - 1, finest_ms)
        part = Fraction(at_ms - newest, finest_ms)
        head.append(Segment(finest_ms, newest, newest + finest_ms, part))
    return edge, head


def _exact(
    at_ms: int, start_ms: int, oldest_ms: int | None, edge_ms: int, finest_ms: int, clean: bool
) -> Ends:
    """Make the raw events at both ends of a window.

    They take the place of a cut edge tile, and of a newest tile that holds later events.

    #  tiles    |....|....|....|..x.|
    #  window      [-----------T
    #  events      [-|         [-T
    """
    edge, head = [], []
    if oldest_ms is not None and start_ms > oldest_ms:
        edge.append(raw_events(oldest_ms, start_ms))
    if not clean:
        head.append(raw_events(floor(at_ms - 1, finest_ms), at_ms))
    return edge, head


#: edge mode -> what stands before and after the whole tiles of a cover. Other modes have whole
#: tiles only. The arguments are the query time; where the whole tiles begin; where the window
#: itself begins (None for a lifetime); the sizes of the edge level and the finest level; and
#: whether the newest tile of the finest level is clean.
ENDS: dict[str, Callable[[int, int, int | None, int, int, bool], Ends]] = {
    "prorate": _prorated,
    "exact": _exact,
}
