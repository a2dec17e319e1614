"""Which files are read whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tilewright.documents import read_document


def refusal(path: str | Path, most_bytes: int = 1000) -> str | None:
    """Why a path is not read."""
    with pytest.raises(OSError) as refused:
        read_document(path, most_bytes)
    return refused.value.strerror


def test_a_file_is_read_up_to_its_most_bytes(tmp_path: Path) -> None:
    """A byte more is refused, and the message has the size."""
    file = tmp_path / "document"
    file.write_bytes(b"x" * 1001)
    assert read_document(file, 1001) == b"x" * 1001
    assert refusal(file, 1000) == "it has more than 0.001 MB"


def test_a_file_that_tells_no_size_is_read_whole() -> None:
    """Files of /proc say that they have no bytes."""
    assert read_document("/proc/version") == Path("/proc/version").read_bytes()
    assert refusal("/proc/version", 10) == "it has more than 1e-05 MB"


def test_a_device_without_an_end_is_not_read() -> None:
    """Nothing is read of it."""
    assert refusal("/dev/full") == "it is no regular file"


def test_a_fifo_that_nobody_writes_is_not_waited_for(tmp_path: Path) -> None:
    """It is refused at once."""
    os.mkfifo(tmp_path / "fifo")
    assert refusal(tmp_path / "fifo") == "it is no regular file"


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_a_path_that_no_file_can_have_is_an_os_error(path: str) -> None:
    """Callers need not know what Python raises for it."""
    assert refusal(path) == "no file can have such a path"


def test_a_folder_is_one(tmp_path: Path) -> None:
    """The reason is that of the system."""
    with pytest.raises(IsADirectoryError):
        read_document(tmp_path)
