"""Which levels cover a window, and in how many tiles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from math import ceil

#: A run of neighbouring tiles is found as fast as so many tiles are read, so a cover of more runs
#: must save more.
RUN_TILES = 8


@lru_cache(maxsize=4096)
def cover_levels(window_ms: int, ladder_ms: tuple[int, ...]) -> tuple[int, ...]:
    """Choose the levels of a window's cover, coarsest first.

    The last of `ladder_ms` is the edge level, which every cover has. The choice that reads the
    fewest tiles at the worst alignment wins, with a run counted as RUN_TILES tiles; of equal ones
    the one with the fewest levels. Seven days over 1h tiles read 169; with 6h tiles in the middle
    28 + 1, and 6 + 1 at the ends.
    """
    edge_ms = ladder_ms[-1]
    coarser = [size_ms for size_ms in ladder_ms[:-1] if size_ms <= window_ms]
    best: tuple[int, ...] = (edge_ms,)
    best_price = _price(window_ms, best)
    # By rising number of levels, so of equal prices the cover with the fewest stays.
    for count in range(1, len(coarser) + 1):
        for middle in combinations(coarser, count):
            levels_ms = (*middle, edge_ms)
            price = _price(window_ms, levels_ms)
            if price < best_price:
                best, best_price = levels_ms, price
    return best


def tiles_at_most(window_ms: int, size_ms: int) -> int:
    """Count the tiles a window touches at worst."""
    return ceil(window_ms / size_ms) + 1


def tiles_read(window_ms: int, levels_ms: Sequence[int]) -> int:
    """Count the most tiles that a cover may read.

    #  coarse        |         |         |         |         level 0: W / T + 1 tiles
    #  fine       |..|                   |....|....|         start piece and head piece: together
    #  window       [----------------------------T           at most r + (W mod coarse) / fine + 1,
    #                                                        r fine tiles in a coarse one
    """
    tiles = tiles_at_most(window_ms, levels_ms[0])
    for coarse_ms, fine_ms in pairwise(levels_ms):
        tiles += ceil((coarse_ms + window_ms % coarse_ms) / fine_ms) + 1
    return tiles


def _price(window_ms: int, levels_ms: Sequence[int]) -> int:
    return tiles_read(window_ms, levels_ms) + RUN_TILES * (2 * len(levels_ms) - 1)
