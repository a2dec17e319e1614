"""Copies of an embedded store, of one moment.

A copy is made while the store is written: it is what one read transaction sees, tiles and positions
alike. It has no free pages, so what was deleted is not in it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tilewright.documents import require_possible

from ..errors import StoreError, shown
from ..stores import Store, open_store
from ..stores.backends.lmdb import LmdbStore
from ..stores.contents import StoredTiles
from ..stores.lmdb.failures import DATA_FILE


@dataclass(frozen=True)
class Copied:
    """A copy, and what is in it."""

    place: str
    tiles: int
    bytes: int


def backup(store: Store, folder: str | Path) -> Copied:
    """Copy an embedded store into a new folder.

    The store may be written meanwhile. Raises StoreError for a store of another kind, for a folder
    that is there, and if the copy cannot be made.
    """
    if not isinstance(store, LmdbStore):
        raise StoreError(
            f"store {store.url} is no lmdb: store. Back up the folder that it is written with "
            "(--state DIR): the next write with that folder fills an empty store again."
        )
    with _new_folder(Path(folder)) as partial:
        store.copy(partial)
    return _copied(Path(folder))


def restore(folder: str | Path, store: str) -> Copied:
    """Make an embedded store of a backup.

    Raises StoreError for a folder that is no sound backup, for the URL of a store of another kind,
    and for a store that is there.
    """
    scheme, _, path = store.partition(":")
    if scheme != "lmdb" or not path:
        raise StoreError(
            f"store {store!r}: a backup becomes an lmdb: store, such as lmdb:tiles.lmdb."
        )
    with open_store(f"lmdb:{folder}", create=False) as saved:
        assert isinstance(saved, LmdbStore)
        with _new_folder(Path(path)) as partial:
            saved.copy(partial)
    return _copied(Path(path))


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Fill a new folder, wholly or not at all."""
    try:
        require_possible(folder)
        is_taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as wrong:
        raise StoreError(f"{shown(str(folder))} cannot be written: {wrong.strerror}.") from None
    if is_taken:
        raise StoreError(f"{folder} is there already. Name a new folder: nothing is replaced.")
    partial = Path(os.path.abspath(folder)).with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        yield partial
        with (partial / DATA_FILE).open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(folder)
    except OSError as wrong:
        raise StoreError(f"{folder} cannot be written: {wrong.strerror}. Make room.") from wrong
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copied(folder: Path) -> Copied:
    """Read a copy once from end to end."""
    with open_store(f"lmdb:{folder}", create=False) as store:
        tiles = 0
        for content in store.contents():
            if isinstance(content, StoredTiles):
                tiles += len(content.records)
    return Copied(str(folder), tiles, (folder / DATA_FILE).stat().st_size)
