"""What verify finds in a Redis: tiles that were lost, that expire, and that are still being put."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, HOUR, aggregations, plan_of
from support.redis_server import RedisServer
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.errors import StoreError
from tilewright_runtime.operate.findings import Verification
from tilewright_runtime.operate.verify import verify

#: Keys of hour tiles end in it; those of days in a shorter one.
TEN = "2024010414"


def plan() -> Plan:
    """Hours that expire, days that are kept for ever, and raw events."""
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM], ["1d"], edge="exact"),
            *aggregations("n", [Operation.COUNT], None),
        ],
    )


@pytest.fixture
def session(redis_server: RedisServer, tmp_path: Path) -> Session:
    """A database of its own, into which three events of `a` in two hours of a day were written."""
    made = Session(plan(), url=redis_server.url(), state=f"lmdb:{tmp_path}/state")
    made.write([row("a", 1, ts=AT - age) for age in (1, 2, HOUR)])
    return made


def client(session: Session) -> Any:
    """The database itself."""
    return session.store._commands.client  # type: ignore[attr-defined]


def key(session: Session, pattern: str) -> bytes:
    """The one key of a pattern."""
    (found,) = client(session).scan_iter(pattern)
    return bytes(found)


def missing(found: Verification) -> dict[str, tuple[int, int]]:
    """How many tiles and events each level misses."""
    (table,) = found.tables
    return {level.name: (level.missing, level.missing_events) for level in table.levels.values()}


def test_a_filled_store_is_sound(session: Session) -> None:
    """Tiles, raw events and the index of lifetimes, also after a second write."""
    session.write([row("b", 1, ts=AT - 1)])
    found = verify(session.store)
    (table,) = found.tables
    assert (found.is_sound, table.notes) == (True, [])
    counted = {level.name: (level.tiles, level.events) for level in table.levels.values()}
    assert counted == {"1d": (2, 4), "1h": (3, 4), "events": (3, 4)}


@pytest.mark.parametrize(
    ("pattern", "level", "events"), [("*::1d::2*", "1d", 3), (f"*::1h::{TEN}", "1h", 2)]
)
def test_a_lost_tile_is_missed(session: Session, pattern: str, level: str, events: int) -> None:
    """While none can have expired yet, of any level."""
    client(session).delete(key(session, pattern))
    found = verify(session.store)
    assert not found.is_sound
    assert missing(found)[level] == (1, events)


def test_tiles_that_may_have_expired_are_not_missed(session: Session) -> None:
    """Once the time to live of a level has passed; the others are."""
    document = f"tilewright::plan/{session.plan.name}"
    content = client(session).get(document).decode()
    client(session).set(document, content.replace('"1h": [[1', '"1h": [[-1'))
    client(session).delete(key(session, f"*::1h::{TEN}"), key(session, f"*::events::{TEN}"))
    found = verify(session.store)
    assert missing(found) == {"1d": (0, 0), "1h": (0, 0), "events": (1, 2)}


def changed(session: Session) -> str:
    """A byte of a record is another one."""
    place = key(session, f"*::1h::{TEN}")
    record = bytearray(client(session).get(place))
    record[30] ^= 1
    client(session).set(place, bytes(record))
    return place.decode()


def misplaced(session: Session) -> str:
    """A record stands in the place of another hour."""
    place = key(session, f"*::1h::{TEN}")
    client(session).set(place.replace(b"14", b"15"), client(session).get(place))
    return place.replace(b"14", b"15").decode()


def index_of_another(session: Session) -> str:
    """The index of a lifetime names a tile that is not the first."""
    place = key(session, "*::1d::first")
    client(session).set(place, b"0")
    return f"key {place.decode()}"


def unknown(session: Session) -> str:
    """A key that begins as ours do stands for no tile."""
    client(session).set("tiles::things::{s=a}::1h::yesterday", b"x")
    return "key tiles::things::{s=a}::1h::yesterday"


@pytest.mark.parametrize("damage", [changed, misplaced, index_of_another, unknown])
def test_damage_is_named(session: Session, damage: Callable[[Session], str]) -> None:
    """By the key of the record or of the index."""
    place = damage(session)
    found = verify(session.store)
    assert not found.is_sound
    assert [one.place for one in found.damaged] == [place]


def test_a_delivery_that_ended_too_early_is_no_damage(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was put last: tiles are compared again once a write has ended."""
    put = session.store.put_newer
    calls: list[int] = []

    def fail(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise StoreError("killed")
        put(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(session.store, "put_newer", fail)
        with pytest.raises(StoreError, match="killed"):
            session.write([row("c", 1, ts=AT - 1)])
    found = verify(session.store)
    assert found.is_sound
    assert "compared once a write has ended" in found.tables[0].notes[0]
    session.write([])
    found = verify(session.store)
    assert (found.is_sound, found.tables[0].notes) == (True, [])


def test_a_server_that_was_restarted_may_have_lost_tiles(
    own_server: RedisServer, tmp_path: Path
) -> None:
    """Until the next write has put them again."""
    session = Session(plan(), url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write([row("a", 1)])
    own_server.client().save()
    own_server.stop()
    own_server.start()
    found = verify(session.store)
    assert [damage.reason.split(";")[0] for damage in found.damaged] == [
        "the server was restarted since the tiles were put"
    ]
    session.write([row("a", 1)])
    assert verify(session.store).is_sound
