"""What a fetch reads: runs of tiles of each level.

They are those that some cover may need. All is arithmetic on whole milliseconds.
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
    """The finer tiles at the old end of a cover.

    They go up to the first tile of the next coarser level.
    """

    start_ms: Callable[[int], int]
    """Where they begin. On the edge level that is the edge tile, even where a prorated window cuts
    it beside a coarser boundary.
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
    """The coarser level whose newest tile this level may have to replace; 0 if that lies within
    reach anyhow.
    """
    pieces: tuple[StartPiece, ...]
    """The start pieces that do not lie within reach."""


def reads_of(windows: Sequence[Window], ladder_ms: Sequence[int]) -> list[LevelRead]:
    """Find what windows need of each level, coarsest first."""
    reads = []
    for size in ladder_ms:
        reach = _reach_ms(windows, size)
        if reach is None:
            reads.append(LevelRead(size, None, 0, ()))
            continue
        head = 0
        pieces: list[StartPiece] = []
        for window in windows:
            head = max(head, _coarser(window.sizes_ms, size))
            coarser = _coarser(window.levels_ms, size)
            if coarser and window.window_ms is not None and window.window_ms > reach:
                is_cut = window.edge == "prorate" and size == window.levels_ms[-1]
                start_ms = window.start_ms if is_cut else window.whole_ms
                pieces.append(StartPiece(start_ms, window.whole_ms, coarser))
        reads.append(LevelRead(size, reach, head if head > reach else 0, tuple(pieces)))
    return reads


def _coarser(sizes_ms: Sequence[int], size_ms: int) -> int:
    """Find the size before a size, or 0 if none."""
    for coarser, finer in pairwise(sizes_ms):
        if finer == size_ms:
            return coarser
    return 0


def _reach_ms(windows: Sequence[Window], size_ms: int) -> int | None:
    """Find the longest window with this coarsest level.

    None for a lifetime.
    """
    longest = 0
    for window in windows:
        if window.levels_ms[0] == size_ms:
            if window.window_ms is None:
                return None
            longest = max(longest, window.window_ms)
    return longest


def event_ranges(windows: Sequence[Window], size_ms: int, at_ms: int, end_ms: int) -> list[Range]:
    """Find the chunks of raw events that windows may need.

    Exact windows need those at their old ends, and the newest one unless the fetch is live. Without
    tiles they need all chunks from the start of the longest window on. Runs come oldest first.
    """
    newest = floor(end_ms - 1, size_ms)
    is_live = end_ms > at_ms
    runs = [Range(size_ms, newest, newest if is_live else newest + size_ms, EVENTS)]
    for window in windows:
        start, end = window.start_ms(at_ms), window.whole_ms(at_ms)
        if not window.levels_ms:
            end = end_ms
        if window.edge == "exact" and start < end:
            first, last = floor(max(start, EARLIEST_MS), size_ms), ceiling(end, size_ms)
            runs.append(Range(size_ms, first, last, EVENTS, window.window_ms is None))
    return _joined(runs)


def ranges(reads: Sequence[LevelRead], at_ms: int, end_ms: int) -> list[Range]:
    """Find the runs of tiles to read at a time.

    They come level after level, each level's oldest first. A live fetch reads on to `end_ms`, which
    is later than the query time. It needs no finer tiles for a head that holds later events.
    """
    last = end_ms - 1
    is_live = end_ms > at_ms
    wanted = []
    for size, reach, head, pieces in reads:
        if reach is None:
            start = floor(EARLIEST_MS, size)
            wanted.append(Range(size, start, last - last % size + size, TILES, lifetime=True))
            continue
        oldest = at_ms - reach
        start = oldest - oldest % size  # `floor` written out, as this is done for every fetch
        if is_live:
            start = start if reach else last - last % size + size
        elif head:
            start = min(start, floor(last, head))
        if start < EARLIEST_MS:  # no event is older, and not every store can name such tiles
            start = floor(EARLIEST_MS, size)
        newest = Range(size, start, last - last % size + size)
        if pieces:
            wanted += _joined([*_start_runs(pieces, size, at_ms, newest.end_ms), newest])
        else:
            wanted.append(newest)
    return _ahead_apart(wanted, at_ms) if is_live else wanted


def _ahead_apart(runs: Sequence[Range], at_ms: int) -> list[Range]:
    """Make separate runs of the tiles after the query time.

    Mostly there are none. A store that knows how many there are at most reads as many at once.
    """
    apart: list[Range] = []
    last = at_ms - 1
    for run in runs:
        now_ms = last - last % run.size_ms + run.size_ms
        if run.start_ms < now_ms < run.end_ms:
            apart.append(run._replace(end_ms=now_ms))
            run = run._replace(start_ms=now_ms, lifetime=False)
        apart.append(run)
    return apart


def _start_runs(pieces: Sequence[StartPiece], size_ms: int, at_ms: int, end_ms: int) -> list[Range]:
    """Make the runs of the start pieces of a level."""
    runs = []
    for start_ms, whole_ms, coarser_ms in pieces:
        first = ceiling(max(start_ms(at_ms), EARLIEST_MS - size_ms), size_ms)
        last = min(ceiling(whole_ms(at_ms), coarser_ms), end_ms)
        if first < last:
            runs.append(Range(size_ms, first, last))
    return runs


def _joined(runs: list[Range]) -> list[Range]:
    """Join runs of one level that touch or overlap.

    So no tile is read twice.
    """
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
