"""Kills: whenever a writer dies, a restart goes on where it was, and the answers are those of a run
that never died.
"""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from support.events import FILES
from support.places import new_place
from support.plans import AT, MINUTE, aggregations, plan_of
from support.process import start
from support.redis_server import redis_server
from support.session import SCHEMA, Session
from support.waiting import wait_until
from tilewright import Operation
from tilewright_compiler.plan.model import Plan

#: Writes a file in small batches, each a commit of its own, and tells how many there were.
WRITER = """
import sys
from pathlib import Path
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.readers import columns, stream
columns.BATCH_ROWS = columns._READ_ROWS = 40
stream.CHUNK_BYTES = 1000
plan, url, state, events = Plan.model_validate_json(Path(sys.argv[1]).read_text()), *sys.argv[2:]
print("ready", flush=True)
with Writer(plan, open_store(url), state=open_store(state) if state else None) as writer:
    writer.write(events)
print("done", flush=True)
"""

ROWS = [
    {
        "k": f"key {number % 7}",
        "n": None if number % 11 == 0 else number * number - 500,
        "t": f"text {number * 37 % 100}",
        "ts": AT - number * 34_000,
    }
    for number in range(1200)
]


def plan() -> Plan:
    """Every kind of state, over an hour and for ever."""
    numbers = [
        Operation.COUNT,
        Operation.SUM,
        Operation.AVERAGE,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
        Operation.APPROX_UNIQUE_COUNT,
    ]
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", numbers, ["1h", "12h"]),
            *aggregations("n", [Operation.SUM], None),
            *aggregations("t", [Operation.LAST, Operation.TOP_K(3)], ["12h"]),
        ],
    )


def answers(session: Session) -> list[dict[str, object]]:
    return [
        session.features(at, k=f"key {number}")
        for number in range(7)
        for at in (AT + 1, AT - 100 * MINUTE)
    ]


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("lmdb", ".csv"),
        # `tests/fuzz/test_kills.py` kills writers into Redis, too.
        pytest.param("redis", ".parquet", marks=pytest.mark.nightly),
        pytest.param("lmdb", ".parquet", marks=pytest.mark.nightly),
        pytest.param("redis", ".csv", marks=pytest.mark.nightly),
    ],
)
def test_a_killed_write_ends_as_if_it_had_never_been_killed(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, ending: str
) -> None:
    """Killed at random moments and started again until it is done, a write counts every event once,
    in whichever store.
    """
    path, url = tmp_path / f"events{ending}", new_place(request, kind, tmp_path)
    state = "" if kind == "lmdb" else f"lmdb:{tmp_path}/state"
    FILES[ending](ROWS, SCHEMA, path)
    (tmp_path / "plan.json").write_text(plan().model_dump_json())
    moments, kills = random.Random(ending), 0
    for _ in range(50):
        with start(WRITER, str(tmp_path / "plan.json"), url, state, str(path)) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            if kills < 2:
                time.sleep(moments.uniform(0.0, 0.35))
                writer.send_signal(signal.SIGKILL)
            output, errors = writer.communicate()
        kills += writer.returncode == -signal.SIGKILL
        assert writer.returncode == -signal.SIGKILL or (writer.returncode, output) == (
            0,
            "done\n",
        ), errors
        if output == "done\n":
            break
    assert kills >= 1
    whole, killed = Session(plan()), Session(plan(), url, state)
    whole.write(path)
    assert answers(killed) == answers(whole)
    assert killed.write(path).rows == 0


def test_a_server_killed_in_the_middle_ends_as_if_it_had_never_been(tmp_path: Path) -> None:
    """A Redis that dies while tiles are put, and comes back with nothing, has all of them after the
    next write.
    """
    path, state = tmp_path / "events.csv", f"lmdb:{tmp_path}/state"
    FILES[".csv"](ROWS, SCHEMA, path)
    (tmp_path / "plan.json").write_text(plan().model_dump_json())
    with redis_server(tmp_path / "redis") as server:
        url = server.url()
        with start(WRITER, str(tmp_path / "plan.json"), url, state, str(path)) as writer:
            wait_until(
                lambda: any(server.client(1).scan_iter("tiles::*")), "the first tiles are put"
            )
            server.stop(signal.SIGKILL)
            _, errors = writer.communicate()
        assert "the next write puts it" in errors
        server.start()
        whole, repaired = Session(plan()), Session(plan(), url, state)
        whole.write(path)
        assert repaired.write(path).rows > 0
        assert answers(repaired) == answers(whole)
