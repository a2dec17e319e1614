"""Covers: which tiles of which levels make up a window at a query time.

Pure arithmetic on integer milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from .keys import EVENTS, TILES, Kind

EdgeMode = Literal["sawtooth", "prorate", "truncate", "exact"]


#: The part of a tile that counts, but for those that a prorated window cuts.
WHOLE = Fraction(1)


class Segment(NamedTuple):
    """A part of a cover, [start_ms, end_ms): neighbouring tiles of one level, or raw events.

    Tiles begin and end at multiples of size_ms. Raw events are one stretch, as long as it says,
    between any two times.
    """

    size_ms: int
    start_ms: int
    end_ms: int
    part: Fraction = WHOLE
    """What of them counts: less than all of a single tile that a prorated window cuts."""
    kind: Kind = TILES

    @property
    def tiles(self) -> int:
        """How many tiles the segment has; raw events are none."""
        return 0 if self.kind == EVENTS else (self.end_ms - self.start_ms) // self.size_ms


def raw_events(start_ms: int, end_ms: int) -> Segment:
    """The segment of the raw events in [start_ms, end_ms)."""
    return Segment(end_ms - start_ms, start_ms, end_ms, kind=EVENTS)


def floor(time_ms: int, size_ms: int) -> int:
    """The start of the tile that holds a time, also before 1970."""
    return time_ms - time_ms % size_ms


def ceiling(time_ms: int, size_ms: int) -> int:
    """The first tile boundary at or after a time."""
    return time_ms + -time_ms % size_ms


def window_start(at_ms: int, window_ms: int, edge_ms: int, edge: str) -> int:
    """Where the cover of [at - window, at) begins.

    `sawtooth` takes the whole edge tile, `prorate` a part of it, `truncate` leaves a cut one out,
    `exact` takes raw events.
    """
    oldest = at_ms - window_ms
    if edge == "sawtooth":
        return floor(oldest, edge_ms)
    if edge == "exact":
        return oldest
    return ceiling(oldest, edge_ms) if edge == "truncate" else floor(oldest, edge_ms)


def whole_start(at_ms: int, window_ms: int, edge_ms: int, edge: str) -> int:
    """Where those tiles of the cover begin that count whole: after the edge tile if that is cut,
    unless it is taken whole.
    """
    oldest = at_ms - window_ms
    return floor(oldest, edge_ms) if edge == "sawtooth" else ceiling(oldest, edge_ms)


def cover(start_ms: int, end_ms: int, sizes_ms: Sequence[int]) -> list[Segment]:
    """The disjoint tiles, oldest first, whose union is [start, end): coarse levels in the middle,
    finer ones at the ends.

    `sizes_ms` is coarsest first and each divides the one before it; start and end are multiples of
    the finest.

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
    """Where a cover that began at `start_ms` may end so that no event at or after `at_ms` is in it.

    `head_level_ms` is the coarsest level whose newest tile, the one that holds the last millisecond
    before `at_ms`, has only events before `at_ms`; finer tiles lie inside it, so they are clean
    too, and the coarsest that fits is used whole. None says that not even the finest one is clean:
    the cover then ends at its start.
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
    """The tiles of which a prorated window takes a part: the cut edge tile, and the newest one of
    the finest level.

    The part is the overlap of tile and window. The newest tile is cut only where it holds events at
    or after T, so that as much of it is left out as a tile can tell.

    #  tiles    |....|....|....|....|
    #  window      [-----------T
    #  parts    | 2/5|whole|whole|3/5|
    """
    edge, head = [], []
    if oldest_ms is not None and start_ms > oldest_ms:
        edge.append(
            Segment(edge_ms, start_ms - edge_ms, start_ms, Fraction(start_ms - oldest_ms, edge_ms))
        )
    if not clean:
        newest = floor(at_ms - 1, finest_ms)
        head.append(
            Segment(finest_ms, newest, newest + finest_ms, Fraction(at_ms - newest, finest_ms))
        )
    return edge, head


def _exact(
    at_ms: int, start_ms: int, oldest_ms: int | None, edge_ms: int, finest_ms: int, clean: bool
) -> Ends:
    """The raw events of a cut edge tile, and those of a newest tile that holds later ones.

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


#: edge mode -> what stands before and after the whole tiles of a cover. The arguments are the query
#: time, where the whole tiles begin, where the window itself begins (None for a lifetime), the
#: sizes of the edge and the finest level, and whether the newest tile of the finest level holds no
#: event at or after the query time. Other modes have whole tiles only.
ENDS: dict[str, Callable[[int, int, int | None, int, int, bool], Ends]] = {
    "prorate": _prorated,
    "exact": _exact,
}
