"""Copies of an embedded store: of one moment, whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from support.cli import Desk
from support.plans import AT
from support.session import Session, row, simple_plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.operate.backup import backup, restore
from tilewright_runtime.operate.verify import verify


def test_a_restored_store_answers_as_the_first_one_did(tmp_path: Path) -> None:
    """Tiles are the same, and the writer goes on where the copy ends."""
    desk = Desk(tmp_path)
    events = desk.events([row("a", 1), row("b", 2)])
    desk.write(events)
    ran = desk.run("backup", desk.store, tmp_path / "saved")
    assert (ran.status, ran.err) == (0, "")
    assert "2 tiles" in ran.out
    desk.events([row("a", 1), row("b", 2), row("a", 5)])
    assert desk.run("restore", tmp_path / "saved", f"lmdb:{tmp_path}/again").status == 0
    again = Desk(tmp_path)
    object.__setattr__(again, "store", f"lmdb:{tmp_path}/again")
    assert again.write(events).status == 0
    answer = again.fetch("--key", "k=a", "--at", str(AT)).lines[0]
    assert answer["features"]["n_sum_1h"] == 6


def test_a_copy_is_of_one_moment_while_the_store_is_written(tmp_path: Path) -> None:
    """Every copy made during a write has whole commits: tiles and counts agree."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write([row("a", 0)])
    done = threading.Event()

    def write() -> None:
        with Writer(session.plan, session.store) as writer:
            for number in range(40):
                writer.write([row(f"k{number}", 1, ts=AT - 1 - number) for _ in range(5)])
        done.set()

    writing = threading.Thread(target=write)
    writing.start()
    made = 0
    while not done.is_set() or not made:
        made += 1
        backup(session.store, tmp_path / f"copy{made}")
    writing.join()
    for number in range(1, made + 1):
        with open_store(f"lmdb:{tmp_path}/copy{number}", create=False) as copy:
            assert verify(copy).is_sound
    session.close()


def test_nothing_is_replaced(tmp_path: Path) -> None:
    """A folder that is there stays as it is, for a backup and for a restore."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write([row("a", 1)])
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    with pytest.raises(StoreError, match="there already"):
        backup(session.store, tmp_path / "there")
    backup(session.store, tmp_path / "saved")
    with pytest.raises(StoreError, match="there already"):
        restore(tmp_path / "saved", f"lmdb:{tmp_path}/there")
    session.close()
    assert (tmp_path / "there" / "file").read_text() == "mine"


def test_a_store_of_another_kind_is_refused(tmp_path: Path) -> None:
    """The message says what to back up instead."""
    session = Session(simple_plan(), "memory:")
    with pytest.raises(StoreError, match="--state DIR"):
        backup(session.store, tmp_path / "saved")
    with pytest.raises(StoreError, match="lmdb:"):
        restore(tmp_path / "saved", "memory:")


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    """A copy that was cut makes no store."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write([row(f"k{number}", 1) for number in range(500)])
    backup(session.store, tmp_path / "saved")
    session.close()
    data = tmp_path / "saved" / "data.mdb"
    data.write_bytes(data.read_bytes()[:20_000])
    with pytest.raises(StoreError, match="damaged"):
        restore(tmp_path / "saved", f"lmdb:{tmp_path}/new")
    assert not (tmp_path / "new").exists()


def test_the_copy_has_no_free_pages(tmp_path: Path) -> None:
    """What was forgotten before is not in its file."""
    from tilewright_runtime.operate.forget import forget

    session = Session(url=f"lmdb:{tmp_path}/store")
    session.write([row("gone-for-good", 1), row("b", 2)])
    forget(session.plan, session.store, {"k": "gone-for-good"})
    backup(session.store, tmp_path / "saved")
    assert b"gone-for-good" not in (tmp_path / "saved" / "data.mdb").read_bytes()
    assert Fetcher(session.plan, session.store).fetch({"k": "b"}, AT).features["n_sum_1h"] == 2
    session.close()


@pytest.mark.parametrize("folder", ["a\0b", "a\ud800b", "x" * 5000])
def test_a_folder_that_cannot_be_is_an_error(tmp_path: Path, folder: str) -> None:
    """For a backup and for a restored store."""
    with (
        open_store(f"lmdb:{tmp_path}/store") as store,
        pytest.raises(StoreError, match="cannot be written"),
    ):
        backup(store, folder)
    with pytest.raises(StoreError, match="cannot be written"):
        restore(tmp_path / "store", f"lmdb:{folder}")
