"""Warming: who is counted, what is predicted, and what is read ahead."""

from __future__ import annotations

import math

import pytest

from support.plans import AT, DAY, HOUR
from support.session import Session, row
from tilewright_runtime import Fetcher, TileCache, Warmer
from tilewright_runtime.errors import FetchError
from tilewright_runtime.fetch.warming import HOUR_S, AccessCounts, WarmingLimits

HALF_LIFE_S = 6 * HOUR_S


class Clock:
    """A clock that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def counted(accesses_an_hour: int, hours: int, most: int = 100) -> tuple[AccessCounts, Clock]:
    """Count steady accesses of one entity."""
    clock = Clock()
    counts = AccessCounts(HALF_LIFE_S, most, clock)
    for _ in range(hours * accesses_an_hour):
        clock.now_s += HOUR_S / accesses_an_hour
        counts.add(["a"])
    return counts, clock


@pytest.mark.parametrize("hours", [3, 12, 100])
def test_a_steady_rate_is_found(hours: int) -> None:
    """Two accesses an hour make one within the next with 1 - exp(-2), after any time."""
    counts, _ = counted(2, hours)
    assert counts.probability("a") == pytest.approx(1 - math.exp(-2), abs=0.02)


def test_older_accesses_count_for_less() -> None:
    """Half as much after the half-life."""
    counts, clock = counted(2, 100)
    clock.now_s += HALF_LIFE_S
    assert counts.probability("a") == pytest.approx(1 - math.exp(-1), abs=0.02)


def test_one_access_of_a_new_process_says_little() -> None:
    """As if an hour had been seen."""
    counts = AccessCounts(HALF_LIFE_S, 10, Clock())
    counts.add(["a", "b", "b"])
    assert counts.probability("a") < 0.7 < counts.probability("b")
    assert counts.probability("c") == 0


def test_the_hottest_come_first_and_are_few() -> None:
    """Only those above the limit, and no more than are wanted."""
    counts = AccessCounts(HALF_LIFE_S, 100, Clock())
    for number in range(1, 9):
        counts.add([f"k{number}"] * number)
    assert counts.likely(0.7, 3) == ["k8", "k7", "k6"]
    assert counts.likely(0.7, 100)[-1] == "k2"


def test_counts_are_bounded() -> None:
    """Those that are asked for least are forgotten."""
    counts = AccessCounts(HALF_LIFE_S, 10, Clock())
    counts.add(["hot"] * 5)
    counts.add(f"k{number}" for number in range(40))
    assert len(counts) <= 10
    assert counts.likely(0.9, 1) == ["hot"]


def session() -> Session:
    """Hold events of a day, of which all but those of the last hour are finished."""
    made = Session()
    made.write([row(key, 1, ts=AT - hours * HOUR) for key in "abc" for hours in range(24)])
    return made


def warmer(made: Session, cache: TileCache) -> tuple[Warmer, Fetcher]:
    """Make a warmer with its own clock."""
    fetcher = Fetcher(made.plan, made.store, cache=cache)
    counts = AccessCounts(HALF_LIFE_S, 10, Clock())
    return Warmer(fetcher, WarmingLimits(entities=2), counts), fetcher


def test_hot_entities_are_read_ahead_once() -> None:
    """As many as a round may read; nothing is read of those that are there."""
    made, cache = session(), TileCache()
    warming, fetcher = warmer(made, cache)
    entities = [fetcher.entity({"k": key}) for key in "abc"]
    warming.counts.add([*entities[:2] * 9, entities[2]])
    assert [warming.warm(AT - 2 * HOUR), warming.warm(AT - 2 * HOUR)] == [2, 0]
    assert (cache.statistics.hits, cache.statistics.misses) == (0, 0)
    state = fetcher.request({"k": "a"}, AT - 2 * HOUR)
    state.end_ms += made.store.live_ahead_ms
    (answer,) = fetcher.answers([state])
    assert cache.statistics.hits > cache.statistics.misses == 0
    plain = Fetcher(made.plan, made.store)
    (expected,) = plain.answers([plain.request({"k": "a"}, AT - 2 * HOUR)])
    assert answer.features["n_count_1h"] >= expected.features["n_count_1h"] > 0


def test_open_tiles_are_not_read_ahead() -> None:
    """What may still change is read when it is asked for."""
    made, cache = session(), TileCache()
    warming, fetcher = warmer(made, cache)
    warming.counts.add([fetcher.entity({"k": "a"})] * 9)
    warming.warm(AT + DAY)
    assert cache.statistics.bytes == 0


def test_a_late_event_is_in_what_is_read_ahead() -> None:
    """It is read again."""
    made, cache = session(), TileCache()
    warming, fetcher = warmer(made, cache)
    warming.counts.add([fetcher.entity({"k": "a"})] * 9)
    warming.warm(AT - 2 * HOUR)
    made.write([row("a", 50, ts=AT - 3 * HOUR)])
    assert warming.warm(AT - 2 * HOUR) == 1
    assert fetcher.fetch({"k": "a"}, AT - 2 * HOUR).features["n_max_1h"] == 50


def test_nothing_is_warmed_without_a_cache() -> None:
    """That is said at once."""
    made = session()
    with pytest.raises(FetchError, match="there has to be one"):
        Warmer(Fetcher(made.plan, made.store))
    with pytest.raises(FetchError, match="there has to be one"):
        Warmer(made.store)  # type: ignore[arg-type]
