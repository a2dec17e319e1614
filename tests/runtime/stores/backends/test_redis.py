"""The Redis store: its URLs, its keys, and what becomes of servers that are away, full, locked or
no Redis at all.
"""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.pages import ROOT, blocks
from support.process import start
from support.redis_server import RedisServer, redis_server
from support.waiting import wait_until
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import CheckedStore, open_store
from tilewright_runtime.stores.base import Records
from tilewright_runtime.stores.redis.connection import connect_async, require_fit
from tilewright_runtime.testing.stores import (
    from_the_beginning,
    record,
    span,
    tiles,
)
from tilewright_runtime.tiles.keys import Range


@contextmanager
def listener(answer: bytes | None) -> Iterator[int]:
    """A port where something answers a client's first words, or takes them and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = []

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                taken.append(client)
                if answer is not None:
                    client.recv(1 << 16)
                    client.sendall(answer)
                    client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for client in taken:
            client.close()


# URLs


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:{port}/3", "redis://127.0.0.1:{port}/3"),
        ("redis://127.0.0.1:{port}", "redis://127.0.0.1:{port}/0"),
        (
            "redis://default:se%40cret@localhost:{port}/1?socket_timeout=2",
            "redis://localhost:{port}/1",
        ),
    ],
)
def test_a_url_is_shown_without_what_is_secret(
    redis_server: RedisServer, url: str, shown: str
) -> None:
    """A store's messages have scheme, host, port and database, and nothing else of the URL."""
    store = open_store(url.format(port=redis_server.port))
    assert store.url == shown.format(port=redis_server.port)
    store.close()
    with pytest.raises(
        StoreError, match=rf"store {shown.format(port=redis_server.port)} is closed"
    ):
        store.get("name")


@pytest.mark.parametrize(
    "url",
    [
        "redis:secret",
        "redis://",
        "redis://:sec/ret@host",
        "redis://user:secret#@host/0",
        "redis://host:secret/0",
        "redis://host/secret",
        "rediss:/host/secret",
        "redis://127.0.0.1:{port}/0?socket_timeout=secret",
        "redis://127.0.0.1:{port}/0?nosuch=secret",
    ],
)
def test_a_url_that_cannot_be_used_is_not_shown(redis_server: RedisServer, url: str) -> None:
    """Where a URL is wrong a password may stand anywhere in it, so the message says how one is
    written and shows none of it.
    """
    with pytest.raises(
        StoreError, match=r"store rediss?:.*(Write rediss?://host:port/db or|parameter of its URL)"
    ) as caught:
        open_store(url.format(port=redis_server.port))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_client_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py is an extra; without it the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(StoreError, match=r"pip install './tilewright\[redis\]'"):
        open_store("redis://localhost")


# Servers that do not serve


def test_a_server_that_is_away_is_named(own_server: RedisServer) -> None:
    """An open store whose server ended is an error that says where it looked; when the server is
    back, so is the store.
    """
    store = open_store(own_server.url())
    own_server.stop()
    where = (
        rf"store redis://127.0.0.1:{own_server.port}/1 cannot be reached \(.*\)\. Start it, "
        r"or correct host and port"
    )
    with pytest.raises(StoreError, match=where):
        store.scan("t", "s=a", [span(0, 1)])
    with pytest.raises(StoreError, match=where):
        store.put_newer(tiles(0), [record(1)], None)
    with pytest.raises(StoreError, match=where):
        open_store(store.url)
    own_server.start()
    store.put_newer(tiles(0), [record(1)], None)  # also the functions were lost
    assert store.scan("t", "s=a", [span(0, 1)]) == [[record(1)]]
    store.close()


def test_a_server_that_is_slow_is_an_error_within_the_time_asked_for(
    own_server: RedisServer,
) -> None:
    """A server that is stuck does not hold a fetch for ever."""
    store = open_store(own_server.url() + "?socket_timeout=1")
    own_server.pause()
    with pytest.raises(StoreError, match=r"did not answer in time .*socket_timeout=SECONDS"):
        store.get("name")
    own_server.resume()
    assert store.get("name") is None


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x15Kafka or so", b""]
)
def test_what_is_no_redis_is_an_error(answer: bytes) -> None:
    """Another server at that port, or one that hangs up."""
    with (
        listener(answer) as port,
        pytest.raises(StoreError, match=r"does not answer like a Redis|cannot be reached"),
    ):
        open_store(f"redis://127.0.0.1:{port}/0")


def test_a_silent_port_is_an_error() -> None:
    """Something that takes connections and says nothing."""
    with listener(None) as port, pytest.raises(StoreError, match="did not answer in time"):
        open_store(f"redis://127.0.0.1:{port}/0?socket_timeout=0.2")


def test_a_wrong_password_is_said_and_not_shown(own_server: RedisServer) -> None:
    """With no password, a wrong one or an unknown user the server refuses, and the message says
    where they belong.
    """
    own_server.client().config_set("requirepass", "correct")
    for before_host in ("", ":hunter2@", "nobody:hunter2@"):
        with pytest.raises(
            StoreError, match=r"refuses the user or the password .*redis://user:password@host"
        ) as caught:
            open_store(own_server.url().replace("//", f"//{before_host}"))
        assert "hunter2" not in str(caught.value)
    store = open_store(own_server.url().replace("//", "//:correct@"))
    assert store.get("name") is None


def documented(user: str) -> str:
    """The command of the guide that makes a user."""
    page = (ROOT / "docs/how-to/serve-from-redis.md").read_text()
    (shown,) = (block.text for block in blocks(page) if "ACL SETUSER" in block.text)
    (command,) = re.findall(rf"ACL SETUSER {user} .*(?:\n  .*)*", shown)
    return " ".join(command.split())


def as_user(server: RedisServer, command: str) -> str:
    """The URL of a server for a user whom a command makes."""
    server.client().execute_command(command)
    _, _, user, *_ = command.split()
    return server.url(0).replace("//", f"//{user}:password@")


def test_a_user_needs_the_rights_that_are_documented(own_server: RedisServer) -> None:
    """A reader may not put; a writer may do all that is done."""
    url = as_user(own_server, documented("features"))
    assert open_store(url, create=False).scan("t", "s=a", [span(0, 1)]) == [[]]
    with pytest.raises(
        StoreError,
        match=r"does not let this user do that \(.*\)\. Grant it the keys tiles::\* and tilewright",
    ):
        open_store(url)
    own_server.client().execute_command("FUNCTION", "FLUSH")
    store = open_store(as_user(own_server, documented("writer")))
    assert isinstance(store, CheckedStore)
    store.put_first("plan/t", b"{}")
    for _ in range(2):
        store.put_newer(tiles(0), [record(1)], None)
        store.put_newer(tiles(1), [record(1)], 600_000)
    assert store.advance(store.filling("t"), 0, "complete")
    reader = open_store(as_user(own_server, documented("features")), create=False)
    assert isinstance(reader, CheckedStore)
    scanned = reader.scan_checked("t", [("s=a", [from_the_beginning(), span(0, 2)])], ["plan/t"])
    assert scanned == ([[[record(1), record(1)], [record(1), record(1)]]], b"{}", "", [b"{}"])


def test_a_replica_can_be_read_and_not_written(own_server: RedisServer, tmp_path: Path) -> None:
    """Fetching from a read-only replica works; putting says that it is one."""
    store = open_store(own_server.url(0))
    store.put_newer(tiles(0), [record(1)], None)
    with redis_server(
        tmp_path / "replica",
        "--replicaof",
        f"127.0.0.1 {own_server.port}",
        "--repl-diskless-sync-delay",
        "0",
    ) as replica:
        client = replica.client()
        wait_until(
            lambda: client.dbsize() and client.info("replication")["master_link_status"] == "up",
            "the replica follows",
        )
        reader = open_store(replica.url(0), create=False)
        assert reader.scan("t", "s=a", [span(0, 1)]) == [[record(1)]]
        for refused in (
            lambda: reader.put_newer(tiles(0), [record(2)], None),
            lambda: open_store(replica.url(0)),
        ):
            with pytest.raises(StoreError, match=r"is a read-only replica. Write to its primary"):
                refused()


def test_a_full_server_keeps_what_it_has(own_server: RedisServer) -> None:
    """Out of memory is said; with more memory the same put works."""
    store = open_store(own_server.url(0))
    store.put_newer(tiles(0), [record(1)], None)
    own_server.client().config_set("maxmemory", "1")
    with pytest.raises(
        StoreError, match=r"is full \(.*\)\. Give it more memory \(maxmemory\), then write again"
    ):
        store.put_newer(tiles(0, 1), [record(2), record(2)], None)
    assert store.scan("t", "s=a", [span(0, 2)]) == [[record(1)]]
    own_server.client().config_set("maxmemory", "0")
    store.put_newer(tiles(0, 1), [record(2), record(2)], None)
    assert store.scan("t", "s=a", [span(0, 2)]) == [[record(2), record(2)]]


def test_a_server_that_forgets_by_itself_is_refused(own_server: RedisServer) -> None:
    """Where keys are evicted, a missing tile is no sign of no events: features would be wrong
    without a word.
    """
    client = own_server.client()
    client.config_set("maxmemory-policy", "allkeys-lru")
    open_store(own_server.url(0)).close()  # nothing is evicted as long as there is no limit
    client.config_set("maxmemory", str(1 << 30))
    with pytest.raises(
        StoreError,
        match=r"deletes keys when its memory is full \(maxmemory-policy allkeys-lru\).*noeviction",
    ):
        open_store(own_server.url(0))


def test_an_old_server_is_refused() -> None:
    """Functions on the server came with Redis 7."""
    with pytest.raises(StoreError, match=r"is Redis 6.2.14; 7.0 or newer is needed"):
        require_fit({"redis_version": "6.2.14"}, "redis://host")


def test_a_database_that_the_server_lacks_is_an_error(redis_server: RedisServer) -> None:
    """The server's own words are passed on where there is nothing to add."""
    with pytest.raises(StoreError, match="refuses: DB index is out of range"):
        open_store(redis_server.url(10_000))


def test_a_store_of_another_format_is_refused(redis_server: RedisServer) -> None:
    """A database that a later version wrote says so, to readers and writers."""
    url = redis_server.url()
    open_store(url).put("format", b"99")
    for create in (True, False):
        with pytest.raises(
            StoreError, match=r"has format 99, this version reads 1. Use another database"
        ):
            open_store(url, create=create)


# Keys and functions


def test_keys_are_those_of_the_specification(redis_server: RedisServer) -> None:
    """A tile lies under its documented text key, with its time to live; lifetimes have the first
    start beside them.
    """
    store = open_store(redis_server.url(9077))
    store.put_newer(tiles(0, 5), [record(1), record(1)], 600_000)
    store.put_newer(tiles(3, 2, size_ms=86_400_000), [record(1), record(1)], None)
    client = redis_server.client(9077)
    found = {key.decode(): client.pttl(key) > 0 for key in client.scan_iter()}
    assert found == {
        "tiles::t::{s=a}::1h::2024010400": True,
        "tiles::t::{s=a}::1h::2024010405": True,
        "tiles::t::{s=a}::1d::20240106": False,
        "tiles::t::{s=a}::1d::20240107": False,
        "tiles::t::{s=a}::1d::first": False,
        "tilewright::format": False,
    }
    assert (
        client.get("tiles::t::{s=a}::1d::first") == str(1_704_326_400_000 + 2 * 86_400_000).encode()
    )


def test_a_swapped_tile_lives_as_its_swap_says(redis_server: RedisServer) -> None:
    """It may get a time to live, or lose it."""
    store = open_store(redis_server.url())
    store.put_newer(tiles(0), [record(1)], 600_000)
    store.put_newer(tiles(1), [record(1)], None)
    versions = [record(1)] * 2
    assert store.compare_and_swap(tiles(0, 2), [versions[0], None], [record(2)] * 2, None)
    assert store.compare_and_swap(tiles(1), versions[1:], [record(2)], 600_000) == [True]
    client = store._commands.client  # type: ignore[attr-defined]
    assert [client.pttl(key) > 0 for key in tiles(0, 1, 2).texts] == [False, True, False]


def test_a_cover_is_one_command(redis_server: RedisServer) -> None:
    """All ranges of windows are one MGET; lifetimes cost one MGET more."""
    store = open_store(redis_server.url(9078))
    client = redis_server.client()

    def commands(*ranges: Range) -> list[str]:
        client.config_resetstat()
        store.scan("t", "s=a", list(ranges))
        return sorted(
            set(client.info("commandstats"))
            - {"cmdstat_config|resetstat", "cmdstat_info", "cmdstat_client|setinfo"}
        )

    assert commands(span(0, 49), span(0, 9, 86_400_000)) == ["cmdstat_mget"]
    lifetime = Range(86_400_000, 0, 1_704_326_400_000, lifetime=True)
    store.put_newer(tiles(-5, size_ms=86_400_000), [record(1)], None)
    assert commands(span(0, 49), lifetime) == ["cmdstat_mget"]


def test_a_client_of_asyncio_does_not_say_its_name(redis_server: RedisServer) -> None:
    """It does not wait for what is answered, and took it for another answer."""
    client = connect_async(redis_server.url())
    greeting = client.connection_pool.make_connection().driver_info
    assert not greeting.formatted_name
    assert not greeting.lib_version


def test_a_range_that_cannot_be_enumerated_is_refused(redis_server: RedisServer) -> None:
    """A range of millions of tiles that does not begin with time would take the server's memory for
    nothing.
    """
    store = open_store(redis_server.url())
    with pytest.raises(
        StoreError, match=r"a range of 1,000,001 tiles cannot be read, since Redis keeps no order"
    ):
        store.scan("t", "s=a", [span(0, 1_000_001, 1000)])


def test_functions_that_were_lost_are_loaded_again(own_server: RedisServer) -> None:
    """A server whose functions were flushed gets them again with the next put."""
    store = open_store(own_server.url(0))
    own_server.client().execute_command("FUNCTION", "FLUSH")
    store.put_newer(tiles(0), [record(2)], None)
    store.put_newer(tiles(0), [record(1)], None)
    assert store.scan("t", "s=a", [span(0, 1)]) == [[record(2)]]
    own_server.client().execute_command("FUNCTION", "FLUSH")
    assert store.compare_and_swap(tiles(0), [record(2)], [record(3)], None) == [True]


def test_a_key_that_is_no_tile_is_an_error(redis_server: RedisServer) -> None:
    """Where another program keeps something else under a tile's key, a put says so."""
    store = open_store(redis_server.url(9079))
    redis_server.client(9079).rpush("tiles::t::{s=a}::1h::2024010400", "theirs")
    with pytest.raises(StoreError, match=r"WRONGTYPE|wrong kind of value"):
        store.put_newer(tiles(0), [record(1)], None)


def test_a_store_serves_threads(redis_server: RedisServer) -> None:
    """More threads than connections share a store without an error."""
    store = open_store(redis_server.url())
    store.put_newer(tiles(0), [record(1)], None)
    found: list[Sequence[Records]] = []

    def work() -> None:
        found.extend(store.scan("t", "s=a", [span(0, 49)]) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[[record(1)]]] * 800


def test_a_server_ends_with_the_tests_that_started_it(tmp_path: Path) -> None:
    """Killed in the middle, tests leave no server behind."""
    code = (
        "import sys; from pathlib import Path; from support.redis_server import RedisServer\n"
        "print(RedisServer(Path(sys.argv[1])).port, flush=True); sys.stdin.read()"
    )
    with start(code, str(tmp_path)) as tests:
        assert tests.stdout is not None
        port = int(tests.stdout.readline())
        socket.create_connection(("127.0.0.1", port)).close()
        tests.send_signal(signal.SIGKILL)

    def is_gone() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(is_gone, "the server ends")


@pytest.mark.parametrize("index", [b"", b"x", b"1804204800000", b"0", b"9" * 40])
def test_a_damaged_index_of_a_lifetime_is_an_error(redis_server: RedisServer, index: bytes) -> None:
    """An index that does not name the first tile would hide tiles, so the read is refused."""
    store = open_store(redis_server.url())
    assert isinstance(store, CheckedStore)
    store.put_first("plan/t", b"{}")
    assert store.advance(store.filling("t"), 0, "complete")
    store.put_newer(tiles(0, 3), [record(1), record(2)], None)
    assert store.scan_checked("t", [("s=a", [from_the_beginning()])]).records == [
        [[record(1), record(2)]]
    ]
    store._commands.client.set("tiles::t::{s=a}::1h::first", index)  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match=r"tiles::t::\{s=a\}::1h::first does not name the first"):
        store.scan_checked("t", [("s=a", [from_the_beginning()])])
