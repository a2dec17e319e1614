"""One moment of an LMDB environment.

Its pages are checked, and its tables are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lmdb

from ...errors import StoreError
from .environment import Environment
from .failures import why_not_read


@contextmanager
def snapshot(environment: Environment) -> Iterator[Any]:
    """Open a transaction that reads everything as it is now.

    That may take as long as it will.

    Raises StoreError for a damaged page, and if a writer that does not see this reader has written
    over what it reads.
    """
    environment.check()
    # Maps all of a file that has grown, which is possible between transactions only.
    environment.read(environment.documents, lambda transaction: None)
    try:
        with environment.transactions, environment.lmdb.begin() as transaction:
            yield transaction
            is_whole = environment.lmdb.info()["last_txnid"] <= transaction.id() + 1
    except lmdb.Error as wrong:
        raise StoreError(f"store lmdb:{environment.path} {why_not_read(wrong)}") from wrong
    if not (is_whole or environment.is_seen):
        raise StoreError(
            f"store lmdb:{environment.path} was written while it was read, by a writer that does "
            "not see this reader. Read it when nobody writes, or as a user who may write "
            "lock.mdb in its folder."
        )
