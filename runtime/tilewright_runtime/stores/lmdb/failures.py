"""Why LMDB fails, in the words of messages."""

from __future__ import annotations

import errno

import lmdb

DATA_FILE = "data.mdb"
MAX_READERS = 512


def why_not_opened(wrong: Exception) -> str:
    """Say why an environment cannot be opened.

    The message also says what to do.
    """
    if isinstance(wrong, (lmdb.InvalidError, lmdb.CorruptedError, lmdb.PageNotFoundError)):
        return (
            f"is damaged: {DATA_FILE} is not a file of LMDB ({wrong}). Restore a whole copy, or "
            "write the events into a new store."
        )
    if _is_full(wrong):
        return f"cannot be opened: the disk is full ({wrong}). Make room on it."
    return f"cannot be opened: {wrong}. Give a folder that this user can write."


def why_not_read(wrong: Exception) -> str:
    """Say why an open environment cannot be read.

    The message also says what to do.
    """
    if isinstance(wrong, lmdb.ReadersFullError):
        return f"has {MAX_READERS} readers already, as many as it can. End some, and ask again."
    return (
        f"cannot be read, its file is damaged: {wrong}. "
        "Restore a whole copy, or write the events into a new store."
    )


def _is_full(wrong: Exception) -> bool:
    return isinstance(wrong, (lmdb.DiskError, OSError)) and (
        getattr(wrong, "errno", None) == errno.ENOSPC or "No space" in str(wrong)
    )
