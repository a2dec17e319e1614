"""Covers: pairwise disjoint tiles whose union is the window, rounded at its edge and at its
head.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import AT, DAY, HOUR, MINUTE
from tilewright_runtime.tiles.cover import Segment, ceiling, cover, floor, head_end, window_start

#: Ladders, coarsest first: each level divides the one before it.
ladders = st.lists(st.sampled_from([2, 3, 4, 5, 6, 24]), min_size=0, max_size=4).flatmap(
    lambda ratios: st.sampled_from([1, 1_000, MINUTE, 90 * MINUTE]).map(
        lambda finest: _ladder(finest, ratios)
    )
)
#: Times of both signs: before 1970 floors must still go down.
times = st.integers(-10 * 366 * DAY, 130 * 366 * DAY)


def _ladder(finest_ms: int, ratios: Sequence[int]) -> list[int]:
    sizes = [finest_ms]
    for ratio in ratios:
        sizes.append(sizes[-1] * ratio)
    return sizes[::-1]


def tiles(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    return [
        (start, start + size)
        for size, begin, end, *_ in segments
        for start in range(begin, end, size)
    ]


@given(st.data(), ladders, times)
def test_a_cover_is_disjoint_and_complete(data: st.DataObject, sizes: list[int], near: int) -> None:
    """The tiles of a cover follow one another without gap or overlap from the window's start to its
    end.

    #  coarse   |         |         |
    #  fine     |....|....|....|....|....|....|
    #  window        [------------------------)
    #  cover         |....|         |....|....|
    """
    start = floor(near, sizes[-1])
    end = start + data.draw(st.integers(0, 300)) * sizes[-1]
    found = tiles(cover(start, end, sizes))
    assert [first for first, _ in found] == [start, *(last for _, last in found)][: len(found)]
    assert (found[-1][1] if found else start) == end


@given(st.data(), ladders, times)
def test_each_tile_of_a_cover_stands_on_its_levels_grid(
    data: st.DataObject, sizes: list[int], near: int
) -> None:
    """Every segment is of a level of the ladder, not empty, and both of its ends are multiples of
    its size.
    """
    start = floor(near, sizes[-1])
    for size, begin, end, *_ in cover(
        start, start + data.draw(st.integers(0, 300)) * sizes[-1], sizes
    ):
        assert size in sizes
        assert begin < end
        assert begin % size == 0 == end % size


@given(st.data(), ladders, times)
def test_no_coarser_tile_would_fit_where_finer_ones_stand(
    data: st.DataObject, sizes: list[int], near: int
) -> None:
    """A cover is as coarse as can be: no tile of a coarser level lies inside the window beside the
    ones taken.
    """
    start = floor(near, sizes[-1])
    end = start + data.draw(st.integers(0, 300)) * sizes[-1]
    for size, begin, stop, *_ in cover(start, end, sizes):
        for coarser in sizes[: sizes.index(size)]:
            assert not any(
                start <= floor(tile, coarser) and floor(tile, coarser) + coarser <= end
                for tile in range(begin, stop, size)
            )


@given(times, st.integers(1, 400 * DAY))
def test_floor_and_ceiling_are_the_nearest_boundaries(time: int, size: int) -> None:
    """Floor and ceiling are the neighbouring multiples of the size, also before 1970."""
    assert floor(time, size) % size == 0 == ceiling(time, size) % size
    assert floor(time, size) <= time < floor(time, size) + size
    assert ceiling(time, size) - size < time <= ceiling(time, size)


def test_floor_goes_down_before_1970() -> None:
    """A millisecond before 1970 belongs to the tile that ends there, not to the next one.

    #  tiles    |.........|.........|
    #         -900       x0        900     x = -1
    """
    assert floor(-1, 900) == -900
    assert ceiling(-1, 900) == 0
    assert cover(floor(-1, 900), 900, [900]) == [Segment(900, -900, 900)]


def test_k7_the_worked_example_has_seventeen_tiles() -> None:
    """Four hours up to 14:37:25 touch 17 tiles of 15 minutes, from 10:30 to 14:30, not 16.

    #  tiles    |10:30|10:45| … |14:15|14:30|
    #  window      [--------- 4h ---------)
    """
    size = 15 * MINUTE
    start = window_start(AT, 4 * HOUR, size, "sawtooth")
    found = tiles(cover(start, head_end(AT, start, [size], size), [size]))
    ten_thirty = AT - (4 * HOUR + 7 * MINUTE + 25_000)
    assert [begin for begin, _ in found] == [ten_thirty + i * size for i in range(17)]


@pytest.mark.parametrize(("at_ms", "count"), [(AT, 49), (floor(AT, 5 * MINUTE), 48)])
def test_k8_an_unaligned_query_touches_one_tile_more(at_ms: int, count: int) -> None:
    """A window of W over tiles of T has W / T tiles at a boundary and one more anywhere else."""
    start = window_start(at_ms, 4 * HOUR, 5 * MINUTE, "sawtooth")
    assert (
        sum(
            s.tiles
            for s in cover(start, head_end(at_ms, start, [5 * MINUTE], 5 * MINUTE), [5 * MINUTE])
        )
        == count
    )


def test_k9_an_aligned_query_reads_no_empty_tile() -> None:
    """At a boundary the newest tile is the one that ends there.

    #  tiles    |....|....|....|
    #  window   [---------)
    #  cover    |....|....|
    """
    at = floor(AT, HOUR)
    assert head_end(at, at - 4 * HOUR, [HOUR], HOUR) == at


@given(times, st.integers(1, 100), st.sampled_from([1_000, MINUTE, HOUR, DAY]))
def test_sawtooth_takes_the_whole_edge_tile(at_ms: int, length: int, edge_ms: int) -> None:
    """A sawtooth window begins with the tile that holds its oldest millisecond.

    #  tiles    |....|....|....|....|
    #  window      [-----------)
    #  cover    |....|....|....|
    """
    start = window_start(at_ms, length * edge_ms, edge_ms, "sawtooth")
    assert start % edge_ms == 0
    assert start <= at_ms - length * edge_ms < start + edge_ms


@given(times, st.integers(1, 100), st.sampled_from([1_000, MINUTE, HOUR, DAY]))
def test_truncate_leaves_a_cut_edge_tile_out(at_ms: int, length: int, edge_ms: int) -> None:
    """A truncated window begins with the first tile that lies wholly inside, and never after the
    query time.

    #  tiles    |....|....|....|....|
    #  window      [-----------)
    #  cover         |....|....|
    """
    start = window_start(at_ms, length * edge_ms, edge_ms, "truncate")
    assert start % edge_ms == 0
    assert at_ms - length * edge_ms <= start < at_ms - length * edge_ms + edge_ms
    assert start <= at_ms


@given(st.data(), ladders, times)
def test_a_clean_head_is_used_whole(data: st.DataObject, sizes: list[int], at_ms: int) -> None:
    """Where a level's newest tile has no later events, the cover ends with the coarsest clean tile
    that fits.

    #  coarse   |...........x.......|      x: an event at or after T
    #  fine     |.........|.........|
    #  window   [---------------T
    #  cover    |.........|.........|      the fine tile that holds T - 1 has none
    """
    clean = data.draw(st.sampled_from(sizes))
    start = floor(at_ms - data.draw(st.integers(1, 50)) * sizes[0], sizes[0])
    end = head_end(at_ms, start, sizes, clean)
    assert end == floor(at_ms - 1, clean) + clean


@given(st.data(), ladders, times)
def test_a_head_that_is_not_clean_ends_at_the_finest_boundary(
    data: st.DataObject, sizes: list[int], at_ms: int
) -> None:
    """If even the finest tile holds later events, the cover ends where it begins, so that no later
    event is counted.

    #  fine     |.........|......x..|
    #  window   [--------------T
    #  cover    |.........|
    """
    start = floor(at_ms - data.draw(st.integers(1, 50)) * sizes[0], sizes[0])
    assert head_end(at_ms, start, sizes, None) == floor(at_ms - 1, sizes[-1])


@given(st.data(), ladders, times)
def test_a_coarse_tile_older_than_the_window_is_not_used_for_the_head(
    data: st.DataObject, sizes: list[int], at_ms: int
) -> None:
    """A clean coarse tile that begins before the window does not widen it: finer tiles cover the
    head.

    #  coarse   |...................|
    #  fine     |....|....|....|....|
    #  window         [------T
    #  cover         |....|....|
    """
    start = floor(at_ms - 1 - data.draw(st.integers(0, 30)) * sizes[-1], sizes[-1])
    segments = cover(start, head_end(at_ms, start, sizes, sizes[0]), sizes)
    assert segments[0].start_ms == start
    assert segments[-1].end_ms >= at_ms


def test_a_window_that_is_not_whole_tiles_is_refused() -> None:
    """A start or an end off the finest grid is a programming error, not a cover that is a little
    too large.
    """
    with pytest.raises(ValueError, match="whole tiles"):
        cover(1, 2_000, [1_000])


def test_an_empty_window_has_no_tiles() -> None:
    """Nothing lies between a time and itself."""
    assert cover(900, 900, [100]) == []
