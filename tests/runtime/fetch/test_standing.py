"""Where the tiles that were read stand."""

from __future__ import annotations

from array import array

from tilewright_runtime.fetch.schedule import Covers
from tilewright_runtime.fetch.standing import Cut, standing_of
from tilewright_runtime.fetch.tiles import DecodedTiles, Tiles
from tilewright_runtime.tiles.keys import Range, Ranges


def words(*starts_ms: int) -> bytes:
    """Starts as the words of records."""
    return array("q", starts_ms).tobytes()


def test_tiles_of_a_level_are_neighbours() -> None:
    """Two ranges of one level are one run; what follows the starts is padding."""
    ranges = [Range(60, 0, 120), Range(60, 120, 240), Range(10, 200, 240)]
    standing = standing_of(ranges, (1, 2, 1), words(60, 120, 180, 200, 0))
    assert standing is not None
    assert standing.starts == [60, 120, 180, 200]
    assert standing.bounds == {60: (0, 3), 10: (3, 4)}


def test_tiles_out_of_their_place_stand_nowhere() -> None:
    """Before or after the range, twice, or in another order."""
    for starts in ((0, 120), (120, 240), (120, 120), (180, 120)):
        assert standing_of([Range(60, 60, 240)], (2,), words(*starts)) is None


def test_tiles_of_the_same_starts_share_where_they_stand() -> None:
    """Unless the ranges have so many of each otherwise."""
    ranges = Ranges([Range(60, 0, 240), Range(60, 60, 240)])
    first = standing_of(ranges, (1, 1), words(0, 60))
    assert first is standing_of(ranges, (1, 1), words(0, 60))
    other = standing_of(ranges, (2, 0), words(0, 60))
    assert other is not None
    assert other is not first
    assert other.bounds == {60: (0, 2)}


def test_few_starts_are_kept() -> None:
    """Entities with tiles at other times make room for others."""
    ranges = Ranges([Range(1, 0, 1000)])
    for start in range(300):
        standing_of(ranges, (1,), words(start))
    assert len(ranges.standings) <= 64


def test_a_cut_joins_the_runs_of_each_cover() -> None:
    """Covers without tiles are left out, and those of several runs are reduced once more."""
    cut = Cut([[(0, 2)], [], [(3, 4)]])
    assert (cut.filled, cut.bounds.tolist(), cut.firsts) == ([0, 2], [0, 2, 3, 4], None)
    cut = Cut([[(0, 2), (3, 4)], [(4, 5)]])
    assert (cut.bounds.tolist(), cut.firsts) == ([0, 2, 3, 4, 4, 5], [0, 2])


def test_the_runs_of_shared_covers_are_found_once() -> None:
    """Those of other covers are found again."""
    standing = standing_of(Ranges([Range(60, 0, 240)]), (0,), b"")
    assert standing is not None
    tiles: Tiles = DecodedTiles(None, standing, [], (), 0)  # type: ignore[arg-type]
    covers = Covers([[]])
    assert tiles.cut(covers) is tiles.cut(covers)
    assert tiles.cut([[]]) is not tiles.cut([[]])
    assert tiles.cut(Covers([[]])) is not tiles.cut(covers)
