"""Opens the LMDB file of a cache's folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

import lmdb

from ..errors import StoreError
from ..stores.lmdb.checking import check_pages
from ..stores.lmdb.failures import DATA_FILE, MAX_READERS
from ..stores.lmdb.metas import read_metas

#: The tables of entries, and that of what is said about them.
GENERATIONS = (b"first", b"second")
_ABOUT = b"about"

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class CacheFile:
    """The environment of a folder in this process."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.pid = os.getpid()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Held as long as this process uses the folder.
        self._users = (path / "users.lock").open("a")
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_alone = True
        except BlockingIOError:
            is_alone = False
        _empty_unless_sound(path, is_alone)
        fcntl.flock(self._users, fcntl.LOCK_SH)
        self.environment = lmdb.open(
            str(path),
            map_size=max_bytes,
            max_dbs=len(GENERATIONS) + 1,
            max_readers=MAX_READERS,
            sync=False,
            metasync=False,
            readahead=False,
            mode=0o600,
        )
        self.environment.reader_check()
        self.generations = [self.environment.open_db(name) for name in GENERATIONS]
        self.about = self.environment.open_db(_ABOUT)


def _empty_unless_sound(path: Path, is_alone: bool) -> None:
    """Begin anew unless the file can be trusted.

    It cannot after a damage, or once the machine has been started again. To follow the pages of a
    damaged file could end the process. Whoever uses it already has looked at its pages, and goes on
    with what there was.
    """
    boot, data = path / "boot", path / DATA_FILE
    own = _BOOT_ID.read_text() if _BOOT_ID.exists() else ""
    with suppress(StoreError, OSError):
        if boot.read_text() == own and _is_sound(data, is_alone):
            return
    for file in (data, path / "lock.mdb"):
        file.unlink(missing_ok=True)
    boot.write_text(own)


def _is_sound(data: Path, is_alone: bool) -> bool:
    """Tell whether all pages are there.

    Raises StoreError for a damaged one. Pages that others write may have another use by now.
    """
    metas = read_metas(data)
    if metas is None:
        return True
    meta = max(metas, key=attrgetter("transaction"))
    if is_alone:
        check_pages(data, meta, (*GENERATIONS, _ABOUT))
    return data.stat().st_size >= (meta.last_page + 1) * meta.free.page_bytes
