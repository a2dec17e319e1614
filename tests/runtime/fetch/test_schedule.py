"""What fetches of one query time share."""

from __future__ import annotations

from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.fetch.schedule import Schedule
from tilewright_runtime.tiles.cover import Segment
from tilewright_runtime.tiles.keys import EVENTS, TILES, Range, bounds_of

DAY = 24 * HOUR


def program() -> Program:
    asked = aggregations("n", [Operation.SUM], ["1h"])
    return Program(plan_of({"k": "string", "n": "bigint"}, ["k"], asked))


def test_times_with_the_same_covers_share_a_schedule() -> None:
    """Nothing but whole tiles tells them apart."""
    own = program()
    start = AT - AT % (5 * MINUTE)
    assert own.schedule(start + 1, start + 1) is own.schedule(start + 2, start + 2)


def test_another_time_between_changes_nothing() -> None:
    """The schedule of the last time is not that of all times."""
    own = program()
    ranges = own.ranges(AT)
    assert own.ranges(AT - HOUR) != ranges
    assert own.ranges(AT) == ranges


def test_covers_are_made_once_for_each_level_of_a_head() -> None:
    """Requests of the same time share them."""
    asked: list[int | None] = []

    def find(head_level_ms: int | None) -> list[list[Segment]]:
        asked.append(head_level_ms)
        return [[Segment(HOUR, 0, HOUR)]]

    schedule = Schedule([], AT, find)
    assert schedule.covers(HOUR) is schedule.covers(HOUR)
    assert schedule.covers(None) == [[Segment(HOUR, 0, HOUR)]]
    assert asked == [HOUR, None]


def test_tiles_of_lifetimes_events_and_the_future_are_not_asked_for() -> None:
    """Two of 5 minutes are, of four ranges."""
    ranges = [
        Range(DAY, 0, DAY, TILES, lifetime=True),
        Range(5 * MINUTE, AT - 10 * MINUTE, AT),
        Range(5 * MINUTE, AT, AT + HOUR),
        Range(HOUR, AT - HOUR, AT, EVENTS),
    ]
    schedule = Schedule(ranges, AT, lambda _: [])
    assert (schedule.asked, schedule.lifetimes_ms) == (2, [DAY])


def test_ranges_know_the_bounds_of_their_keys() -> None:
    """Those of a store with ordered keys."""
    wanted = Range(5 * MINUTE, 0, HOUR)
    ((begin, end, most),) = Schedule([wanted], AT, lambda _: []).ranges.bounds
    assert (begin, end, most) == bounds_of(wanted)
    assert begin < end and most == 12
