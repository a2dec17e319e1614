"""Tiles that were computed again reach a store of whole tiles by comparing and swapping."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.remote import held, merged
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime.errors import StoreError
from tilewright_runtime.testing.stores import record
from tilewright_runtime.tiles.keys import TileKeys

PLAN = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["1h", "12h"]), late="recompute")
FIRST = [row("a", 1, ts=AT - 20 * MINUTE), row("a", 2, ts=AT - 6 * MINUTE), row("b", 9, ts=AT)]
LATE = [row("a", 4, ts=AT - 7 * MINUTE), row("new", 5, ts=AT - 4 * MINUTE)]
#: What is newer than every tile, if its bytes are believed.
DAMAGED = record(2**60, b"damaged")


@pytest.fixture
def session(redis_server: RedisServer) -> Iterator[Session]:
    """A Redis with tiles that late events change."""
    made = Session(PLAN, url=redis_server.url(), state="memory:")
    made.write(FIRST)
    yield made
    made.close()


def test_a_damaged_tile_is_replaced(session: Session) -> None:
    """Tiles of late events are made anew, whatever stands in their place."""
    before = merged(session)
    client = session.store._commands.client  # type: ignore[attr-defined]
    client.mset(dict.fromkeys(before, DAMAGED))
    session.write(LATE)
    expected = {
        key: tile if tile != before.get(key) else DAMAGED for key, tile in merged(session).items()
    }
    assert held(session) == expected
    assert DAMAGED in expected.values()


def test_a_tile_that_changes_meanwhile_is_compared_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that somebody else puts between reading and swapping is read once more."""
    read = session.store.get_tiles
    times: list[int] = []

    def read_and_change(keys: TileKeys) -> list[bytes | None]:
        found = read(keys)
        if not times:
            session.store.put_newer(keys, [DAMAGED] * len(found), None)
        times.append(len(found))
        return found

    monkeypatch.setattr(session.store, "get_tiles", read_and_change)
    session.write(LATE)
    assert times[0] == times[1]
    assert held(session) == merged(session)


def test_tiles_that_change_each_time_are_an_error(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says who may put them, and that the next write goes on; that one puts them."""
    read, numbers = session.store.get_tiles, iter(range(1000))

    def read_and_change(keys: TileKeys) -> list[bytes | None]:
        found = read(keys)
        later = record(2**60 + next(numbers))
        session.store.put_newer(keys, [later] * len(found), None)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(session.store, "get_tiles", read_and_change)
        with pytest.raises(StoreError, match=r"nobody else may.* the next write puts it"):
            session.write(LATE)
    session.write([])
    assert held(session) == merged(session)


def test_tiles_that_are_there_already_stay(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that was cut before its end is acknowledged without another swap, and lives from
    then on.
    """
    before = held(session)
    advance, calls = session.store.advance, []  # type: ignore[attr-defined]

    def cut(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise StoreError("the store is away.")
        return advance(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(session.store, "advance", cut)
        with pytest.raises(StoreError, match="the store is away"):
            session.write(LATE)
    there = held(session)
    assert there == merged(session)
    client = session.store._commands.client  # type: ignore[attr-defined]
    put = [key for key, tile in there.items() if tile != before.get(key)]
    for key in put:
        client.pexpire(key, 600_000)
    swapped: list[int] = []

    def swap(keys: TileKeys, *_: object) -> list[bool]:
        swapped.extend(keys.starts_ms)
        return []

    monkeypatch.setattr(session.store, "compare_and_swap", swap)
    session.write([])
    assert (held(session), swapped) == (there, [])
    assert min(map(client.pttl, put)) > 600_000
    assert session.features(at=AT + 1, k="a")["n_sum_1h"] == 7
