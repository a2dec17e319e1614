"""Key-value stores for tiles: one file each, found by the scheme of its URL."""

from __future__ import annotations

from .protocol import Range, Store, TileKeys, Transaction, open_store

__all__ = ["Range", "Store", "TileKeys", "Transaction", "open_store"]
