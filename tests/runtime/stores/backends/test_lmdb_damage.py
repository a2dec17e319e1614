"""Damage to the file of an LMDB store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores import open_store
from tilewright_runtime.tiles.keys import TileKeys


def test_a_cut_file_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    """A copy of a store that did not end is refused by its length, before a missing page is
    read.
    """
    store = open_store(f"lmdb:{tmp_path / 'whole'}")
    keys = TileKeys("t", 1000, ["e"], [0] * 500, [i * 1000 for i in range(500)])
    store.put_newer(keys, [bytes(1000)] * 500, None)
    store.close()
    (tmp_path / "cut").mkdir()
    data = (tmp_path / "whole" / "data.mdb").read_bytes()
    (tmp_path / "cut" / "data.mdb").write_bytes(data[: len(data) // 2])
    with pytest.raises(StoreError, match="is damaged: data"):
        open_store(f"lmdb:{tmp_path / 'cut'}")


def test_a_file_that_is_none_of_lmdb_is_damage_and_no_matter_of_rights(tmp_path: Path) -> None:
    """The message does not send anybody to look at permissions."""
    (tmp_path / "data.mdb").write_bytes(b"not LMDB" * 2048)
    with pytest.raises(
        StoreError, match=r"is damaged: page 0 of data\.mdb is no meta page"
    ) as refused:
        open_store(f"lmdb:{tmp_path}")
    assert "this user" not in str(refused.value)
