"""What a commit has changed is read as it was written, without what is forgotten."""

from __future__ import annotations

from dataclasses import replace

from tilewright_runtime.ingest.pending import Pending
from tilewright_runtime.tiles.keys import EVENTS, TileKeys

HOUR = 3_600_000
TILES_OF_BOTH = TileKeys("t", HOUR, ["k=a", "k=b"], [0, 0, 1], [0, HOUR, HOUR])
CHUNKS = TileKeys("t", HOUR, ["k=a"], [0], [HOUR], EVENTS)
PENDING = Pending(3, 5, [TILES_OF_BOTH, CHUNKS], swapped=1)


def test_a_document_holds_all_of_it() -> None:
    """Numbers of events, tiles and how many levels are swapped come back."""
    assert Pending.from_bytes(PENDING.to_bytes()) == PENDING


def test_a_document_without_swapped_levels_has_none() -> None:
    """Earlier versions wrote no number of them."""
    document = replace(PENDING, swapped=0).to_bytes().replace(b'"swapped": 0, ', b"", 1)
    assert b"swapped" not in document
    assert Pending.from_bytes(document).swapped == 0


def test_an_entity_is_left_out() -> None:
    """The others' tiles stay, and each level is swapped as before."""
    without = PENDING.without("k=a")
    assert (without.before, without.after, without.swapped) == (3, 5, 1)
    assert without.changed == [
        TileKeys("t", HOUR, ["k=b"], [0], [HOUR]),
        TileKeys("t", HOUR, [], [], [], EVENTS),
    ]
