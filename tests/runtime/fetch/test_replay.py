"""Explanations as JSON: what they hold, and the same answer from them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import Desk
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import FetchError
from tilewright_runtime.fetch.cache import TileCache
from tilewright_runtime.fetch.explain import explain
from tilewright_runtime.fetch.replay import explanation_document, replay
from tilewright_runtime.operate.forget import forget

ROWS = [
    "range",
    "expansion",
    "cache_lookup",
    "kv_fetch",
    "deserialization",
    "boundaries",
    "merging",
    "total",
]


@pytest.fixture
def session() -> Session:
    """Sums of two windows, one of them exact, and a derivation."""
    features = [
        *aggregations("n", [Operation.SUM], ["1h", "7d"]),
        *aggregations("n", [Operation.MAX], ["1h"], edge="exact"),
    ]
    made = plan_of(SCHEMA, ["k"], features, derivations={"rest": "n_sum_7d - n_sum_1h"})
    session = Session(made)
    times = [AT - MINUTE, AT - 20 * MINUTE, AT - 3 * HOUR, AT - 2 * DAY]
    session.write([row("a", 10**place, ts=ts) for place, ts in enumerate(times)])
    return session


def explained(session: Session, at: int | None = AT) -> dict[str, Any]:
    """The document of an answer, as a reader of its JSON has it."""
    explanation = explain(Fetcher(session.plan, session.store), {"k": "a"}, at)
    document: dict[str, Any] = json.loads(json.dumps(explanation_document(explanation)))
    return document


def test_time_is_broken_down_by_the_rows_of_the_specification(session: Session) -> None:
    """The rows add up to the total; those of this plan's derivations come before it."""
    rows = explained(session)["explanation"]["breakdown_us"]
    assert [name for name in rows if name in ROWS] == ROWS
    assert sum(rows.values()) == pytest.approx(2 * rows["total"], abs=1)
    assert rows["kv_fetch"] > 0
    assert rows["cache_lookup"] >= 0


def test_each_tile_has_key_level_contribution_flags_and_origin(session: Session) -> None:
    """What tiles contribute to a sum adds up to its value, and each was read."""
    explanation = explained(session)["explanation"]
    read = {tile["key"]: tile for tile in explanation["tiles"]}
    assert explanation["tiles_read"] == len(read) > 0
    for window in explanation["windows"]:
        assert {tile["origin"] for tile in window["tiles"]} == {"store"}
        assert all(tile["key"] in read for tile in window["tiles"])
        for name, value in window["values"].items():
            parts = [tile["contribution"][name] for tile in window["tiles"]]
            assert (sum(parts) if "_sum_" in name else max(parts)) == value
    key = "tiles::things::{s=a}::5m::202401041435"
    assert (read[key]["level"], read[key]["events"], read[key]["flags"]) == ("5m", 1, [])


def test_tiles_of_a_cache_say_so(session: Session) -> None:
    """What is finished comes from the cache the second time; a forgotten entity has nothing in
    it, and a replay by way of a cache gives the same value.
    """
    fetcher = Fetcher(session.plan, session.store, cache=TileCache())
    first = explanation_document(explain(fetcher, {"k": "a"}, AT))
    again = explanation_document(explain(fetcher, {"k": "a"}, AT))
    origins = [{tile["origin"] for tile in one["explanation"]["tiles"]} for one in (first, again)]
    assert origins == [{"store"}, {"cache", "store"}]
    assert again["features"] == first["features"]
    assert again["explanation"]["breakdown_us"]["cache_lookup"] > 0
    assert replay(fetcher, json.loads(json.dumps(first))).features == first["features"]
    forget(session.plan, session.store, {"k": "a"})
    assert fetcher.fetch({"k": "a"}, AT).features["n_sum_7d"] is None


@pytest.mark.parametrize("at", [AT, None])
def test_a_replay_gives_the_same_value(session: Session, at: int | None) -> None:
    """Also much later, for a fetch that was live."""
    if at is None:
        session.write([row("a", 5, ts=None)])  # refused: nothing changes
    document = explained(session, at)
    answer = replay(Fetcher(session.plan, session.store), document)
    assert (answer.at, answer.features) == (document["at"], document["features"])


def test_a_replay_names_the_tile_that_has_changed(session: Session) -> None:
    """One that has more events, and one that was not there."""
    document = explained(session)
    session.write([row("a", 1, ts=AT - MINUTE), row("a", 1, ts=AT - 40 * MINUTE)])
    with pytest.raises(FetchError) as caught:
        replay(Fetcher(session.plan, session.store), document)
    assert "::5m::202401041435 has changed (1 events then, 2 now)" in str(caught.value)
    assert "::5m::202401041355 is new, with 1 event" in str(caught.value)


def test_a_forgotten_entity_has_no_tiles_to_replay(session: Session) -> None:
    """They are gone, and the replay says so."""
    document = explained(session)
    session.store.delete_entity(session.plan.name, "s=a")
    with pytest.raises(FetchError, match="is gone"):
        replay(Fetcher(session.plan, session.store), document)


def test_an_explanation_of_another_plan_is_refused(session: Session) -> None:
    """Neither is what is no explanation replayed."""
    other = Session(plan_of(SCHEMA, ["k"], aggregations("t", [Operation.COUNT]), name="other"))
    other.write([row("a", 1)])
    fetcher = Fetcher(session.plan, session.store)
    with pytest.raises(FetchError, match="another plan"):
        replay(fetcher, explained(other))
    document = explained(session)
    del document["explanation"]["digest"]
    wrongs: list[Any] = [{}, [], None, {"explanation": {"version": 2}}, document]
    for wrong in wrongs:
        with pytest.raises(FetchError, match="not an explanation"):
            replay(fetcher, wrong)


def test_the_command_explains_and_replays(tmp_path: Path) -> None:
    """An explanation says from which plan and store, so a replay needs nothing else."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1), row("a", 2, ts=AT - 10 * MINUTE)]))
    ran = desk.fetch("--key", "k=a", "--at", str(AT), "--explain", "--format", "json")
    assert (ran.status, ran.err) == (0, "")
    (tmp_path / "explanation.json").write_text(ran.out)
    again = desk.run("fetch", "--replay", tmp_path / "explanation.json")
    assert again.status == 0
    assert again.lines[0]["features"] == ran.lines[0]["features"]
    desk.write(desk.events([row("a", 7)], "more.csv"))
    changed = desk.run("fetch", "--replay", tmp_path / "explanation.json")
    assert changed.status == 1
    assert "tiles::things::{s=a}::5m::202401041435 has changed" in changed.err


def test_mistakes_of_the_command(tmp_path: Path) -> None:
    """A replay has its keys, and a fetch needs a plan and a store."""
    desk = Desk(tmp_path)
    (tmp_path / "explanation.json").write_text("{}\n")
    replayed = ("fetch", "--replay", tmp_path / "explanation.json")
    assert desk.run(*replayed, "--key", "k=a").status == 2
    assert desk.run(*replayed).status == 1
    assert desk.run("fetch", "--key", "k=a").status == 2
    assert desk.run("fetch", desk.plan, "--key", "k=a").status == 2
