"""Forgetting an entity: nothing of it is left, and nobody misses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import Desk
from support.plans import AT, DAY, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.errors import KeyValueError, StoreError
from tilewright_runtime.ingest.pending import Pending
from tilewright_runtime.operate.forget import forget
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.stores.progress import Progress


def plan() -> Plan:
    """Tiles of two levels, and raw events."""
    sums = aggregations("n", [Operation.SUM], ["1h", "7d"], edge="exact")
    return plan_of(SCHEMA, ["k"], sums)


def rows() -> list[dict[str, object]]:
    """Events of two keys, today and yesterday."""
    return [row(key, 1, ts=AT - 1 - late) for key in ("a", "b") for late in (0, 0, DAY)]


@pytest.mark.parametrize("scheme", ["memory", "lmdb"])
def test_all_levels_and_events_go(scheme: str, tmp_path: Path) -> None:
    """The receipt has every level with its tiles and events, and the other key stays whole."""
    session = Session(plan(), "memory:" if scheme == "memory" else f"lmdb:{tmp_path}/store")
    session.write(rows())
    before = session.features(k="b")
    (stored,) = forget(session.plan, session.store, {"k": "a"}).stores
    sizes = {level.level for level in stored.levels}
    assert "events" in sizes
    assert len(sizes) == len(session.plan.levels) + 1
    assert {level.events for level in stored.levels} == {3}
    assert session.store.read_entity(session.plan.name, "s=a") == []
    assert session.features(k="a") == {"n_sum_exact_1h": None, "n_sum_exact_7d": None}
    assert session.features(k="b") == before
    session.close()


def test_a_store_that_forgot_is_sound(tmp_path: Path) -> None:
    """Verify misses neither tiles nor events, also after more was written and forgotten."""
    session = Session(plan(), f"lmdb:{tmp_path}/store")
    session.write(rows())
    forget(session.plan, session.store, {"k": "a"})
    session.write([row("a", 5), row("b", 5)])
    assert session.features(k="a")["n_sum_exact_7d"] == 5
    assert verify(session.store).is_sound
    forget(session.plan, session.store, {"k": "a"})
    assert verify(session.store).is_sound
    session.close()


def test_the_state_folder_forgets_too(redis_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Tiles that were put into Redis go from there and from the folder that would put them again,
    and the name goes from the list of what the last commit has changed.
    """
    session = Session(plan(), redis_server.url(), f"lmdb:{tmp_path}/state")
    session.write(rows())
    with pytest.raises(StoreError, match="--state DIR"):
        forget(session.plan, session.store, {"k": "a"})
    receipt = forget(session.plan, session.store, {"k": "a"}, session.state)  # type: ignore[arg-type]
    assert [store.levels[0].tiles > 0 for store in receipt.stores] == [True, True]
    for store in (session.store, session.state):
        assert store is not None
        assert store.read_entity(session.plan.name, "s=a") == []
        assert verify(store).is_sound
    outbox = session.state.get(f"outbox/{session.plan.name}")  # type: ignore[union-attr]
    assert outbox is not None
    assert [keys.entities for keys in Pending.from_bytes(outbox).changed] == [["s=b"]] * 3
    session.write([row("b", 1)])
    assert session.store.read_entity(session.plan.name, "s=a") == []
    session.close()


def test_whoever_keeps_copies_is_told(tmp_path: Path) -> None:
    """The number changes that says when copies of finished tiles are to be dropped."""
    session = Session(plan())
    session.write(rows())
    before = Progress.load(session.plan, session.store.get)
    forget(session.plan, session.store, {"k": "nobody"})
    assert Progress.load(session.plan, session.store.get) == before
    forget(session.plan, session.store, {"k": "a"})
    assert Progress.load(session.plan, session.store.get) == before.repaired()


def test_what_was_never_there_has_an_empty_receipt(tmp_path: Path) -> None:
    """A key without events is no mistake; one that the plan cannot have is."""
    session = Session(plan())
    session.write(rows())
    receipt = forget(session.plan, session.store, {"k": "nobody"})
    assert receipt.tiles == 0
    with pytest.raises(KeyValueError):
        forget(session.plan, session.store, {"who": "a"})


def test_the_command_prints_a_receipt(tmp_path: Path) -> None:
    """As text and as JSON; the second receipt has nothing."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1), row("b", 2)]))
    command = ("forget", desk.plan, "--store", desk.store, "--key", "k=a")
    ran = desk.run(*command)
    assert (ran.status, ran.err) == (0, "")
    assert "k=a of things, forgotten at" in ran.out
    receipt = json.loads(desk.run(*command, "--format", "json").out)
    assert receipt["keys"] == {"k": "a"}
    assert receipt["tiles"] == 0
    assert receipt["stores"][0]["levels"] == []


def test_its_mistakes(tmp_path: Path) -> None:
    """A store without tiles, a key of another name, and a state of another store."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 1)]))
    (tmp_path / "other").mkdir()
    store = ("--store", desk.store)
    assert (
        desk.run("forget", desk.plan, "--store", f"lmdb:{tmp_path}/no", "--key", "k=a").status == 1
    )
    assert desk.run("forget", desk.plan, *store, "--key", "who=a").status == 1
    assert desk.run("forget", desk.plan, *store).status == 2
    ran = desk.run("forget", desk.plan, *store, "--key", "k=a", "--state", tmp_path / "other")
    assert ran.status == 1
