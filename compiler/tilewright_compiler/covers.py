"""Which levels a window's cover uses: coarser tiles in its middle where they save reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from math import ceil

#: A run of neighbouring tiles is found as fast as so many tiles are read, so a cover of more runs must save more.
RUN_TILES = 8


@lru_cache(maxsize=4096)
def cover_levels(window_ms: int, ladder_ms: tuple[int, ...]) -> tuple[int, ...]:
    """The levels of a window's cover, coarsest first; the last of `ladder_ms` is its edge level and always one of them.

    Of all choices the one that reads the least at the worst alignment, a run counted as RUN_TILES tiles; of equals the one
    with the fewest levels. Seven days over 1h tiles read 169; with 6h tiles in the middle 28 + 1, and 6 + 1 at the ends.
    """
    edge_ms = ladder_ms[-1]
    coarser = [size_ms for size_ms in ladder_ms[:-1] if size_ms <= window_ms]
    choices = [(*middle, edge_ms) for count in range(len(coarser) + 1) for middle in combinations(coarser, count)]
    return min(choices, key=lambda levels: (_price(window_ms, levels), len(levels)))


def tiles_read(window_ms: int, levels_ms: Sequence[int]) -> int:
    """How many tiles a cover of these levels reads at most, wherever the query time lies.

    #  coarse        |         |         |         |         level 0: W / T + 1 tiles
    #  fine       |..|                   |....|....|         start piece and head piece: together
    #  window       [----------------------------T           at most r + (W mod coarse) / fine + 1, r fine tiles in a coarse one
    """
    pieces = [ceil((coarse + window_ms % coarse) / fine) + 1 for coarse, fine in pairwise(levels_ms)]
    return ceil(window_ms / levels_ms[0]) + 1 + sum(pieces)


def _price(window_ms: int, levels_ms: Sequence[int]) -> int:
    return tiles_read(window_ms, levels_ms) + RUN_TILES * (2 * len(levels_ms) - 1)
