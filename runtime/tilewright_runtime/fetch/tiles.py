"""The tiles that a fetch read, and their variable fields."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..states.base import Rows
from ..states.fields import Bytes
from ..tiles.cover import Segment
from ..tiles.keys import EVENTS
from ..tiles.records import RecordCodec

#: Neighbouring tiles by their indices, [begin, end).
Run = tuple[int, int]


class Tiles(NamedTuple):
    """Tiles level after level, then stretches of raw events.

    Each level, and the stretches, come oldest first.
    """

    rows: Rows
    """(tiles + 1, words): a row of zeros is last, so that every run has an end inside."""
    starts: list[int]
    bounds: dict[int, Run]
    """The tiles of each level, by its size in ms."""
    records: list[bytes]
    chunks: list[bytes]
    """The records of the chunks of raw events that were read, oldest first."""
    events: Run = (0, 0)
    """The stretches of raw events that were counted."""
    event_fields: Sequence[list[Bytes]] = ()
    """Their variable fields."""

    def run(self, segment: Segment) -> Run:
        """Find where the tiles of a segment stand."""
        first, last = self.events if segment.kind == EVENTS else self.bounds[segment.size_ms]
        begin = bisect_left(self.starts, segment.start_ms, first, last)
        return begin, bisect_left(self.starts, segment.end_ms, begin, last)


class VariableFields:
    """The variable fields of some tiles.

    Each tile is decompressed once, and only when asked for.
    """

    def __init__(self, codec: RecordCodec, tiles: Tiles) -> None:
        self._codec = codec
        self._tiles = tiles
        self._by_tile: dict[int, list[Bytes]] = {}

    def of(self, tile: int, field: int) -> Bytes:
        """Read a field of a tile."""
        fields = self._by_tile.get(tile)
        if fields is None:
            fields = self._by_tile[tile] = self._read(tile)
        return fields[field]

    def present(self, tiles: Iterable[int], field: int) -> list[bytes]:
        """Read a field of those tiles that have it."""
        values = []
        for tile in tiles:
            value = self.of(tile, field)
            if value is not None:
                values.append(value)
        return values

    def _read(self, tile: int) -> list[Bytes]:
        first, last = self._tiles.events
        if first <= tile < last:
            return self._tiles.event_fields[tile - first]
        return self._codec.variable(self._tiles.records[tile], self._tiles.rows[tile])
