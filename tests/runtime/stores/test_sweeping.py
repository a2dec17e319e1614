"""Sweeping: tiles that no window reads any more go, and nobody is answered without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import Desk
from support.plans import AT, DAY, HOUR, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import FetchError
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.stores import TransactionalStore
from tilewright_runtime.stores.sweeping import Swept, sweep

#  level 1d, for ever   |----------- kept ------------|
#  level 5m, some hours |-- swept --|------ kept -----|
#                                   newest - ttl   newest
EVENTS = [row("a", 1, ts=AT - 9 * DAY), row("a", 10, ts=AT - 1), row("b", 5, ts=AT - 9 * DAY)]


def swept(session: Session) -> Swept:
    assert isinstance(session.store, TransactionalStore)
    return sweep(session.plan, session.store)


@pytest.fixture(params=["memory:", "lmdb:{}/store"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    """A store with old and new tiles of an hour's window and of a lifetime."""
    summed = aggregations("n", [Operation.SUM])
    made = plan_of(SCHEMA, ["k"], [*summed, *aggregations("n", [Operation.SUM], None)])
    session = Session(made, request.param.format(tmp_path))
    session.write(EVENTS)
    return session


def test_expired_tiles_go_and_answers_stay(session: Session) -> None:
    """Windows as of now are as before, lifetimes keep all, and a second sweep finds nothing."""
    before = [session.features(k=key) for key in "ab"]
    assert swept(session).tiles == {"5m": 2}
    assert [session.features(k=key) for key in "ab"] == before
    assert before[0] == {"n_sum_1h": 10, "n_sum": 11}
    assert swept(session).tiles == {}


def test_an_answer_that_needs_swept_tiles_is_refused(session: Session) -> None:
    """It would be wrong without them."""
    fetcher = Fetcher(session.plan, session.store)
    assert fetcher.fetch({"k": "a"}, at=AT - 9 * DAY + 1_000).features["n_sum_1h"] == 1
    swept(session)
    with pytest.raises(FetchError, match="was swept: its tiles of 5m begin at"):
        fetcher.fetch({"k": "a"}, at=AT - 9 * DAY + 1_000)


def test_what_was_swept_stays_gone(session: Session) -> None:
    """A later sweep for a wider window, which lets less go, does not say that more is there."""
    narrow, wide = (
        plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], [window]), tile_size="5m")
        for window in ("1h", "3d")
    )
    session.plan, session.store = narrow, open_store("memory:")
    session.write([row("a", 1, ts=AT - DAY), row("a", 10, ts=AT - 1)])
    assert swept(session).tiles == {"5m": 1}
    session.plan = wide
    session.write([row("a", 100, ts=AT - 9 * DAY)])
    assert swept(session).tiles == {"5m": 1}
    with pytest.raises(FetchError, match="was swept: its tiles of 5m begin at"):
        session.sums("a")


def test_the_age_is_seen_from_the_newest_event(session: Session) -> None:
    """Events of the past that are written again are as young as they were."""
    assert swept(session).until_ms["5m"] < AT - HOUR


def test_a_swept_store_is_sound(session: Session) -> None:
    """Neither tiles nor events are missed by those who count them, and it may be written on."""
    swept(session)
    session.write([row("a", 100)])
    assert session.features(k="a")["n_sum_1h"] == 110
    assert verify(session.store).is_sound


def test_a_writer_may_sweep(session: Session) -> None:
    """Tiles that expire while it writes go meanwhile."""
    with Writer(session.plan, session.store, sweeps=True) as writer:
        writer.write([row("a", 100)])
    assert swept(session).tiles == {}
    assert session.features(k="a") == {"n_sum_1h": 110, "n_sum": 111}


def test_the_command_says_what_it_deleted(tmp_path: Path) -> None:
    """By plan and level, with the time before which tiles are gone."""
    desk = Desk(tmp_path)
    desk.write(desk.events(EVENTS))
    ran = desk.run("sweep", desk.store, desk.plan)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("things: 2 tiles deleted\n  2 of 5m, which begin before 2024-01-04T")


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistake in the name is told."""
    desk = Desk(tmp_path)
    ran = desk.run("sweep", desk.store, desk.plan)
    assert (ran.status, "there is none" in ran.err) == (1, True)
