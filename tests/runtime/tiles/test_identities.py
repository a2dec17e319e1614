"""Identities, which bind records to their keys."""

from __future__ import annotations

from array import array

from tilewright_runtime.tiles.identities import Identities
from tilewright_runtime.tiles.keys import EVENTS, TILES, Range, Ranges, TileKeys

OWN = Identities(2**64 - 7)


def test_all_ways_give_the_same_identity() -> None:
    """By level, by range, and by keys."""
    ranges = [Range(60_000, 0, 240_000), Range(60_000, 0, 60_000, EVENTS)]
    keys = TileKeys("table", 60_000, ["é"], [0, 0], [0, 60_000])
    tile, chunk = OWN.one("table", "é", 60_000, TILES), OWN.one("table", "é", 60_000, EVENTS)
    assert tile != chunk
    assert OWN.of(keys).tolist() == [tile, tile]
    for own in (ranges, Ranges(ranges)):
        assert array("q", OWN.words("table", "é", own, (2, 1))).tolist() == [tile, tile, chunk]


def test_another_plan_or_entity_has_another_identity() -> None:
    """A record under its key is not taken for its own."""
    others = {
        OWN.one("table", "a", 60_000, TILES),
        OWN.one("table", "b", 60_000, TILES),
        OWN.one("other", "a", 60_000, TILES),
        OWN.one("table", "a", 120_000, TILES),
        Identities(5).one("table", "a", 60_000, TILES),
    }
    assert len(others) == 5
