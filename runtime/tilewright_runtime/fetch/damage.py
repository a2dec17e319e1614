"""Finds out which stored record is damaged.

It asks the store again, since a damaged record cannot tell its own tile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ..stores import Store
from ..tiles.keys import Kind, Range, level_name, tile_id, tile_key


class Tile(NamedTuple):
    """A tile or a chunk of an entity."""

    kind: Kind
    size_ms: int
    start_ms: int

    @property
    def name(self) -> str:
        """Its level and its id, as in text keys."""
        return f"{level_name(self.kind, self.size_ms)}::{tile_id(self.start_ms, self.size_ms)}"


def record_name(store: Store, table: str, entity: str, ranges: Sequence[Range], index: int) -> str:
    """Name the n-th record of some ranges.

    The name says its store and key.
    """
    tile = record_tile(store, table, entity, ranges, index)
    if tile is None:
        return f"store {store.url}"
    key = tile_key(table, entity, tile.size_ms, tile.start_ms, tile.kind)
    return f"store {store.url}, tile {key}"


def record_tile(
    store: Store, table: str, entity: str, ranges: Sequence[Range], index: int
) -> Tile | None:
    """Find the tile of the n-th record of some ranges.

    None if the store has fewer by now.
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
        return Tile(wanted.kind, wanted.size_ms, wanted.start_ms + after * wanted.size_ms)
    return None
