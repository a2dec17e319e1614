"""What inspect shows of a store: usage, busy keys, and decoded tiles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import Desk
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime.errors import KeyValueError
from tilewright_runtime.operate.inspect import entity_tiles, usage


def rows() -> list[dict[str, object]]:
    """Three events of `a` in two tiles of five minutes, and one of `b`."""
    times = [("a", AT - 1), ("a", AT - 2), ("a", AT - 10 * MINUTE), ("b", AT - 1)]
    return [row(key, 2, ts=ts) for key, ts in times]


def test_usage_is_told_by_plan_and_level(tmp_path: Path) -> None:
    """Tiles, events and bytes are those of the records, and the busiest key comes first."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write(rows())
    found = usage(session.store)
    (table,) = found.tables
    (level,) = table.levels
    stored = [
        record
        for key in ("s=a", "s=b")
        for _, records in session.store.read_entity("things", key)
        for record in records
    ]
    assert (table.plan, table.entities, level.level) == ("things", 2, "5m")
    assert (level.tiles, level.events, level.bytes) == (3, 4, sum(map(len, stored)))
    assert level.newest_ms == AT - 1
    assert [(one.keys, one.events, one.tiles) for one in table.hottest] == [
        (("a",), 3, 2),
        (("b",), 1, 1),
    ]
    assert [one.keys for one in usage(session.store, most=1).tables[0].hottest] == [("a",)]
    session.close()


def test_the_tiles_of_an_entity_are_decoded() -> None:
    """Each tile has its values alone, the newest first."""
    session = Session()
    session.write(rows())
    found = entity_tiles(session.plan, session.store, {"k": "a"})
    assert [(tile.start_ms, tile.events, tile.values["SUM of n"]) for tile in found.tiles] == [
        (AT // (5 * MINUTE) * 5 * MINUTE, 2, 4),
        (AT // (5 * MINUTE) * 5 * MINUTE - 10 * MINUTE, 1, 2),
    ]
    assert found.tiles[0].newest_ms == AT - 1
    few = entity_tiles(session.plan, session.store, {"k": "a"}, most=1)
    assert (len(few.tiles), few.omitted) == (1, 1)


def test_chunks_of_raw_events_and_coarse_levels_are_decoded_too() -> None:
    """A chunk has what exact windows count of it."""
    session = Session(
        plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["1h", "7d"], edge="exact"))
    )
    session.write(rows())
    found = entity_tiles(session.plan, session.store, {"k": "a"})
    totals: dict[str, int] = {}
    for tile in found.tiles:
        totals[tile.level] = totals.get(tile.level, 0) + tile.values["SUM of n"]
    assert totals.pop("events") == 6
    assert set(totals.values()) == {6}


def test_the_command_shows_both(tmp_path: Path) -> None:
    """A store alone, and an entity of a plan, as text and as JSON."""
    desk = Desk(tmp_path)
    desk.write(desk.events(rows()))
    ran = desk.run("inspect", desk.store)
    assert (ran.status, ran.err) == (0, "")
    assert "things: 2 entities" in ran.out
    (store,) = json.loads(desk.run("inspect", desk.plan, desk.store, "--format", "json").out)[
        "stores"
    ]
    assert store["plans"][0]["hottest"][0]["keys"] == {"k": "a"}
    entity = ("inspect", desk.plan, "--store", desk.store, "--key", "k=a")
    assert "SUM of n=4" in desk.run(*entity).out
    document = json.loads(desk.run(*entity, "--format", "json").out)
    assert [tile["values"]["SUM of n"] for tile in document["tiles"]] == [4, 2]
    assert document["tiles"][0]["newest_event"] == "2024-01-04T14:37:24.999Z"


def test_its_mistakes(tmp_path: Path) -> None:
    """No store, an entity without its plan, and keys of another plan."""
    desk = Desk(tmp_path)
    desk.write(desk.events(rows()))
    assert desk.run("inspect", desk.plan).status == 2
    assert desk.run("inspect", desk.store, "--key", "k=a").status == 2
    assert desk.run("inspect", desk.plan, desk.store, "--key", "who=a").status == 1
    assert desk.run("inspect", f"lmdb:{tmp_path}/nowhere").status == 1
    session = Session()
    session.write(rows())
    with pytest.raises(KeyValueError):
        entity_tiles(session.plan, session.store, {"who": "a"})


def test_a_redis_store_is_inspected_like_any_other(redis_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Its tiles are found by a walk over its keys."""
    session = Session(url=redis_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows())
    (table,) = usage(session.store).tables
    assert [(one.keys, one.events) for one in table.hottest] == [(("a",), 3), (("b",), 1)]
    found = entity_tiles(session.plan, session.store, {"k": "a"})
    assert [tile.values["SUM of n"] for tile in found.tiles] == [4, 2]
    assert found.tiles[0].start_ms + HOUR > AT
    session.close()
