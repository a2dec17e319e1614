"""What a server said of itself is not asked again for a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.redis_server import RedisServer
from support.remote import quality, rows_of
from support.session import Session, row, simple_plan
from support.waiting import wait_until
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.stores.redis import commands, pool
from tilewright_runtime.stores.redis.exchange import exchange_over
from tilewright_runtime.stores.redis.functions import CODE


@pytest.fixture(autouse=True)
def kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no test depends on the clock."""
    monkeypatch.setattr(pool, "_KEPT_S", 1000.0)


def in_calls_of(tiles: int) -> Plan:
    """The simple plan, for calls of so many tiles."""
    plan = simple_plan()
    return plan.model_copy(update={"store": plan.store.model_copy(update={"batch_size": tiles})})


def filled(server: RedisServer, folder: Path, plan: Plan | None = None) -> tuple[Session, Fetcher]:
    """Write an event, and fetch it once."""
    session = Session(plan, url=server.url(), state=f"lmdb:{folder}/state")
    session.write([row("a", 1)])
    fetcher = Fetcher(session.plan, session.store)
    assert quality(fetcher) == {}
    return session, fetcher


def loss(session: Session) -> str:
    """What the server says that it has lost."""
    filling = session.store.filling(session.plan.name)  # type: ignore[attr-defined]
    (filled,), (server,) = filling.filled, filling.servers
    return str(filled.loss(server))


def asked(server: RedisServer, fetcher: Fetcher) -> set[str]:
    """Which commands a fetch sends."""
    client = server.client()
    client.config_resetstat()
    quality(fetcher)
    names = set(client.info("commandstats"))
    return names & {"cmdstat_fcall_ro", "cmdstat_get", "cmdstat_mget"}


def test_a_fetch_is_one_command(redis_server: RedisServer, tmp_path: Path) -> None:
    """It reads tiles and documents, and the server is not asked of itself again."""
    _, fetcher = filled(redis_server, tmp_path)
    assert asked(redis_server, fetcher) == {"cmdstat_mget"}


def test_a_fetch_is_a_few_commands_of_one_kind(redis_server: RedisServer, tmp_path: Path) -> None:
    """An hour has 13 tiles, so three of at most five each read them."""
    _, fetcher = filled(redis_server, tmp_path, in_calls_of(5))
    assert asked(redis_server, fetcher) == {"cmdstat_mget"}


def test_a_delivery_between_two_commands_is_noticed(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last command finds that the table was filled further, so everything is read again."""
    session, fetcher = filled(redis_server, tmp_path, in_calls_of(5))
    at_once = exchange_over

    def one_by_one(connections: Any, sent: Any) -> list[Any]:
        answers = at_once(connections, sent[:1])
        monkeypatch.setattr(commands, "exchange_over", at_once)
        session.write([row("a", 1)])
        return answers + at_once(connections, sent[1:])

    monkeypatch.setattr(commands, "exchange_over", one_by_one)
    assert "cmdstat_fcall_ro" in asked(redis_server, fetcher)


def test_a_server_is_asked_again_after_a_moment(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have evicted keys meanwhile."""
    _, fetcher = filled(redis_server, tmp_path)
    monkeypatch.setattr(pool, "_KEPT_S", 0.0)
    assert "cmdstat_fcall_ro" in asked(redis_server, fetcher)


def test_a_server_is_asked_again_over_a_new_connection(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """It might be another run, or another server."""
    _, fetcher = filled(redis_server, tmp_path)
    redis_server.client().client_kill_filter(_type="normal", skipme=True)
    assert "cmdstat_fcall_ro" in asked(redis_server, fetcher)


def test_no_mark_is_taken_from_what_is_kept(own_server: RedisServer, tmp_path: Path) -> None:
    """A write that made good what was evicted leaves no mark to the fetches after it."""
    session = Session(url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of(range(300)))
    fetcher = Fetcher(session.plan, session.store)
    assert quality(fetcher) == {}
    own_server.evict()
    own_server.allow_memory()
    wait_until(lambda: loss(session) == "evicted", "the server counts what it lost")
    session.write([])
    assert quality(fetcher) == {}


def test_a_restart_is_noticed_at_once(own_server: RedisServer, tmp_path: Path) -> None:
    """What the last run said of itself is forgotten with its connections."""
    session, fetcher = filled(own_server, tmp_path)
    own_server.client().save()
    own_server.stop()
    own_server.start()
    assert quality(fetcher) == {"store": "restarted"}
    session.write([])
    assert quality(fetcher) == {}


def test_a_flush_is_noticed_at_once(own_server: RedisServer, tmp_path: Path) -> None:
    """The document of how far it is filled is read with the tiles."""
    session, fetcher = filled(own_server, tmp_path)
    client = own_server.client(1)
    for key in (*client.keys("tiles::*"), *client.keys("tilewright::filled*")):
        client.delete(key)
    assert quality(fetcher) == {"store": "unknown"}
    session.write([])
    assert quality(fetcher) == {}


def test_a_failover_is_noticed_beside_old_connections(
    redis_server: RedisServer, own_server: RedisServer, tmp_path: Path
) -> None:
    """What the old server said does not hold for a new one, which has its documents."""
    session, fetcher = filled(redis_server, tmp_path)
    connections = session.store._commands.client.connection_pool  # type: ignore[attr-defined]
    database = connections.connection_kwargs["db"]
    old, new = (server.client(database) for server in (redis_server, own_server))
    for key in old.keys("tilewright::*"):
        new.restore(key, 0, old.dump(key))
    new.function_load(CODE)
    to_old, to_new = (connections.get_connection() for _ in range(2))
    to_new.disconnect()
    to_new.port = own_server.port
    to_new.connect()
    connections.release(to_new)
    connections.release(to_old)
    assert quality(fetcher) == {}
    assert connections.get_connection() is to_old
    assert quality(fetcher) == {"store": "restarted"}
