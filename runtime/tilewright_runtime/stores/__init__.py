"""Key-value stores for tiles: one file each, found by the scheme of its URL."""

from __future__ import annotations

from .protocol import Range, Store, TileKeys, Transaction, TransactionalStore, open_store, store_modules

__all__ = ["Range", "Store", "TileKeys", "Transaction", "TransactionalStore", "open_store", "store_modules"]
