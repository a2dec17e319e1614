"""Swaps recomputed tiles in a store of whole tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..stores import Store
from ..stores.swapping import SWAP_ATTEMPTS
from ..tiles.header import precedence, version_of
from ..tiles.keys import TileKeys
from ..tiles.records import is_intact


def put_swapped(
    plan: Plan, store: Store, keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None
) -> None:
    """Swap tiles for those that a store has.

    A damaged tile is replaced whatever its bytes say. One that is as new already is put like any
    other, since it lives from its last put. Raises StoreError if tiles are changed by somebody else
    each time.
    """
    fingerprint = int(plan.storage_fingerprint, 16)
    for _ in range(SWAP_ATTEMPTS):
        stored = store.get_tiles(keys)
        is_older = np.ones(len(records), dtype=bool)
        for i, (record, old) in enumerate(zip(records, stored, strict=True)):
            if old is not None and is_intact(old, fingerprint):
                is_older[i] = precedence(record) > precedence(old)
        present, older = np.flatnonzero(~is_older), np.flatnonzero(is_older)
        if len(present):
            store.put_newer(keys.take(present), [records[i] for i in present.tolist()], ttl_ms)
        keys, records = keys.take(older), [records[i] for i in older.tolist()]
        expected = [version_of(stored[i]) for i in older.tolist()]
        swapped = store.compare_and_swap(keys, expected, records, ttl_ms)
        left = np.flatnonzero(~np.array(swapped, dtype=bool))
        if not len(left):
            return
        keys, records = keys.take(left), [records[i] for i in left.tolist()]
    raise StoreError(
        f"store {store.url}: somebody else changed the same tiles of {plan.name} each time they "
        "were put. One state puts the tiles of a plan, and nobody else may."
    )
