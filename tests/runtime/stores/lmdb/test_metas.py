"""The meta pages of LMDB: read as they are, and refused when LMDB could not bear them."""

from __future__ import annotations

from pathlib import Path

import lmdb
import pytest

from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores.lmdb.metas import read_metas


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one table and two commits."""
    with lmdb.open(str(tmp_path), max_dbs=1) as environment:
        table = environment.open_db(b"tiles")
        with environment.begin(write=True, db=table) as transaction:
            transaction.put(b"key", b"value")
    return tmp_path / "data.mdb"


def test_the_newer_meta_page_says_what_lmdb_says(file: Path) -> None:
    """Its transaction, its last page and the size of pages."""
    with lmdb.open(str(file.parent), readonly=True) as environment:
        info, page_bytes = environment.info(), environment.stat()["psize"]
    metas = read_metas(file)
    assert metas is not None
    newer = max(metas, key=lambda meta: meta.transaction)
    assert newer.transaction == info["last_txnid"] == 2
    assert newer.last_page == info["last_pgno"]
    assert newer.free.page_bytes == page_bytes


def test_a_file_that_is_new_has_none(tmp_path: Path) -> None:
    """One that is not there yet, or has no bytes."""
    assert read_metas(tmp_path / "data.mdb") is None
    (tmp_path / "data.mdb").touch()
    assert read_metas(tmp_path / "data.mdb") is None


@pytest.mark.parametrize(
    ("at", "content", "what"),
    [
        (10, b"\x02", "page 0 of data.mdb is no meta page of LMDB"),
        (16, b"LMDB", "page 0 of data.mdb is no meta page of LMDB"),
        (40, b"\x00\x00\x00\x00", "page 0 of data.mdb has numbers that cannot be"),
        (44, b"\x09", "page 0 of data.mdb has numbers that cannot be"),
        (128, b"\xff\xff\xff", "page 0 of data.mdb has numbers that cannot be"),
        (144, b"\x03", "page 0 of data.mdb has numbers that cannot be"),
        (144, b"\x06", "page 0 of data.mdb is much older or newer than page 1"),
        (4096 + 16, b"LMDB", "page 1 of data.mdb is no meta page of LMDB"),
        (4096 + 40, b"\x01", "page 1 of data.mdb has numbers that cannot be"),
    ],
)
def test_a_damaged_meta_page_is_an_error(file: Path, at: int, content: bytes, what: str) -> None:
    """Its kind, its magic, the size of pages, flags, a root that is not there, its transaction."""
    damaged = bytearray(file.read_bytes())
    damaged[at : at + len(content)] = content
    file.write_bytes(damaged)
    with pytest.raises(StoreError, match=what):
        read_metas(file)


def test_a_file_that_is_cut_within_them_is_an_error(file: Path) -> None:
    """The second one is not whole."""
    file.write_bytes(file.read_bytes()[:4200])
    with pytest.raises(StoreError, match=r"page 1 of data\.mdb is cut"):
        read_metas(file)
