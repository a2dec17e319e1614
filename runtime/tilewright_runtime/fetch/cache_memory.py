"""The first tier of a cache: entries in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from cachetools import LRUCache

from ..errors import StoreError, shown
from ..metrics import metrics_of
from .cache_entries import EntityKey, Middle, MiddleKey
from .cache_views import EntitySpans

Kept = EntitySpans | Middle
KeptKey = EntityKey | MiddleKey


class CacheMemory(LRUCache[KeptKey, Kept]):
    """The entries that were used last."""

    def __init__(self, max_bytes: int) -> None:
        if not isinstance(max_bytes, (int, np.integer)) or max_bytes < 0:
            raise StoreError(f"a cache of {shown(max_bytes)} bytes is none. Give a whole number.")
        super().__init__(max_bytes, getsizeof=_size)
        self.evictions = 0
        self._plan_bytes: dict[str, int] = {}

    def get(self, key: KeptKey, default: Any = None) -> Any:
        """Find an entry, in fewer steps than its base."""
        try:
            return self[key]
        except KeyError:
            return default

    def popitem(self) -> tuple[KeptKey, Kept]:
        """Make room, which counts as an eviction."""
        self.evictions += 1
        key, entry = super().popitem()
        metrics_of(key.table.plan).evicted_from_cache(1)
        return key, entry

    def __setitem__(self, key: KeptKey, entry: Kept) -> None:
        self.pop(key, None)
        super().__setitem__(key, entry)
        self._hold(key, entry.size)

    def __delitem__(self, key: KeptKey) -> None:
        size = int(self.getsizeof(self[key]))
        super().__delitem__(key)
        self._hold(key, -size)

    def _hold(self, key: KeptKey, size: int) -> None:
        """Count the bytes of each plan."""
        plan = key.table.plan
        held = self._plan_bytes[plan] = self._plan_bytes.get(plan, 0) + size
        metrics_of(plan).cache_holds(held)


def _size(entry: Kept) -> int:
    return entry.size
