"""Finds out which stored record is damaged.

It asks the store again, since a damaged record cannot tell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ..stores import Store
from ..tiles.keys import Range, tile_key


def record_name(store: Store, table: str, entity: str, ranges: Sequence[Range], index: int) -> str:
    """Name the n-th record of some ranges.

    The name says its store and key.
    """

    def count(wanted: Range) -> int:
        return len(store.scan(table, entity, [wanted])[0])

    for wanted in ranges:
        records = count(wanted)
        if index >= records:
            index -= records
            continue
        # The first end with more than `index` records before it, by halving.
        ends = range(wanted.start_ms + wanted.size_ms, wanted.end_ms + 1, wanted.size_ms)
        after = bisect_right(ends, index, key=lambda end_ms: count(wanted._replace(end_ms=end_ms)))
        start_ms = wanted.start_ms + after * wanted.size_ms
        key = tile_key(table, entity, wanted.size_ms, start_ms, wanted.kind)
        return f"store {store.url}, tile {key}"
    return f"store {store.url}"
