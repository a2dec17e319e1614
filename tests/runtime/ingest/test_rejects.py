"""Refused rows that are kept: in files, in pipes, and in what cannot keep them."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.session import Session, row
from tilewright_runtime.errors import UnkeptRowsError

BAD = [row("a", 1), {**row("a", 1), "n": "é"}]


def test_a_text_in_memory_keeps_rows() -> None:
    """What is on no disk cannot be waited for, and need not be."""
    kept = io.StringIO()
    Session(rejects=kept).write(BAD)
    assert [json.loads(line)["row"] for line in kept.getvalue().splitlines()] == [2]


def test_a_pipe_keeps_rows() -> None:
    """A program may read them as they are refused."""
    reading, writing = os.pipe()
    lines: list[str] = []
    with os.fdopen(reading) as read, os.fdopen(writing, "w") as pipe:
        reader = threading.Thread(target=lambda: lines.append(read.readline()))
        reader.start()
        Session(rejects=pipe).write(BAD)
        reader.join()
    assert json.loads(lines[0])["reason"] == "n is not a bigint"


def closed(path: Path) -> Any:
    """Give a file that was closed."""
    file = path.open("w")
    file.close()
    return file


@pytest.mark.parametrize(
    "made",
    [
        closed,
        lambda path: path.open("w", encoding="ascii"),
        lambda path: path.open("wb"),
        lambda path: path.open("r"),
        lambda _: 5,
    ],
    ids=["closed", "ascii", "bytes", "read", "number"],
)
def test_what_cannot_keep_rows_is_an_error_of_ours(
    tmp_path: Path, made: Callable[[Path], Any]
) -> None:
    """Nothing of the batch is written, and the error says why."""
    path = tmp_path / "rejects.jsonl"
    path.touch()
    session = Session(rejects=made(path))
    with pytest.raises(UnkeptRowsError, match="the refused rows cannot be kept in"):
        session.write(BAD)
    session.writing = {}
    session.write([row("a", 10)])
    assert session.sums("a") == [10]
