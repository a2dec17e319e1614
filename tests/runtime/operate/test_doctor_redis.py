"""Doctor before a Redis that is slow or full, and nothing else."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.examining import causes, events, examined, now_ms
from support.plans import aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.operate.doctor import examine

#: Keeps the server from answering anybody else for so many milliseconds.
BUSY = """
local now = function() local t = redis.call("TIME") return t[1] * 1000 + t[2] / 1000 end
local end_ms = now() + ARGV[1]
while now() < end_ms do end
"""


def test_a_slow_store_is_named(redis_server: Any, tmp_path: Path) -> None:
    """One that answers late is told from a way that is long: connections are made at once."""
    url = redis_server.url()
    session = Session(url=url, state=f"lmdb:{tmp_path}/state")
    session.write(events())
    with slowed(redis_server.port, 0.01) as port:
        store = open_store(url.replace(f":{redis_server.port}", f":{port}"), create=False)
        found = examine(session.plan, store)
        store.close()
    assert causes(found) == ["store_health"]
    assert causes(examined(session)) == []
    session.close()


def test_a_busy_store_is_named(redis_server: Any, tmp_path: Path) -> None:
    """It answers at once between the commands of others, and its log knows them."""
    session = Session(url=redis_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(events())
    client = redis_server.client()
    client.eval(BUSY, 0, 1_100)
    found = examined(session)
    client.slowlog_reset()
    assert causes(found) == ["store_health"]
    evidence = found.diagnoses[0].causes[0].finding.evidence
    assert "s of the last 10 s, and EVAL the longest" in evidence
    assert causes(examined(session)) == []
    session.close()


def test_a_full_store_is_named(redis_server: Any, tmp_path: Path) -> None:
    """What could not be put follows from it, and is there once there is room."""
    session = Session(url=redis_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(events())
    client = redis_server.client()
    try:
        client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
        with pytest.raises(StoreError, match="is full"):
            session.write(events(keys="cdefgh"))
        found = examined(session)
    finally:
        client.config_set("maxmemory", 0)
    assert causes(found) == ["store_capacity"]
    assert "shorten how long they are kept" in found.diagnoses[1].causes[0].finding.remedy
    assert "see store_capacity" in found.diagnoses[1].checks[0].finding.verdict
    session.write(events())
    assert causes(examined(session)) == []
    session.close()


def test_tiles_that_are_much_too_small_are_named_where_few_exist(
    redis_server: Any, tmp_path: Path
) -> None:
    """Each is looked up, whether or not it is there."""
    small = aggregations("n", [Operation.SUM], ["2d"])[0].model_copy(update={"tile_size": "1m"})
    plan = plan_of(SCHEMA, ["k"], [small])
    session = Session(plan, redis_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write([row("a", 1, ts=now_ms())])
    found = examined(session)
    assert causes(found) == ["tile_size"]
    evidence = found.diagnoses[0].causes[0].finding.evidence
    assert re.search("2d asks for 2,88. tiles and finds 1, the finest of 1m", evidence)
    session.close()


@contextmanager
def slowed(port: int, delay_s: float) -> Iterator[int]:
    """A way to a server whose every answer takes longer."""
    listening = socket.create_server(("127.0.0.1", 0))
    ends: list[socket.socket] = []

    def pass_on(source: socket.socket, target: socket.socket, pause_s: float) -> None:
        try:
            while data := source.recv(1 << 16):
                time.sleep(pause_s)
                target.sendall(data)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port))
            ends.extend([near, far])
            for source, target, pause_s in ((near, far, 0.0), (far, near, delay_s)):
                threading.Thread(
                    target=pass_on, args=(source, target, pause_s), daemon=True
                ).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listening.getsockname()[1]
    for end in [listening, *ends]:
        end.close()
