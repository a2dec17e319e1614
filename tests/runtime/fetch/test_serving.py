"""Fetches without a time: everything counts that was written until now."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from support.cli import Desk
from support.plans import DAY, HOUR, MINUTE, SECOND, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher

COUNT = Operation.COUNT


def now_ms() -> int:
    """Read the clock that fetches read."""
    return time.time_ns() // 1_000_000


def written(*aheads_ms: int) -> Session:
    """Write an event of `a` for each time ahead of now."""
    windows = ["15m", "12h", "7d"]
    session = Session(plan_of(SCHEMA, ["k"], aggregations("n", [COUNT], windows)))
    session.write([row("a", 1, ts=now_ms() + ahead_ms) for ahead_ms in aheads_ms])
    return session


def test_a_producers_clock_that_runs_ahead_costs_no_tile() -> None:
    """An event stamped two seconds ahead counts, and so does all that is in its tile."""
    session = written(-SECOND, 2 * SECOND)
    answer = Fetcher(session.plan, session.store).fetch({"k": "a"})
    assert (set(answer.features.values()), answer.quality) == ({2}, {})


def test_an_event_of_a_tile_to_come_counts() -> None:
    """The newest tile that is written may begin after now."""
    session = written(-SECOND, 2 * HOUR)
    assert set(Fetcher(session.plan, session.store).fetch({"k": "a"}).features.values()) == {2}


def test_what_was_written_of_a_later_day_does_not_count() -> None:
    """Beyond a day the time of an event is a mistake and no clock that runs ahead."""
    session = written(-SECOND, 16 * DAY)
    assert set(Fetcher(session.plan, session.store).fetch({"k": "a"}).features.values()) == {1}


def test_the_time_of_a_live_answer_is_when_it_was_asked() -> None:
    """It is not that of the newest event."""
    session = written(2 * SECOND)
    before = now_ms()
    assert before <= Fetcher(session.plan, session.store).fetch({"k": "a"}).at <= now_ms()


def test_a_time_that_is_given_keeps_later_events_out() -> None:
    """The same moment as a time is a question about the past."""
    session = written(-SECOND, 10 * MINUTE)
    fetcher = Fetcher(session.plan, session.store)
    assert set(fetcher.fetch({"k": "a"}, at=now_ms()).features.values()) == {1}


def test_each_request_of_a_batch_may_be_live() -> None:
    """A request with a time of its own keeps it beside live ones."""
    session = written(-SECOND, 10 * MINUTE)
    fetcher = Fetcher(session.plan, session.store)
    answers = fetcher.fetch_many([{"k": "a"}, ({"k": "a"}, now_ms()), ({"k": "a"}, None)])
    assert [answer.features["n_count_12h"] for answer in answers] == [2, 1, 2]


def test_the_command_line_is_live_without_a_time(tmp_path: Path) -> None:
    """An event stamped ahead counts there too."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1, ts=now_ms() + 30 * SECOND)]))
    assert desk.fetch("--key", "k=a").lines[0]["features"]["n_count_1h"] == 1


def test_raw_events_stamped_ahead_count() -> None:
    """So it is without tiles, and where an exact window has them at its old end."""
    for tiled in (False, True):
        counts = aggregations("n", [COUNT])
        plan = plan_of(SCHEMA, ["k"], counts, tiled=tiled, edge="exact" if tiled else "sawtooth")
        session = Session(plan)
        session.write([row("a", 1, ts=now_ms() + 10 * MINUTE)])
        assert Fetcher(plan, session.store).fetch({"k": "a"}).features == {"n_count_1h": 1}


def test_a_store_is_asked_once_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """To look for its protocol takes as long as several fetches, so no fetch does it."""
    session = written(-SECOND)
    fetcher = Fetcher(session.plan, session.store)

    class Asked(type):
        def __instancecheck__(cls, store: Any) -> bool:
            raise AssertionError("asked again")

    again = Asked("CheckedStore", (), {})
    monkeypatch.setattr("tilewright_runtime.fetch.serving.CheckedStore", again)
    assert len(fetcher.fetch_many([{"k": "a"}, {"k": "b"}])) == 2
