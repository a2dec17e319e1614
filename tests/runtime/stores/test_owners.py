"""Whose record stands in another's place, as an error says it and as verify does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.places import new_place
from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.errors import CorruptRecordError
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.stores.owners import Owners
from tilewright_runtime.tiles.keys import TILES, TileKeys

SIZE = 5 * MINUTE
NEWEST = (AT - 1) // SIZE * SIZE


def other_plan() -> Plan:
    """A plan of other features, with another storage fingerprint."""
    return plan_of(SCHEMA, ["k"], aggregations("n", [Operation.MIN]), name="other")


@pytest.fixture(params=["memory", "lmdb", "redis"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """A store of each kind with an event of `a`, of `b` and of `c`."""
    url = new_place(request, request.param, tmp_path)
    made = Session(url=url, state="memory:" if request.param == "redis" else "")
    made.write([row("a", 1), row("b", 2), row("c", 3)])
    yield made
    made.close()


def tile(entity: str, table: str) -> TileKeys:
    """The key of an entity's newest tile."""
    return TileKeys(table, SIZE, [entity], [0], [NEWEST])


def record_of(session: Session, keys: TileKeys) -> bytes:
    """The record under a key."""
    (record,) = session.store.get_tiles(keys)
    assert record is not None
    return bytes(record)


def put(session: Session, keys: TileKeys, record: bytes) -> None:
    """Put a record without asking anybody."""
    store: Any = session.store
    if session.state is None:
        store.transact(lambda transaction: transaction.put_tiles(keys, [record]))
    else:
        store._commands.client.set(keys.texts[0], record)


def test_the_error_of_a_fetch_names_the_place_and_the_other_entity(session: Session) -> None:
    """A record of another entity says whose it is, in every store."""
    one, other = (tile(entity, session.plan.name) for entity in ("s=a", "s=b"))
    put(session, one, record_of(session, other))
    with pytest.raises(CorruptRecordError) as failed:
        session.features(k="a")
    assert f"{one.name(0)}: in its place stands tile {other.name(0)}. " in str(failed.value)


def test_verify_names_the_other_entity(session: Session) -> None:
    """It finds it also where the entity stands in another part of the walk."""
    one, other = (tile(entity, session.plan.name) for entity in ("s=a", "s=c"))
    put(session, one, record_of(session, other))
    (damage,) = verify(session.store).damaged
    assert damage.place == one.name(0)
    assert damage.reason == f"in its place stands tile {other.name(0)}"


def test_a_record_of_another_plan_is_told_from_a_damaged_one(session: Session) -> None:
    """Its bytes are what was written, and the error says by which plan and of whom."""
    other = Session(other_plan(), "memory:")
    other.store, other.state = session.store, session.state
    other.write([row("b", 5)])
    one, foreign = tile("s=a", session.plan.name), tile("s=b", other_plan().name)
    put(session, one, record_of(session, foreign))
    with pytest.raises(CorruptRecordError, match=r"in its place stands tile tiles::other"):
        session.features(k="a")


def test_an_owner_that_left_nothing_is_named_by_its_plan(session: Session) -> None:
    """Nobody can say whose a record is that is of no entity of the store."""
    elsewhere = Session()
    elsewhere.write([row("elsewhere", 1)])
    one = tile("s=a", session.plan.name)
    put(session, one, record_of(elsewhere, tile("s=elsewhere", session.plan.name)))
    some = f"a tile of some entity of {session.plan.name} that begins at "
    with pytest.raises(CorruptRecordError, match=f"in its place stands {some}"):
        session.features(k="a")


def test_few_entities_are_tried(session: Session) -> None:
    """Of a store with many the first are, and a record is looked for once."""
    record = record_of(session, tile("s=c", session.plan.name))
    nobody = Owners(session.store, most_entities=0)
    assert nobody.find(record, [(TILES, SIZE)]) is None
    owners = Owners(session.store)
    owner = f"tile {tile('s=c', session.plan.name).name(0)}"
    assert owners.find(record, [(TILES, SIZE)]) == owner
    session.store.close()
    assert owners.find(record, [(TILES, SIZE)]) == owner
