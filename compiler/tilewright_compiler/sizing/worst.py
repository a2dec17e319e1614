"""The most tiles that a fetch reads at any time.

It counts what the runtime's ranges hold: of each level the tiles back to the longest window that
begins with it or to the newest coarser tile, and those between the old end of a longer cover and
its first coarser tile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple


class Read(NamedTuple):
    """A window with its cover's levels and its edge mode.

    The levels are coarsest first.
    """

    window_ms: int
    levels_ms: tuple[int, ...]
    edge: str


#: More times than these would take seconds. Only many windows at odd seconds have as many.
_MOST_TIMES = 50_000


def worst_tiles(reads: Iterable[Read], ladder_ms: Sequence[int]) -> int | None:
    """Count the tiles of the largest fetch of some windows.

    It counts those of all levels of the ladder, which holds the windows' levels.

    None where that takes too long.
    """
    return _worst_tiles(tuple(sorted(set(reads))), tuple(ladder_ms))


# Plans of one repository have the same windows over and over.
@lru_cache(maxsize=1024)
def _worst_tiles(reads: tuple[Read, ...], ladder_ms: tuple[int, ...]) -> int | None:
    times = _times(reads, ladder_ms)
    if times is None:
        return None
    levels = [_level(reads, ladder_ms, size_ms) for size_ms in ladder_ms]
    # Far enough from zero that no window begins before it.
    longest_ms = max(read.window_ms for read in reads)
    first_ms = (longest_ms // ladder_ms[0] + 2) * ladder_ms[0]
    return max(_tiles_of_all(levels, first_ms + time) for time in times)


def _tiles_of_all(levels: Sequence[_Level], time: int) -> int:
    """Count the tiles of all levels at a time."""
    return sum(_tiles(level, time) for level in levels)


def _times(reads: Sequence[Read], ladder_ms: Sequence[int]) -> set[int] | None:
    """List the times at which the count may be largest.

    None if they are too many.

    They lie within one tile of the coarsest level. Later all repeats itself, as each size divides
    the coarsest one.

    Between two times at which something begins or ends at a coarser level, a count grows or
    shrinks evenly from one tile of a level to the next. So it is largest in the first or the last
    of these tiles, and only they are looked into:

    #  coarse  |                        |                        |
    #  finer   |xxxx|....|....|....|xxxx|xxxx|....|....|....|xxxx|
    """
    coarsest_ms = ladder_ms[0]
    times = {0}
    for size_ms in ladder_ms:
        rests = _rests(reads, size_ms)
        boundaries: set[int] = set()
        for time in times:
            for rest in rests:
                next_ms = time + (rest - time) % size_ms
                boundaries.update((next_ms % coarsest_ms, (next_ms - size_ms) % coarsest_ms))
        times |= boundaries
        if len(times) > _MOST_TIMES:
            return None
    return times


def _rests(reads: Sequence[Read], size_ms: int) -> list[int]:
    """List where within a tile a count may change.

    All boundaries lie on multiples of the sizes, and a window's old end adds its own rest; where it
    takes a whole edge tile, that tile's end is one too.
    """
    rests = {1 % size_ms}
    for read in reads:
        for old_ms in (read.window_ms, read.window_ms + read.levels_ms[-1]):
            rests.update((old_ms % size_ms, (old_ms + 1) % size_ms))
    return sorted(rests)


class _OldEnd(NamedTuple):
    """Where the tiles before a cover's first coarser one are."""

    window_ms: int
    edge_ms: int
    coarser_ms: int
    is_whole: bool
    is_cut: bool


class _Level(NamedTuple):
    """What is read of one level.

    It is the tiles back to `reach_ms`, and old ends.
    """

    size_ms: int
    reach_ms: int
    head_ms: int
    old_ends: tuple[_OldEnd, ...]


def _level(reads: Sequence[Read], ladder_ms: Sequence[int], size_ms: int) -> _Level:
    own = [read.window_ms for read in reads if read.levels_ms[0] == size_ms]
    reach_ms = max(own, default=0)
    head_ms = _head_ms(reads, ladder_ms, size_ms)
    old_ends: set[_OldEnd] = set()
    for read in reads:
        coarser_ms = next_coarser_ms(read.levels_ms, size_ms)
        if coarser_ms is not None and read.window_ms > reach_ms:
            edge_ms = read.levels_ms[-1]
            is_cut = read.edge == "prorate" and size_ms == edge_ms
            is_whole = read.edge == "sawtooth"
            old_ends.add(_OldEnd(read.window_ms, edge_ms, coarser_ms, is_whole, is_cut))
    return _Level(size_ms, reach_ms, head_ms if head_ms > reach_ms else 0, tuple(old_ends))


def _tiles(level: _Level, time: int) -> int:
    """Count the tiles of one level at a time."""
    end = _floor(time - 1, level.size_ms) + level.size_ms
    start = _floor(time - level.reach_ms, level.size_ms)
    if level.head_ms:
        start = min(start, _floor(time - 1, level.head_ms))
    if not level.old_ends:
        return (end - start) // level.size_ms
    pieces = [(start, end)]
    pieces += [_old_end(old_end, level.size_ms, time) for old_end in level.old_ends]
    return _united(pieces, end) // level.size_ms


def _old_end(old_end: _OldEnd, size_ms: int, time: int) -> tuple[int, int]:
    """Find the tiles before a cover's first coarser one.

    A prorated window reads its cut edge tile too, also beside a boundary of the coarser level.
    """
    oldest, edge_ms = time - old_end.window_ms, old_end.edge_ms
    whole = _floor(oldest, edge_ms) if old_end.is_whole else _ceiling(oldest, edge_ms)
    start = _floor(oldest, edge_ms) if old_end.is_cut else whole
    return _ceiling(start, size_ms), _ceiling(whole, old_end.coarser_ms)


def _united(pieces: list[tuple[int, int]], last: int) -> int:
    """Measure what pieces up to a last time cover together.

    Nothing is measured twice.
    """
    total, covered = 0, min(pieces)[0]
    for start, end in sorted(pieces):
        end = min(end, last)
        total += max(end - max(start, covered), 0)
        covered = max(covered, end)
    return total


def _head_ms(reads: Sequence[Read], ladder_ms: Sequence[int], size_ms: int) -> int:
    """Find the coarsest tile that head tiles may stand for.

    The head tiles have the size `size_ms`.
    """
    head_ms = 0
    for read in reads:
        finer = [finer_ms for finer_ms in ladder_ms if finer_ms < read.levels_ms[-1]]
        head_ms = max(head_ms, next_coarser_ms((*read.levels_ms, *finer), size_ms) or 0)
    return head_ms


def next_coarser_ms(levels_ms: Sequence[int], size_ms: int) -> int | None:
    """Find the level before a size.

    Levels are coarsest first; None if there is none before it.
    """
    for coarser_ms, finer_ms in pairwise(levels_ms):
        if finer_ms == size_ms:
            return coarser_ms
    return None


def _floor(time: int, size_ms: int) -> int:
    return time - time % size_ms


def _ceiling(time: int, size_ms: int) -> int:
    return time + -time % size_ms
