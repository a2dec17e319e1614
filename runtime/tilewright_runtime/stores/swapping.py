"""Comparing and swapping tiles in a transaction."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import StoreError
from ..lazily import np
from ..tiles.header import version_of
from ..tiles.keys import TileKeys
from .base import Transaction

#: How often a swap is tried whose tiles somebody else changes meanwhile.
SWAP_ATTEMPTS = 8


class TilesChangedError(StoreError):
    """Somebody else changed tiles that were to be replaced."""


def compare_and_swap(
    transaction: Transaction,
    keys: TileKeys,
    expected: Sequence[bytes | None],
    records: Sequence[bytes],
) -> list[bool]:
    """Do `Store.compare_and_swap` in a transaction."""
    stored = transaction.get_tiles(keys)
    swapped = [version_of(old) == version for old, version in zip(stored, expected, strict=True)]
    chosen = np.flatnonzero(swapped)
    transaction.put_tiles(keys.take(chosen), [records[i] for i in chosen.tolist()])
    return swapped
