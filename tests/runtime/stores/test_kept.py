"""Since when levels are kept for how long: from which start on all tiles are there."""

from __future__ import annotations

import itertools

import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.stores.kept import Kept, merging_ttls_ms
from tilewright_runtime.tiles.keys import TILES

HOUR = 3_600_000


def hours(kept: Kept, now: int, wanted: int = 0) -> float | None:
    """From which hour on the level `1h` is whole for whoever wants it kept for so many hours."""
    whole_ms = kept.whole_from_ms("1h", now * HOUR, wanted * HOUR)
    return None if whole_ms is None else whole_ms / HOUR


def test_a_new_store_is_whole() -> None:
    """Nothing that was put is gone before its time to live has passed."""
    kept = Kept.since(100 * HOUR, {"1h": 10 * HOUR})
    assert [hours(kept, now) for now in (100, 110)] == [None, None]


def test_an_older_store_is_whole_for_the_time_to_live() -> None:
    """What began before that may be gone."""
    kept = Kept.since(100 * HOUR, {"1h": 10 * HOUR})
    assert [hours(kept, now) for now in (111, 150)] == [101, 140]


def test_what_is_kept_for_ever_is_whole() -> None:
    """No time makes a difference."""
    kept = Kept.since(100 * HOUR, {"1h": None})
    assert hours(kept, 100_000) is None
    assert kept.ever_from_ms("1h", 100_000 * HOUR) is None


#  spans        100 |--- 10 h ---| 200 |------- 50 h -------
@pytest.mark.parametrize(
    ("now", "whole"), [(200, 190), (205, 195), (210, 200), (240, 200), (250, 200), (251, 201)]
)
def test_a_longer_life_does_not_bring_back_what_is_gone(now: int, whole: int) -> None:
    """Before the change tiles are as old as they were to become; from it on they get older."""
    kept = Kept.since(100 * HOUR, {"1h": 10 * HOUR}).after(200 * HOUR, {"1h": 50 * HOUR})
    assert hours(kept, now) == whole
    assert kept.is_widened


def test_a_shorter_life_than_is_wanted_is_not_trusted() -> None:
    """However young the store is, as a plan with a wider window has not put its tiles yet."""
    kept = Kept.since(100 * HOUR, {"1h": 10 * HOUR})
    assert [hours(kept, 101, wanted) for wanted in (9, 10, 11)] == [None, None, 91]
    assert kept.whole_from_ms("1h", 101 * HOUR, None) == 91 * HOUR


def test_a_shorter_life_is_no_widening() -> None:
    """What was put for longer is there for longer."""
    kept = Kept.since(100 * HOUR, {"1h": 50 * HOUR}).after(200 * HOUR, {"1h": 10 * HOUR})
    assert not kept.is_widened
    assert hours(kept, 220) == 210


def test_the_worst_of_all_lives_before_counts() -> None:
    """Any number of changes are remembered as two."""
    kept = Kept.since(0, {"1h": 50 * HOUR})
    for at, ttl in ((100, 20), (200, 50), (300, 60)):
        kept = kept.after(at * HOUR, {"1h": ttl * HOUR})
    assert kept.levels["1h"] == ((0, 20 * HOUR), (300 * HOUR, 60 * HOUR))


def test_the_same_life_changes_nothing() -> None:
    """A store that is opened again is no new one."""
    kept = Kept.since(0, {"1h": HOUR})
    assert kept.after(5, {"1h": HOUR}) == kept


def test_a_level_that_became_one_for_ever_is_so_from_then_on() -> None:
    """Nothing names the first tiles of before."""
    kept = Kept.since(0, {"1h": HOUR}).after(7 * HOUR, {"1h": None})
    assert kept.ever_from_ms("1h", 9 * HOUR) == 7 * HOUR
    assert kept.is_widened


def test_nothing_is_known_of_other_levels() -> None:
    """Where a store does not say how long it keeps a level, no tile of it is sure."""
    kept = Kept({})
    assert hours(kept, 50) == 50
    assert kept.ever_from_ms("1h", 50 * HOUR) == 50 * HOUR


def test_it_is_read_as_it_was_written() -> None:
    """Its form in JSON holds all of it."""
    kept = Kept.since(0, {"1h": HOUR, "1d": None}).after(9, {"1h": None})
    assert Kept.from_json(kept.to_json()) == kept
    assert kept.to_json() == {"1h": [[0, HOUR], [9, None]], "1d": [[0, None]]}


def test_what_was_swept_before_it_was_put_is_not_there() -> None:
    """However young the store is, and whatever it is kept for from now on."""
    kept = Kept.since(100 * HOUR, {"1h": 50 * HOUR}, {"1h": 90 * HOUR})
    assert (hours(kept, 101), hours(kept, 200)) == (90, 150)
    assert hours(kept.after(120 * HOUR, {"1h": 60 * HOUR}), 121) == 90
    assert not kept.is_widened
    assert Kept.from_json(kept.to_json(), {"1h": 90 * HOUR}) == kept


@pytest.mark.parametrize("gone", [[1], {"1h": "1"}, {"1h": 1.5}, {"1h": None}])
def test_a_damaged_note_of_a_sweep_is_an_error(gone: object) -> None:
    """Nothing of it is guessed at."""
    with pytest.raises(ValueError, match="time"):
        Kept.from_json({}, gone)


@pytest.mark.parametrize(
    "document",
    [
        [],
        3,
        {"1h": []},
        {"1h": [[1]]},
        {"1h": [[1, "2"]]},
        {"1h": [[True, 2]]},
        {"1h": [[1, 2]] * 3},
    ],
)
def test_a_damaged_document_is_an_error(document: object) -> None:
    """Nothing of it is guessed at."""
    with pytest.raises(ValueError, match="time"):
        Kept.from_json(document)


def test_tiles_outlive_the_coarser_ones_that_are_merged_from_them() -> None:
    """In a store that expires, a tile is there until the coarser one can no longer change, however
    short its windows are.
    """
    counts = aggregations("n", [Operation.COUNT], ["10m", "1h", "30d"])
    plan = plan_of({"k": "string", "n": "bigint"}, ["k"], counts)
    kept = merging_ttls_ms(plan)
    for coarser, finer in itertools.pairwise(plan.levels):
        assert finer.ttl_ms is not None
        assert (kept[TILES, finer.size_ms] or 0) >= max(
            finer.ttl_ms, coarser.size_ms + plan.late.allowed_lateness_ms
        )
    assert kept[TILES, plan.levels[0].size_ms] == plan.levels[0].ttl_ms
