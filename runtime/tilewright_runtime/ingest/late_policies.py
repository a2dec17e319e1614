"""What a plan's policy makes of late events."""

from __future__ import annotations

from collections.abc import Sequence

from tilewright_compiler.plan.model import Plan

from ..readers import Batch, Malformed
from ..stores.base import Transaction
from ..tiles.block import APPROXIMATE, Block
from ..tiles.chunks import EventChunks
from ..tiles.header import STAMP
from ..tiles.keys import EVENTS
from ..tiles.rows import LevelTiles, TileRows
from .loaded_batch import LoadedBatch, Refused
from .merge import Merged, Merger
from .recompute import Recomputer
from .rejects import Rejects


class LateTiles:
    """Brings late events into the tiles of a store.

    That happens in the transaction of their batch. All levels change together. `delta` has no late
    events of its own: they are merged with the others.
    """

    def __init__(
        self, plan: Plan, merger: Merger, rows: TileRows, chunks: EventChunks | None, url: str
    ) -> None:
        self._merger = merger
        self._recomputer = None
        if plan.late.policy == "recompute" and chunks is not None:
            self._recomputer = Recomputer(rows, chunks, url)

    def merge(self, transaction: Transaction, levels: Sequence[LevelTiles], events: int) -> Merged:
        """Bring tiles of late events into the stored ones."""
        if self._recomputer is None:
            flagged = [_flagged(tiles) for tiles in levels]
            return self._merger.merge(transaction, flagged, events)
        logged = [tiles for tiles in levels if tiles.keys.kind == EVENTS]
        chunks = self._merger.merge(transaction, logged, 0)
        anew = []
        for tiles in levels:
            if tiles.keys.kind != EVENTS:
                anew.append(self._recomputer.tiles(transaction, tiles.keys))
        merged = self._merger.replace(transaction, anew, events)
        return merged.following(chunks)


def late_rows(
    plan: Plan,
    kept: Rejects,
    batch: Batch,
    loaded: LoadedBatch,
    refused: Sequence[Malformed],
) -> list[Malformed]:
    """List the rows of a batch that came too late.

    With `approximate`, those whose values are left out come after them.
    """
    late = [row for row in refused if row.reason == plan.late.too_late]
    if plan.late.policy != "approximate":
        return late
    left_out = [Refused(row, plan.late.left_out) for row in loaded.late]
    return late + kept.rows_of(batch, left_out)[len(batch.malformed) :]


def _flagged(tiles: LevelTiles) -> LevelTiles:
    """Flag tiles that leave out late values."""
    if tiles.keys.kind == EVENTS:
        return tiles
    rows = tiles.block.rows.copy()
    rows[:, STAMP] |= APPROXIMATE
    return LevelTiles(tiles.keys, Block(rows, tiles.block.variable))
