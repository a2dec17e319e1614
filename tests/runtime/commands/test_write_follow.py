"""`tilewright write --follow`, as a process that signals end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import Desk
from support.following import following
from support.plans import AT
from support.process import environment
from support.session import row
from support.waiting import wait_until


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def append(path: Path, *numbers: int) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(row("a", n)) + "\n" for n in numbers)


def total(desk: Desk) -> int | None:
    ran = desk.fetch("--key", "k=a", "--at", str(AT))
    return ran.lines[0]["features"]["n_sum_1h"] if ran.status == 0 else None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_follower_with_status_0(desk: Desk, number: int) -> None:
    """What was read is committed, the summary is printed, and another follower goes on."""
    path = desk.folder / "events.jsonl"
    append(path, 1)
    with following(desk, "--events", path) as process:
        wait_until(lambda: total(desk) == 1, "the first event is there")
        append(path, 10)
        wait_until(lambda: total(desk) == 11, "the second event is there")
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("things: 2 new rows")


def test_standard_input_is_followed_to_its_end(desk: Desk) -> None:
    """An event is there before the pipe ends, and its end ends the command."""
    with following(desk, "--events", "-", "--position", "p") as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(row("a", 3)) + "\n")
        process.stdin.flush()
        wait_until(lambda: total(desk) == 3, "the event is there")
        out, _ = process.communicate(timeout=120)
    assert (process.returncode, out[:18]) == (0, "things: 1 new row ")


def test_a_signal_ends_a_write_after_its_batch(desk: Desk) -> None:
    """A write that does not follow says that it was interrupted, and a second one goes on."""
    program = (
        "import os, signal\n"
        "from tilewright_runtime.cli import main\n"
        "from tilewright_runtime.ingest.writer import Writer\n"
        "from tilewright_runtime.readers import stream\n"
        "stream.CHUNK_BYTES = 200\n"
        "add = Writer.add_batch\n"
        "def adding(*arguments):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    add(*arguments)\n"
        "Writer.add_batch = adding\n"
        "main()\n"
    )
    path = desk.folder / "events.jsonl"
    append(path, *range(100))
    arguments = ["write", str(desk.plan), "--store", desk.store, "--events", str(path)]
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "interrupted: batches that were committed stay" in ran.stderr) == (
        143,
        True,
    )
    assert 0 < (total(desk) or 0) < sum(range(100))
    assert desk.write(path).status == 0
    assert total(desk) == sum(range(100))


def test_a_missing_file_is_waited_for(desk: Desk) -> None:
    """What is not there yet is told, and read when it comes."""
    path = desk.folder / "later.jsonl"
    with following(desk, "--events", path) as process:
        assert process.stderr is not None
        assert "later.jsonl: is not there yet, and is waited for" in process.stderr.readline()
        append(path, 5)
        wait_until(lambda: total(desk) == 5, "the event is there")
