"""What a store of whole tiles loses is noticed: by the next delivery, and by readers before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT
from support.redis_server import RedisServer
from support.remote import held, losing, merged, quality, rows_of
from support.session import Session, simple_plan
from support.waiting import wait_until
from tilewright_runtime import Fetcher, open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest import bulk_load
from tilewright_runtime.ingest.stream_sink import TileSink
from tilewright_runtime.tiles.keys import TileKeys
from tilewright_runtime.times import moment_ms


def test_a_server_that_is_emptied_while_tiles_are_put_ends_with_all(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was flushed between two puts is put again before the write returns."""
    session.write(rows_of(range(9)))
    client = session.store._commands.client  # type: ignore[attr-defined]
    losing(session, monkeypatch, client.flushdb)
    session.write(rows_of([0, 3]))
    assert held(session) == merged(session)
    assert session.features(k="a")["n_count_1h"] == 3


def test_a_server_that_goes_back_while_tiles_are_put_ends_with_all(
    own_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart from a snapshot that has the acknowledged document and lacks tiles is noticed."""
    session = Session(url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of(range(9)))
    own_server.client().save()

    def restart() -> None:
        own_server.stop()
        own_server.start()

    losing(session, monkeypatch, restart)
    session.write(rows_of([0, 3]))
    assert held(session) == merged(session)


def test_a_store_that_keeps_losing_is_an_error(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that loses what it is given each time is not filled for ever."""
    client, put = session.store._commands.client, session.store.put_newer  # type: ignore[attr-defined]

    def put_and_lose(keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        put(keys, records, ttl_ms)
        client.flushdb()

    monkeypatch.setattr(session.store, "put_newer", put_and_lose)
    with pytest.raises(StoreError, match=r"lost what it was given, 3 times .* the next write puts"):
        session.write(rows_of([0]))


def test_an_open_fetcher_notices_that_its_store_was_emptied(session: Session) -> None:
    """A store that came back empty is an error, not an answer without events."""
    session.write(rows_of([0]))
    fetcher = Fetcher(session.plan, session.store)
    assert quality(fetcher) == {}
    session.store._commands.client.flushdb()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="has no tiles of things any more: it was emptied"):
        fetcher.fetch({"k": "a"}, at=AT)


def test_answers_say_that_a_store_is_not_filled_yet(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a delivery is under way, and after it has failed, answers are marked."""
    session.write(rows_of([0]))
    fetcher = Fetcher(session.plan, session.store)
    seen: list[dict[str, Any]] = []
    losing(session, monkeypatch, lambda: seen.append(quality(fetcher)))
    session.write(rows_of([1]))
    assert (seen, quality(fetcher)) == ([{"store": "updating"}], {})

    def fail(keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        raise StoreError("the store is full.")

    monkeypatch.setattr(session.store, "put_newer", fail)
    with pytest.raises(StoreError, match="the store is full"):
        session.write(rows_of([2]))
    assert quality(fetcher) == {"store": "updating"}
    monkeypatch.undo()
    session.write([])
    assert quality(fetcher) == {}


def test_answers_say_that_tiles_were_evicted_until_they_are_put_again(
    own_server: RedisServer, tmp_path: Path
) -> None:
    """Evicted tiles mark the answers, and the next write puts all tiles again."""
    session = Session(url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of(range(300)))
    fetcher = Fetcher(session.plan, session.store)
    assert quality(fetcher) == {}
    own_server.evict()
    wait_until(lambda: quality(fetcher) == {"store": "evicted"}, "what was evicted is noticed")
    own_server.allow_memory()
    session.write([])
    assert held(session) == merged(session)
    assert quality(fetcher) == {}


def test_answers_say_that_a_server_was_restarted(own_server: RedisServer, tmp_path: Path) -> None:
    """After a restart tiles may be those of an older snapshot, until the next write."""
    session = Session(url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of([0]))
    fetcher = Fetcher(session.plan, session.store)
    own_server.client().save()
    own_server.stop()
    own_server.start()
    assert quality(fetcher) == {"store": "restarted"}
    session.write([])
    assert quality(fetcher) == {}


def came_back_empty(server: RedisServer) -> None:
    (server.folder / "dump.rdb").unlink(missing_ok=True)
    restart(server)


def restart(server: RedisServer) -> None:
    """Kills a server, and starts it with what it last saved."""
    server.stop()
    server.start()


def was_flushed(server: RedisServer) -> None:
    server.client().flushall()


def evicted_tiles(server: RedisServer) -> None:
    client = server.client()
    client.config_set("maxmemory-policy", "allkeys-random")
    client.config_set("maxmemory", 1)
    with suppress(Exception):
        client.set("other", b"x")
    client.config_set("maxmemory", 0)
    client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("lose", [restart, came_back_empty, was_flushed, evicted_tiles])
def test_a_loss_at_any_point_of_a_delivery_ends_with_all_tiles(
    own_server: RedisServer, tmp_path: Path, lose: Callable[[RedisServer], None]
) -> None:
    """Whichever round trip it comes before, the write after it, if not that one, makes it good;
    until then no answer is both wrong and clean.
    """
    session = Session(url=own_server.url(0), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of(range(9)))
    own_server.client().save()
    commands = session.store._commands  # type: ignore[attr-defined]
    sent, point = commands._sent, 0
    while True:
        ahead = [point]

        def lose_at_the_point(calls: Any, ahead: list[int] = ahead) -> Any:
            if ahead and not ahead[0]:
                ahead.clear()
                lose(own_server)
            elif ahead:
                ahead[0] -= 1
            return sent(calls)

        commands._sent = lose_at_the_point
        with suppress(StoreError):
            session.write(rows_of([point % 4, point]))
        commands._sent = sent
        if held(session) != merged(session):
            with suppress(StoreError):
                assert quality(Fetcher(session.plan, session.store)) != {}
        session.write([])
        assert held(session) == merged(session)
        assert quality(Fetcher(session.plan, session.store)) == {}
        point += 1
        if ahead:
            break
    assert point > 4


# Stores that are not filled from a state


def test_a_stream_does_not_go_on_in_a_store_that_came_back_empty(redis_server: RedisServer) -> None:
    """A sink that is opened again would put only what is new, so it is refused."""
    plan, store = simple_plan(), open_store(redis_server.url())
    stream = TileSink(plan, store).stream
    TileSink(plan, store, stream=stream)
    store._commands.client.flushdb()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match=r"has lost the tiles of things .* Start the job anew"):
        TileSink(plan, store, stream=stream)
    assert store.get("plan/things") is None


def test_answers_from_a_stream_say_that_its_store_was_restarted(own_server: RedisServer) -> None:
    """Nobody puts again what is lost there, so that is said for as long as the store is used."""
    plan, store = simple_plan(), open_store(own_server.url(0))
    stream = TileSink(plan, store).stream
    assert quality(Fetcher(plan, store)) == {}
    own_server.client().save()
    restart(own_server)
    TileSink(plan, store, stream=stream)
    assert quality(Fetcher(plan, store)) == {"store": "restarted"}


def test_a_load_into_a_store_that_loses_some_of_it_is_an_error(redis_server: RedisServer) -> None:
    """History that was emptied while it was loaded is not served."""
    plan, store = simple_plan(), open_store(redis_server.url())
    bulk_load.begin(plan, store)
    store._commands.client.flushdb()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match=r"lost what it was given: .*load the history again"):
        bulk_load.finish(plan, store, AT, 1, bulk_load.Put())
    with pytest.raises(StoreError, match="has no tiles of things"):
        Fetcher(plan, store)


def test_a_load_that_lost_nothing_is_served(redis_server: RedisServer) -> None:
    """Its tiles are kept since the load began."""
    plan, store = simple_plan(), open_store(redis_server.url())
    begun_ms = moment_ms(None)
    bulk_load.begin(plan, store)
    bulk_load.finish(plan, store, AT, 1, bulk_load.Put())
    assert quality(Fetcher(plan, store)) == {}
    document = json.loads(store.get("plan/things") or b"")
    ((since_ms, _),) = document["kept"]["5m"]
    assert begun_ms <= since_ms <= moment_ms(None)
