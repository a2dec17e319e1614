"""Key-value stores for tiles.

There is one file for each, found by the scheme of its URL.
"""

from __future__ import annotations

from .base import AsyncStore, Store, Transaction
from .checked_store import CheckedStore
from .opening import open_store, store_modules
from .transactional import TransactionalStore

__all__ = [
    "AsyncStore",
    "CheckedStore",
    "Store",
    "Transaction",
    "TransactionalStore",
    "open_store",
    "store_modules",
]
