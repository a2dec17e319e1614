"""The tiles that a fetch read, and their variable fields."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from ..lazily import np
from ..states.base import Rows
from ..states.fields import Bytes
from ..tiles.block import Block
from ..tiles.cover import Segment
from ..tiles.header import START
from ..tiles.keys import EVENTS
from ..tiles.layout import Columns, rows_of
from ..tiles.records import RecordCodec
from .schedule import Covers
from .standing import Cut, Run, Standing

if TYPE_CHECKING:
    from .middles import Middles


class Tiles:
    """Tiles level after level, then stretches of raw events.

    Each level, and the stretches, come oldest first.
    """

    events: Run = (0, 0)
    """The stretches of raw events that were counted."""
    event_fields: Sequence[list[Bytes]] = ()
    """Their variable fields."""
    middles: Middles | None = None
    """What is kept merged of them."""

    count: int
    """How many tiles there are, without stretches of raw events."""
    chunks: Sequence[bytes]
    """The records of the chunks of raw events that were read, oldest first."""
    approximate: int
    """How many of the tiles are approximate."""

    @cached_property
    def records(self) -> Sequence[bytes]:
        """The record of each tile."""
        raise NotImplementedError

    @cached_property
    def rows(self) -> Rows:
        """The words of each tile, (tiles + 1, words).

        A row of zeros is last, so that every run has an end inside.
        """
        raise NotImplementedError

    @cached_property
    def columns(self) -> Columns:
        """The columns of each tile, and a row of zeros."""
        raise NotImplementedError

    @cached_property
    def starts(self) -> list[int]:
        """When each tile begins."""
        raise NotImplementedError

    @cached_property
    def bounds(self) -> dict[int, Run]:
        """The tiles of each level, by its size in ms."""
        raise NotImplementedError

    def without_chunks(self) -> Tiles:
        """Leave the raw events out."""
        tiles = copy(self)
        tiles.chunks = ()
        return tiles

    def run(self, segment: Segment) -> Run:
        """Find where the tiles of a segment stand."""
        first, last = self.events if segment.kind == EVENTS else self.bounds[segment.size_ms]
        begin = bisect_left(self.starts, segment.start_ms, first, last)
        return begin, bisect_left(self.starts, segment.end_ms, begin, last)

    def runs(self, covers: Iterable[Sequence[Segment]]) -> list[list[Run]]:
        """Find the runs of tiles of each cover.

        Empty runs are left out.
        """
        starts = self.starts
        runs = []
        for cover in covers:
            own: list[Run] = []
            for size_ms, start_ms, end_ms, _, kind in cover:
                first, last = self.events if kind == EVENTS else self.bounds[size_ms]
                begin = bisect_left(starts, start_ms, first, last)
                end = bisect_left(starts, end_ms, begin, last)
                if begin < end:
                    own.append((begin, end))
            runs.append(own)
        return runs

    def cut(self, covers: Sequence[Sequence[Segment]]) -> Cut:
        """Find the runs of each cover, prepared for numpy."""
        return Cut(self.runs(covers))


class DecodedTiles(Tiles):
    """Tiles whose rows are known."""

    def __init__(
        self,
        columns: Columns,
        standing: Standing,
        records: Sequence[bytes],
        chunks: Sequence[bytes],
        approximate: int,
    ) -> None:
        self.columns = columns
        self.starts = standing.starts
        self.bounds = standing.bounds
        self._standing = standing
        self.records = records
        self.count = len(records)
        self.chunks = chunks
        self.approximate = approximate

    @cached_property
    def rows(self) -> Rows:
        """The words of each tile, and a row of zeros."""
        return rows_of(self.columns)

    def with_events(self, block: Block, fields: Sequence[list[Bytes]]) -> DecodedTiles:
        """Put stretches of raw events behind the tiles."""
        first = len(self.records)
        rows = np.concatenate([self.rows[:first], block.rows, self.rows[first:]])
        standing = Standing(self.starts + block.rows[:, START].tolist(), self.bounds)
        columns = rows.reshape(-1).view(self.columns.dtype)
        tiles = DecodedTiles(columns, standing, self.records, self.chunks, self.approximate)
        tiles.events = (first, first + len(block))
        tiles.event_fields = fields
        tiles.middles = self.middles
        return tiles

    def cut(self, covers: Sequence[Sequence[Segment]]) -> Cut:
        """Find the runs of each cover; those of a schedule once."""
        last = self._standing.last_cut
        if last is not None and last[0] is covers:
            return last[1]
        cut = super().cut(covers)
        if isinstance(covers, Covers):
            self._standing.last_cut = covers, cut
        return cut


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
