"""An embedded store whose disk fills, or whose folder is copied, in the middle of a write."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT
from support.session import Session, row
from tilewright_runtime.errors import StoreError
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.stores.lmdb import environment

#: Batches that change the tiles of those before.
BATCHES = [[row(f"k{key}", number, ts=AT - number) for key in range(300)] for number in (1, 2, 3)]


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Files grow to this size only, as on a disk that fills."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write(session: Session, batches: int = len(BATCHES)) -> None:
    for number, events in enumerate(BATCHES[:batches]):
        session.write(events, position=f"batch {number}")


def test_a_disk_that_fills_loses_nothing(tmp_path: Path) -> None:
    """What was committed stays, and once there is room the same writes go on."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    write(session, 1)
    size_bytes = (tmp_path / "store" / "data.mdb").stat().st_size
    full = r"cannot be written: .*Nothing of this batch was kept; make room on the disk"
    with room_for(size_bytes), pytest.raises(StoreError, match=full):
        write(session)
    assert verify(session.store).is_sound
    write(session)
    assert session.sums("k7", "k299") == [6, 6]


def test_what_is_read_while_memory_is_let_go_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The map has the same content, also for who reads it meanwhile."""
    monkeypatch.setattr(environment, "_READ_BYTES", 0)
    session = Session(url=f"lmdb:{tmp_path}/store")
    tiles = session.store.tiles(session.plan.name)  # type: ignore[attr-defined]
    write(session, 1)
    assert sum(len(records) for _, records in tiles) == 300
    tiles = session.store.tiles(session.plan.name)  # type: ignore[attr-defined]
    next(tiles)
    write(session)
    assert list(tiles) == []
    assert session.sums("k7") == [6]


def test_the_map_stays_in_its_place_while_memory_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread that maps the file anew would put other memory there."""
    monkeypatch.setattr(environment, "_READ_BYTES", 0)
    session = Session(url=f"lmdb:{tmp_path}/store")
    opened = session.store._environment  # type: ignore[attr-defined]
    is_kept: list[bool] = []
    monkeypatch.setattr(
        environment, "give_back", lambda file: is_kept.append(bool(opened.transactions._open))
    )
    write(session, 1)
    assert is_kept
    assert all(is_kept)


def test_a_folder_that_is_copied_while_it_is_written_is_of_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied within a commit it is what was there before, and the same writes go on in it."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    write(session, 1)
    transact: Callable[[Any], Any] = session.store.transact  # type: ignore[attr-defined]
    copies: list[Path] = []

    def copied(work: Callable[[Any], Any]) -> Any:
        def within(transaction: Any) -> Any:
            result = work(transaction)
            copies.append(tmp_path / f"copy{len(copies)}")
            shutil.copytree(tmp_path / "store", copies[-1])
            return result

        return transact(within)

    monkeypatch.setattr(session.store, "transact", copied)
    write(session)
    sums = []
    for copy in copies:
        of_copy = Session(url=f"lmdb:{copy}")
        assert verify(of_copy.store).is_sound
        sums += of_copy.sums("k7")
        of_copy.close()
    assert set(sums) == {1, 3, 6}
    again = Session(url=f"lmdb:{copies[sums.index(3)]}")
    write(again)
    assert again.sums("k7") == [6]
