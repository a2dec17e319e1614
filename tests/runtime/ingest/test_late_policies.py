"""What becomes of late events: merged, computed again, or left out and flagged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.session import SCHEMA, Session, row
from tilewright import Aggregation, Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.fetch.fetcher import Answer
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.stores.progress import Progress

OPERATIONS = [Operation.COUNT, Operation.SUM, Operation.MIN, Operation.LAST_K(2)]
WINDOWS = ["1h", "12h"]
#: In time, then late but within the allowed five minutes.
FIRST = [row("a", 1, ts=AT - 20 * MINUTE), row("a", 2, ts=AT - 6 * MINUTE), row("b", 9, ts=AT)]
LATE = [row("a", 4, ts=AT - 7 * MINUTE), row("new", 5, ts=AT - 4 * MINUTE)]


def plan(late: str) -> Plan:
    return plan_of(SCHEMA, ["k"], aggregations("n", OPERATIONS, WINDOWS), late=late)


def answer(session: Session, key: str) -> Answer:
    return Fetcher(session.plan, session.store).fetch({"k": key}, at=AT + 1)


def values(session: Session, *keys: str) -> list[dict[str, Any]]:
    return [dict(answer(session, key).features) for key in keys]


@pytest.mark.parametrize("stream", [False, True])
def test_tiles_that_are_computed_again_hold_what_a_merge_gives(stream: bool) -> None:
    """In all levels, beside events that are in time, and for a key that is new."""
    merged, again = Session(plan("delta")), Session(plan("recompute"), stream=stream)
    for events in (FIRST, [*LATE, row("a", 8, ts=AT)], [row("a", 16, ts=AT - 3 * MINUTE)]):
        merged.write(events)
        report = again.write(events)
    assert report.late == 1
    assert values(again, "a", "b", "new") == values(merged, "a", "b", "new")
    assert "approximate_tiles" not in (answer(again, "a").quality or {})


def test_late_events_of_a_batch_keep_their_tile_with_the_others() -> None:
    """All levels have both, where the store has nothing so new as their tiles."""
    session = Session(plan("recompute"), stream=True)
    session.write([row("a", 1, ts=AT - 3 * HOUR)])
    session.write([row("a", 2, ts=AT), row("a", 4, ts=AT - 6 * MINUTE), row("a", 8, ts=AT)])
    assert answer(session, "a").features["n_sum_1h"] == 14
    assert answer(session, "a").features["n_sum_12h"] == 15


@pytest.mark.parametrize("stream", [False, True])
def test_late_values_are_left_out_and_their_tiles_flagged(stream: bool) -> None:
    """Answers stay as they were and say that tiles of them are approximate; others do not."""
    session = Session(plan("approximate"), stream=stream)
    session.write(FIRST)
    before = values(session, "a", "b", "new")
    report = session.write(LATE)
    assert (report.late, report.refused) == (2, {})
    assert values(session, "a", "b", "new") == before
    assert (answer(session, "a").quality or {})["approximate_tiles"] > 0
    assert "approximate_tiles" not in (answer(session, "b").quality or {})


def test_an_aggregation_has_a_policy_of_its_own() -> None:
    """Its values are left out, and those of the others are merged."""
    both = [
        Aggregation(input_column="n", operation=Operation.SUM, windows=["1h"], late="approximate"),
        Aggregation(input_column="t", operation=Operation.COUNT, windows=["1h"]),
    ]
    session = Session(plan_of(SCHEMA, ["k"], both))
    session.write(FIRST)
    session.write(LATE)
    found = session.features(at=AT + 1, k="a")
    assert (found["n_sum_1h"], found["t_count_1h"]) == (3, 3)


def test_events_whose_values_are_left_out_are_kept(tmp_path: Path) -> None:
    """They are in the file of late events, with what became of them."""
    with (tmp_path / "late.jsonl").open("w") as late:
        session = Session(plan("approximate"), late=late)
        session.write(FIRST)
        session.write(LATE)
    lines = [json.loads(line) for line in (tmp_path / "late.jsonl").read_text().splitlines()]
    assert [json.loads(line["content"])["n"] for line in lines] == [4, 5]
    assert lines[0]["reason"].startswith("late: its values were left out")


def test_a_replay_merges_all(tmp_path: Path) -> None:
    """The past is written again in whatever order."""
    session = Session(plan("approximate"), replay=True)
    for events in (FIRST, LATE):
        session.write(events)
    assert session.features(at=AT + 1, k="a")["n_sum_1h"] == 7


def test_history_that_changes_finished_tiles_is_a_repair() -> None:
    """Tiles that are computed again count as such too."""
    session = Session(plan("recompute"))
    session.write(FIRST)
    session.write([row("a", 1, ts=AT - HOUR)])
    assert Progress.load(session.plan, session.store.get).repairs > 0


def test_tiles_computed_again_reach_a_store_of_whole_tiles(redis_server: RedisServer) -> None:
    """The state computes them, and puts them."""
    session = Session(plan("recompute"), url=redis_server.url(), state="memory:")
    for events in (FIRST, LATE):
        session.write(events)
    assert session.features(at=AT + 1, k="a")["n_sum_1h"] == 7


def test_numbers_of_tiles_and_events_stay_right() -> None:
    """What is counted of a store is what it holds."""
    session = Session(plan("recompute"))
    for events in (FIRST, LATE):
        session.write(events)
    assert Progress.load(session.plan, session.store.get).events == len(FIRST) + len(LATE)
    assert verify(session.store).is_sound
