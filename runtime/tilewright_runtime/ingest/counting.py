"""Counts written tiles for whoever watches them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

from ..metrics import metrics_of
from ..stores import Transaction
from ..stores.progress import Progress
from ..tiles.keys import TILES, TileKeys
from ..tiles.rows import LevelTiles
from .merge import late_events


class MeasuredTransaction:
    """A transaction that notes the lengths of tiles' records."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.tile_bytes: list[NDArray[np.int64]] = []
        self.delete_entity = transaction.delete_entity
        self.get_tiles = transaction.get_tiles
        self.get = transaction.get
        self.put = transaction.put

    def put_tiles(self, keys: TileKeys, records: Sequence[bytes]) -> None:
        """Write the record of each tile, whatever was there."""
        self._transaction.put_tiles(keys, records)
        if keys.kind == TILES:
            self.tile_bytes.append(np.fromiter(map(len, records), np.int64, len(records)))


@dataclass
class BatchCount:
    """A batch on its way into a store."""

    levels: Sequence[LevelTiles] = ()
    before: Progress | None = None
    """The progress before it, once it is committed."""
    transaction: MeasuredTransaction | None = None

    def measured(self, transaction: Transaction) -> MeasuredTransaction:
        """Measure what is put in a transaction.

        It may be run again, and then only the last run counts.
        """
        self.transaction = MeasuredTransaction(transaction)
        return self.transaction


@contextmanager
def counting_batch(plan: Plan) -> Iterator[BatchCount]:
    """Count the tiles of a batch.

    They are failures if it cannot be written.
    """
    begun_s = time.perf_counter()
    count = BatchCount()
    counted = metrics_of(plan.name)
    try:
        yield count
    except Exception:
        counted.failed(sum(len(one.block) for one in _tiles(count)))
        raise
    if count.before is not None and count.transaction is not None:
        seconds = time.perf_counter() - begun_s
        sizes = np.concatenate([np.zeros(0, np.int64), *count.transaction.tile_bytes])
        late = late_events(plan, count.before.watermark_ms, count.levels)
        counted.wrote(seconds, sizes, late)


def _tiles(count: BatchCount) -> list[LevelTiles]:
    return [one for one in count.levels if one.keys.kind == TILES]
