"""What a fetch reads: for each level the runs of tiles that some cover may need.

Pure arithmetic on integer milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..tiles.cover import ceiling, floor
from ..tiles.keys import EVENTS, TILES, Range
from ..times import EARLIEST_MS
from .windows import Window


class StartPiece(NamedTuple):
    """The tiles of a finer level at the old end of a cover, up to the first tile of the next
    coarser one.
    """

    start_ms: Callable[[int], int]
    """Where they begin; on the edge level with the edge tile, also where a prorated window cuts
    that beside a coarser boundary.
    """
    whole_ms: Callable[[int], int]
    coarser_ms: int


class LevelRead(NamedTuple):
    """The tiles of one level that a fetch reads.

    #  coarse         |         |         |         |
    #  fine        |..|                   |....|....|
    #  cover        [-----------------------------T
    #              start piece             the head: the fine tiles of the newest coarse one,
    #                                      in case it holds later events
    """

    size_ms: int
    reach_ms: int | None
    """How far back from the query time covers use this level without a gap.

    0 if none does, None for a lifetime.
    """
    head_ms: int
    """The coarser tile whose newest one this level may have to replace; 0 if that lies within reach
    anyhow.
    """
    pieces: tuple[StartPiece, ...]
    """The start pieces that do not lie within reach."""


def reads_of(windows: Sequence[Window], ladder_ms: Sequence[int]) -> list[LevelRead]:
    """What the windows of a plan need of each level, coarsest first."""
    reads = []
    for size in ladder_ms:
        reach = _reach_ms(windows, size)
        head = max(
            (coarser for w in windows for coarser, finer in pairwise(w.sizes_ms) if finer == size),
            default=0,
        )
        if reach is None:
            reads.append(LevelRead(size, None, 0, ()))
            continue
        pieces = [
            StartPiece(
                w.start_ms if w.edge == "prorate" and size == w.levels_ms[-1] else w.whole_ms,
                w.whole_ms,
                coarser,
            )
            for w in windows
            for coarser, finer in pairwise(w.levels_ms)
            if finer == size and w.window_ms is not None and w.window_ms > reach
        ]
        reads.append(LevelRead(size, reach, head if head > reach else 0, tuple(pieces)))
    return reads


def _reach_ms(windows: Sequence[Window], size_ms: int) -> int | None:
    """The longest of the windows whose coarsest level this is; None for a lifetime."""
    longest = 0
    for window in windows:
        if window.levels_ms[0] == size_ms:
            if window.window_ms is None:
                return None
            longest = max(longest, window.window_ms)
    return longest


def event_ranges(windows: Sequence[Window], size_ms: int, at_ms: int) -> list[Range]:
    """The runs of chunks of raw events that exact windows may need, oldest first: those at their
    old ends, and the newest one.

    Without tiles those are all chunks from the begin of the longest window on.
    """
    newest = floor(at_ms - 1, size_ms)
    runs = [Range(size_ms, newest, newest + size_ms, EVENTS)]
    for window in windows:
        start, end = window.start_ms(at_ms), window.whole_ms(at_ms)
        if window.edge == "exact" and start < end:
            first, last = floor(max(start, EARLIEST_MS), size_ms), ceiling(end, size_ms)
            runs.append(Range(size_ms, first, last, EVENTS, window.window_ms is None))
    return _joined(runs)


def ranges(reads: Sequence[LevelRead], at_ms: int) -> list[Range]:
    """The runs of tiles at a query time, level after level, each level's oldest first."""
    last = at_ms - 1
    wanted = []
    for size, reach, head, pieces in reads:
        if reach is None:
            start = floor(EARLIEST_MS, size)
            wanted.append(Range(size, start, last - last % size + size, TILES, lifetime=True))
            continue
        oldest = at_ms - reach
        start = oldest - oldest % size  # `floor` written out, as this is done for every fetch
        if head:
            start = min(start, floor(last, head))
        if start < EARLIEST_MS:  # no event is older, and not every store can name such tiles
            start = floor(EARLIEST_MS, size)
        newest = Range(size, start, last - last % size + size)
        if pieces:
            wanted += _joined([*_found(pieces, size, at_ms, newest.end_ms), newest])
        else:
            wanted.append(newest)
    return wanted


def _found(pieces: Sequence[StartPiece], size_ms: int, at_ms: int, end_ms: int) -> list[Range]:
    found = []
    for start_ms, whole_ms, coarser_ms in pieces:
        piece = Range(
            size_ms,
            ceiling(max(start_ms(at_ms), EARLIEST_MS - size_ms), size_ms),
            min(ceiling(whole_ms(at_ms), coarser_ms), end_ms),
        )
        if piece.start_ms < piece.end_ms:
            found.append(piece)
    return found


def _joined(runs: list[Range]) -> list[Range]:
    """Join runs of one level that touch or overlap, so that no tile is read twice."""
    runs.sort()
    joined = [runs[0]]
    for run in runs[1:]:
        if run.start_ms <= joined[-1].end_ms:
            joined[-1] = joined[-1]._replace(
                end_ms=max(run.end_ms, joined[-1].end_ms),
                lifetime=joined[-1].lifetime or run.lifetime,
            )
        else:
            joined.append(run)
    return joined
