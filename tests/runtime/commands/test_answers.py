"""Printed answers, and what standard error says of a store that may lack tiles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import Desk
from support.plans import AT
from support.redis_server import RedisServer
from support.session import row
from tilewright_runtime import open_store
from tilewright_runtime.commands.answers import AnswerPrinter
from tilewright_runtime.stores.checked_store import CheckedStore
from tilewright_runtime.stores.filling import State


@pytest.fixture
def desk(tmp_path: Path, redis_server: RedisServer) -> Desk:
    """A Redis with an event of `a` and of `b`."""
    made = Desk(tmp_path)
    made.store = redis_server.url()
    events = made.events([row("a", 1), row("b", 2)])
    made.write(events, options=["--state", tmp_path / "state"])
    return made


def stop_in(desk: Desk, state: State) -> None:
    """Leave the store as a write does that did not come to its end."""
    with open_store(desk.store) as store:
        assert isinstance(store, CheckedStore)
        filling = store.filling("things")
        assert store.advance(filling, filling.events, state)


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("updating", "a write is under way or was not ended, so new tiles may be missing"),
        ("filling", "it is being filled, or that was not ended, so tiles are missing"),
    ],
)
def test_a_store_that_may_lack_tiles_is_warned_of_once(
    desk: Desk, state: State, meaning: str
) -> None:
    """The answers are marked, and a person who reads only values is told beside them."""
    stop_in(desk, state)
    keys = desk.folder / "keys.jsonl"
    keys.write_text('{"k": "a"}\n{"k": "b"}\n', encoding="utf-8")
    ran = desk.fetch("--keys", keys, "--at", str(AT))
    assert (ran.status, [line["quality"]["store"] for line in ran.lines]) == (0, [state, state])
    assert ran.err.startswith(f"warning: store {desk.store}: {meaning} (quality.store: {state}).")
    assert ran.err.count("\n") == 1


def test_tiles_that_are_missing_are_an_error_where_that_is_asked_for(desk: Desk) -> None:
    """What the warning advises makes the status 1."""
    stop_in(desk, "filling")
    warned = desk.fetch("--key", "k=a", "--at", str(AT))
    assert warned.err.endswith(" With --on-missing fail that is an error.\n")
    ran = desk.fetch("--key", "k=a", "--at", str(AT), "--on-missing", "fail")
    assert (ran.status, ran.out) == (1, "")
    assert "the store may lack tiles (filling)" in ran.err


def test_a_whole_store_is_not_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A full report says so of a clean answer too."""
    document = {"features": {}, "quality": {"store": "complete"}}
    AnswerPrinter("memory:").put(document, {"n": 1})
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {**document, "extra": {"n": 1}}
    assert printed.err == ""
