"""The folder of a cache: shared, bounded, and never wrong."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, DAY, HOUR
from support.session import Session, row
from tilewright_runtime import Fetcher, TileCache
from tilewright_runtime.errors import StoreError
from tilewright_runtime.fetch.cache_folder import CacheFolder, open_folder

TABLE = b"8 bytes."
MIB = 1 << 20


def name(number: int) -> bytes:
    return TABLE + number.to_bytes(20, "big")


def reopened(folder: Path) -> CacheFolder:
    """Open a folder as another process would, the first one having ended."""
    return CacheFolder(str(folder), MIB)


def test_what_is_put_is_there(tmp_path: Path) -> None:
    """What was not put is not; both are counted."""
    folder = CacheFolder(str(tmp_path), MIB)
    folder.put(TABLE, "1", {name(1): b"one", name(2): b""})
    assert folder.get([name(1), name(2), name(3)]) == [b"one", b"", None]
    assert (folder.statistics.hits, folder.statistics.misses) == (2, 1)


def test_another_version_drops_the_table(tmp_path: Path) -> None:
    """Other tables stay."""
    folder, other = CacheFolder(str(tmp_path), MIB), b"another."
    folder.put(TABLE, "1", {name(1): b"one"})
    folder.put(other, "1", {other + bytes(20): b"other"})
    folder.put(TABLE, "2", {name(2): b"two"})
    assert folder.get([name(1), name(2), other + bytes(20)]) == [None, b"two", b"other"]


def test_it_is_bounded_and_keeps_what_is_used(tmp_path: Path) -> None:
    """What was not used for longest goes."""
    folder = CacheFolder(str(tmp_path), MIB)
    folder.put(TABLE, "1", {name(0): b"used"})
    for number in range(1, 400):
        folder.put(TABLE, "1", {name(number): os.urandom(8_000)})
        assert folder.get([name(0)]) == [b"used"]
    statistics = folder.statistics
    assert folder.get([name(1)]) == [None]
    assert statistics.evictions > 100
    assert statistics.bytes <= MIB
    assert (tmp_path / "data.mdb").stat().st_size <= MIB


def test_a_large_entry_is_not_kept(tmp_path: Path) -> None:
    """It would drive out all others."""
    folder = CacheFolder(str(tmp_path), MIB)
    folder.put(TABLE, "1", {name(1): bytes(MIB // 2)})
    assert folder.get([name(1)]) == [None]


def test_a_damaged_entry_is_not_there(tmp_path: Path) -> None:
    """Nor one that stands under another's name."""
    folder = CacheFolder(str(tmp_path), MIB)
    folder.put(TABLE, "1", {name(1): b"a value that stands alone"})
    del folder
    data = (tmp_path / "data.mdb").read_bytes()
    (tmp_path / "data.mdb").write_bytes(data.replace(b"stands", b"stAnds"))
    assert reopened(tmp_path).get([name(1)]) == [None]


@pytest.mark.parametrize("damage", ["cut", "noise", "boot"])
def test_a_file_that_cannot_be_trusted_is_emptied(tmp_path: Path, damage: str) -> None:
    """After a damage, and after the machine was started again."""
    folder = CacheFolder(str(tmp_path), MIB)
    for number in range(40):
        folder.put(TABLE, "1", {name(number): os.urandom(6_000)})
    del folder
    data = tmp_path / "data.mdb"
    match damage:
        case "cut":
            os.truncate(data, 20_000)
        case "noise":
            data.write_bytes(os.urandom(30_000))
        case _:
            (tmp_path / "boot").write_text("another")
    again = reopened(tmp_path)
    assert again.get([name(39)]) == [None]
    again.put(TABLE, "1", {name(1): b"one"})
    assert again.get([name(1)]) == [b"one"]


def _put(folder: str, number: int) -> None:
    CacheFolder(folder, MIB).put(TABLE, "1", {name(number): b"%d" % number})


def test_processes_share_it(tmp_path: Path) -> None:
    """One reads what others have put."""
    folder = CacheFolder(str(tmp_path), MIB)
    context = multiprocessing.get_context("spawn")
    for number in range(2):
        process = context.Process(target=_put, args=(str(tmp_path), number))
        process.start()
        process.join()
    assert folder.get([name(0), name(1)]) == [b"0", b"1"]


def test_a_fork_opens_it_anew(tmp_path: Path) -> None:
    """LMDB does not survive a fork."""
    folder = CacheFolder(str(tmp_path), MIB)
    folder.put(TABLE, "1", {name(1): b"one"})
    child = os.fork()
    if not child:
        found = folder.get([name(1)]) == [b"one"]
        folder.put(TABLE, "1", {name(2): b"two"})
        os._exit(0 if found else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert folder.get([name(2)]) == [b"two"]


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    """A file in its place, and too few bytes."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        TileCache(folder=tmp_path / "file")
    with pytest.raises(StoreError, match="cannot be used"):
        TileCache(folder="a\0b")
    with pytest.raises(StoreError, match="bytes are too few"):
        open_folder(tmp_path / "new", 1_000)


def session(path: Path, n: int = 1) -> Session:
    """Hold events of a week, all of which are finished."""
    made = Session(url=f"lmdb:{path}")
    made.write([row("a", n, ts=AT - hours * HOUR - 1) for hours in range(24)])
    made.write([row("b", 1, ts=AT + DAY)])
    return made


def largest(made: Session, folder: Path) -> tuple[TileCache, list[int]]:
    """Ask twice, as a new process would: the first fetch learns the version."""
    cache = TileCache(folder=folder)
    fetcher = Fetcher(made.plan, made.store, cache=cache)
    return cache, [fetcher.fetch({"k": "a"}, at).features["n_max_1h"] for at in (AT, AT - HOUR)]


def test_another_process_finds_what_one_has_read(tmp_path: Path) -> None:
    """Its memory is empty, and the folder is not."""
    made = session(tmp_path / "store")
    largest(made, tmp_path / "cache")
    cache, found = largest(made, tmp_path / "cache")
    assert found == [1, 1]
    assert cache.statistics.folder is not None
    assert cache.statistics.folder.hits > 0


def test_a_late_event_is_in_the_next_answer(tmp_path: Path) -> None:
    """Whichever process asks."""
    made = session(tmp_path / "store")
    largest(made, tmp_path / "cache")
    made.write([row("a", 10, ts=AT - 5)])
    assert largest(made, tmp_path / "cache")[1] == [10, 1]


def test_a_store_that_was_made_anew_is_another(tmp_path: Path) -> None:
    """Though it has the same place, and as many repairs."""
    made = session(tmp_path / "store")
    assert largest(made, tmp_path / "cache")[1] == [1, 1]
    made.close()
    for file in (tmp_path / "store").iterdir():
        file.unlink()
    assert largest(session(tmp_path / "store", n=7), tmp_path / "cache")[1] == [7, 7]


def test_two_stores_share_a_folder(tmp_path: Path) -> None:
    """Each has its own tiles."""
    stores = [session(tmp_path / f"store{n}", n) for n in (1, 2)]
    found = [largest(made, tmp_path / "cache")[1] for made in stores * 2]
    assert found == [[1, 1], [2, 2]] * 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_bytes": "1"},
        {"max_bytes": -1},
        {"folder": 5},
        {"folder": b"cache"},
        {"folder": "cache", "folder_bytes": "1"},
        {"folder": "cache", "folder_bytes": float("nan")},
        {"folder": "cache", "folder_bytes": 2**64},
    ],
    ids=str,
)
def test_arguments_of_another_class_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any]
) -> None:
    """They are told when the cache is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="cache"):
        TileCache(**arguments)
