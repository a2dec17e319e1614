"""Windows, with covers drawn by hand over tiles of 30 and 10 ms."""

from __future__ import annotations

from fractions import Fraction

import pytest

from support.plans import HOUR, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.fetch.windows import Window
from tilewright_runtime.tiles.cover import Segment
from tilewright_runtime.tiles.keys import EVENTS
from tilewright_runtime.times import EARLIEST_MS

#: The window of all tests is [905, 1005).
AT = 1_005


def window(edge: str, *levels_ms: int) -> Window:
    """Make a window of 100 ms in a ladder that has no other levels."""
    return Window(100, edge, levels_ms, levels_ms)


def raw(start_ms: int, end_ms: int) -> Segment:
    """Draw raw events, whose size is their length."""
    return Segment(end_ms - start_ms, start_ms, end_ms, kind=EVENTS)


def test_a_window_knows_the_finer_levels_of_the_ladder() -> None:
    """They come after its own levels, since only a head may need them."""
    (feature,) = plan_of(
        {"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.COUNT])
    ).features
    made = Window.of(feature, [HOUR, 5 * MINUTE, MINUTE])
    assert (made.levels_ms, made.sizes_ms) == ((5 * MINUTE,), (5 * MINUTE, MINUTE))


@pytest.mark.parametrize(
    ("edge", "start_ms", "whole_ms"),
    [
        ("sawtooth", 900, 900),
        ("truncate", 910, 910),
        ("prorate", 900, 910),
        ("exact", 905, 910),
    ],
)
def test_the_edge_says_where_a_cover_begins(edge: str, start_ms: int, whole_ms: int) -> None:
    """The edge tile is [900, 910): taken whole, left out, taken in part, or opened."""
    made = window(edge, 30, 10)
    assert (made.start_ms(AT), made.whole_ms(AT)) == (start_ms, whole_ms)


def test_a_lifetime_begins_before_every_event() -> None:
    """Its cover begins at the tile that holds the earliest time."""
    lifetime = Window(None, "sawtooth", (86_400_000,), (86_400_000,))
    assert lifetime.start_ms(AT) == EARLIEST_MS


@pytest.mark.parametrize(
    ("head_level_ms", "expected"),
    [
        #  coarse   |.........|.........|.........|.........|
        #  fine                                   |..|..|T
        (30, [Segment(30, 900, 1020)]),
        (10, [Segment(30, 900, 990), Segment(10, 990, 1010)]),
        (None, [Segment(30, 900, 990), Segment(10, 990, 1000)]),
    ],
)
def test_a_head_is_as_fine_as_later_events_demand(
    head_level_ms: int | None, expected: list[Segment]
) -> None:
    """The coarsest clean level ends the cover; if none is clean, the newest tile is left out."""
    assert window("sawtooth", 30, 10).segments(AT, head_level_ms) == expected


def test_a_prorated_window_takes_parts_of_both_cut_tiles() -> None:
    """Half of the edge tile lies in the window, and half of the newest one before the query."""
    half = Fraction(1, 2)
    assert window("prorate", 30, 10).segments(AT, None) == [
        Segment(10, 900, 910, half),
        Segment(10, 910, 930),
        Segment(30, 930, 990),
        Segment(10, 990, 1000),
        Segment(10, 1000, 1010, half),
    ]


def test_an_exact_window_takes_raw_events_at_both_ends() -> None:
    """Raw events stand in for the edge tile, and for a newest tile with later events."""
    assert window("exact", 10).segments(AT, None) == [
        raw(905, 910),
        Segment(10, 910, 1000),
        raw(1000, 1005),
    ]


def test_a_window_without_tiles_is_raw_events() -> None:
    """They are those of the window itself."""
    assert window("exact").segments(AT, None) == [raw(905, 1005)]


@pytest.mark.parametrize(
    ("made", "size_ms"),
    [
        (window("sawtooth", 10), 10),
        (window("truncate", 10), 10),
        (window("prorate", 10), None),
        (window("sawtooth", 30, 10), None),
    ],
)
def test_a_cover_of_one_level_has_a_single_size(made: Window, size_ms: int | None) -> None:
    """A cover with parts, or of two levels, has none."""
    assert made.single_size_ms == size_ms
