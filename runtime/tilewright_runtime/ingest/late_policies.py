"""What a plan's policy makes of late events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from tilewright_compiler.plan.model import Plan

from ..readers import Batch, Malformed
from ..stores import Transaction, TransactionalStore
from ..stores.swapping import SWAP_ATTEMPTS, TilesChangedError
from ..tiles.block import APPROXIMATE, Block
from ..tiles.chunks import EventChunks
from ..tiles.header import STAMP
from ..tiles.keys import EVENTS
from ..tiles.rows import LevelTiles, TileRows
from .loaded_batch import BatchTiles, LoadedBatch, Refused
from .merge import Merged, Merger, Move, Swap
from .recompute import Recomputer
from .rejects import Rejects

T = TypeVar("T")


class LateTiles:
    """Brings a batch and its late events into tiles.

    That happens in one transaction of the store. All levels change together. `delta` has no late
    events of its own: they are merged with the others.
    """

    def __init__(self, plan: Plan, rows: TileRows, chunks: EventChunks | None, url: str) -> None:
        self._merger = merger = Merger(plan, rows, chunks, url)
        self._recomputer = None
        if plan.late.policy == "recompute" and chunks is not None:
            self._recomputer = Recomputer(merger, rows, chunks, url)

    def transact(
        self,
        state: TransactionalStore,
        late: Sequence[LevelTiles],
        work: Callable[[Swap | None, Transaction], T],
    ) -> T:
        """Run `work` in a transaction, given what to swap.

        That is computed before, and again if somebody else changes its tiles meanwhile. Raises
        StoreError if they do so each time.
        """
        if self._recomputer is None or not late:
            return state.transact(partial(work, None))
        for _ in range(SWAP_ATTEMPTS - 1):
            swap = self._recomputer.swap(state, late)
            try:
                return state.transact(partial(work, swap))
            except TilesChangedError:
                continue
        return state.transact(partial(work, self._recomputer.swap(state, late)))

    def merge(
        self, transaction: Transaction, tiles: BatchTiles, move: Move, swap: Swap | None
    ) -> Merged:
        """Merge tiles with stored ones, late ones too.

        Those that are computed again are swapped first, since the others may change them too.
        """
        swapped = self._merger.swap(transaction, swap, tiles.late_events) if swap else None
        merged = self._merger.merge(transaction, tiles.levels, tiles.events, move)
        if swapped is not None:
            return merged.following(swapped)
        if not tiles.late:
            return merged
        flagged = [_flagged(level) for level in tiles.late]
        return self._merger.merge(transaction, flagged, tiles.late_events).following(merged)


def late_rows(plan: Plan, kept: Rejects, batch: Batch, loaded: LoadedBatch) -> list[Malformed]:
    """List the rows of a batch that came too late.

    With `approximate`, those whose values are left out come after them.
    """
    late = [row for row in loaded.refused if row.reason == plan.late.too_late]
    if plan.late.policy == "approximate":
        late += [Refused(row, plan.late.left_out) for row in loaded.late]
    return kept.rows_of(batch, late)[len(batch.malformed) :]


def _flagged(tiles: LevelTiles) -> LevelTiles:
    """Flag tiles that leave out late values."""
    if tiles.keys.kind == EVENTS:
        return tiles
    rows = tiles.block.rows.copy()
    rows[:, STAMP] |= APPROXIMATE
    return LevelTiles(tiles.keys, Block(rows, tiles.block.variable))
