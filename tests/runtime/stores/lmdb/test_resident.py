"""What a process holds of a mapped file."""

from __future__ import annotations

import mmap
from pathlib import Path

from tilewright_runtime.stores.lmdb.resident import give_back, resident_bytes

SIZE = 1 << 25


def test_a_file_that_was_read_is_given_back_and_can_be_read_again(tmp_path: Path) -> None:
    """Its pages leave the process's memory, and nothing of them is lost."""
    file = tmp_path / "file with spaces"
    file.write_bytes(b"tile" * (SIZE // 4))
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == file.read_bytes()
        before = resident_bytes()
        give_back(file)
        assert before - resident_bytes() > SIZE // 2
        assert mapped[:8] == b"tiletile"


def test_what_a_process_writes_of_a_file_is_kept(tmp_path: Path) -> None:
    """Only maps that are read are given back, whatever others hold."""
    file = tmp_path / "file"
    file.write_bytes(b"tile" * 1024)
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0, mmap.MAP_PRIVATE) as mapped:
        mapped[:4] = b"mine"
        give_back(file)
        assert mapped[:8] == b"minetile"
