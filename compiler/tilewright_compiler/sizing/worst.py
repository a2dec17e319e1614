"""The most tiles that a fetch reads at any time.

It counts what the runtime's ranges hold: of each level the tiles back to the longest window that
begins with it or to the newest coarser tile, and those between the old end of a longer cover and
its first coarser tile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Times = NDArray[np.int64]


class Read(NamedTuple):
    """A window with its cover's levels and its edge mode.

    The levels are coarsest first.
    """

    window_ms: int
    levels_ms: tuple[int, ...]
    edge: str


#: More times than these are not counted one by one: a day of seconds has less, for three windows.
_MOST_TIMES = 400_000


def worst_tiles(reads: Iterable[Read], ladder_ms: Sequence[int]) -> int | None:
    """Count the tiles of the largest fetch of some windows.

    It counts those of all levels of the ladder, which holds the windows' levels.

    None where that takes too long.
    """
    return _worst_tiles(tuple(sorted(set(reads))), tuple(ladder_ms))


# Plans of one repository have the same windows over and over.
@lru_cache(maxsize=1024)
def _worst_tiles(reads: tuple[Read, ...], ladder_ms: tuple[int, ...]) -> int | None:
    rests = _rests(reads, ladder_ms[-1])
    if len(rests) * ladder_ms[0] // ladder_ms[-1] > _MOST_TIMES:
        return None
    times = _times(reads, ladder_ms, rests)
    total = times * 0
    for size_ms in ladder_ms:
        total += _tiles(reads, ladder_ms, size_ms, times)
    return int(total.max())


def _rests(reads: Sequence[Read], finest_ms: int) -> list[int]:
    """List where between two finest boundaries a count may change.

    All boundaries lie on multiples of the finest size, and a window's old end adds its own rest.
    """
    rests = {1}
    for read in reads:
        rests.update((read.window_ms % finest_ms, read.window_ms % finest_ms + 1))
    return sorted(rests)


def _times(reads: Sequence[Read], ladder_ms: Sequence[int], rests: Sequence[int]) -> Times:
    """List the times at which a count may change.

    They lie within one tile of the coarsest level. Later all repeats itself, as each size divides
    the coarsest one.
    """
    import numpy as np  # imported where it is needed, as it takes a tenth of a second

    coarsest_ms, finest_ms = ladder_ms[0], ladder_ms[-1]
    # Far enough from zero that no window begins before it.
    longest_ms = max(read.window_ms for read in reads)
    first_ms = (longest_ms // coarsest_ms + 2) * coarsest_ms
    starts = np.arange(first_ms, first_ms + coarsest_ms, finest_ms, dtype=np.int64)
    return np.add.outer(np.array(rests, dtype=np.int64), starts).ravel()


def _tiles(reads: Sequence[Read], ladder_ms: Sequence[int], size_ms: int, times: Times) -> Times:
    """Count the tiles of one level at each time."""
    end = _floor(times - 1, size_ms) + size_ms
    own = [read.window_ms for read in reads if read.levels_ms[0] == size_ms]
    reach_ms = max(own, default=0)
    start = _floor(times - reach_ms, size_ms)
    head_ms = _head_ms(reads, ladder_ms, size_ms)
    if head_ms > reach_ms:
        start = start.clip(max=_floor(times - 1, head_ms))
    pieces = [(start, end)]
    for read in reads:
        coarser_ms = next_coarser_ms(read.levels_ms, size_ms)
        if coarser_ms is not None and read.window_ms > reach_ms:
            pieces.append(_old_end(read, size_ms, coarser_ms, times))
    return _united(pieces, end) // size_ms


def _old_end(read: Read, size_ms: int, coarser_ms: int, times: Times) -> tuple[Times, Times]:
    """Find the tiles before a cover's first coarser one.

    A prorated window reads its cut edge tile too, also beside a boundary of the coarser level.
    """
    edge_ms, oldest = read.levels_ms[-1], times - read.window_ms
    whole = _floor(oldest, edge_ms) if read.edge == "sawtooth" else _ceiling(oldest, edge_ms)
    is_cut = read.edge == "prorate" and size_ms == edge_ms
    start = _floor(oldest, edge_ms) if is_cut else whole
    return _ceiling(start, size_ms), _ceiling(whole, coarser_ms)


def _united(pieces: Sequence[tuple[Times, Times]], last: Times) -> Times:
    """Measure what pieces cover together at each time.

    Nothing is measured twice.
    """
    import numpy as np

    starts, ends = (np.stack(part) for part in zip(*pieces, strict=True))
    ends = np.minimum(ends, last)
    order = np.argsort(starts, axis=0)
    starts, ends = (np.take_along_axis(part, order, axis=0) for part in (starts, ends))
    covered = np.full_like(last, np.iinfo(np.int64).min)
    total = np.zeros_like(last)
    for start, end in zip(starts, ends, strict=True):
        total += np.maximum(end - np.maximum(start, covered), 0)
        covered = np.maximum(covered, end)
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


def _floor(times: Times, size_ms: int) -> Times:
    return times - times % size_ms


def _ceiling(times: Times, size_ms: int) -> Times:
    return times + -times % size_ms
