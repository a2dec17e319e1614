"""A sink of whole tiles that keeps all levels right.

A tile comes whole each time it has changed, with its number of events as the sequence. That number
only grows, and a tile with a smaller or equal one is not put, so tiles that come again after a
restart change nothing.

Each level is merged from the next finer one: after the tiles of a level are put, those of each
coarser tile that they lie in are read back, and what they merge to is put with the sum of their
sequences. A sink that is alone with its entities reads them once and keeps them. Others may do so
at the same time, for other tiles of the same coarser tile. Every put of theirs comes before the
read that follows it, so the sink whose read begins last sees all tiles as they are in the end. What
it saw is larger than or equal to what any other saw, tile by tile, and so is the sum of the
sequences; it is equal only where all tiles are. So the last content wins whoever puts last. The
same holds from each level to the next coarser one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from tilewright_compiler.plan.model import Plan

from ..stores import CheckedStore, Store
from ..stores.base import tile_namer
from ..stores.handover import claim_for_stream
from ..stores.kept import merging_ttls_ms, ttls_by_name
from ..stores.ownership import register_plan, require_stream
from ..stores.progress import Progress
from ..tiles.header import NEWEST, SEQUENCE, START
from ..tiles.keys import TILES, TileKeys
from ..tiles.records import Names, RecordCodec
from ..tiles.rollup import RollUp
from ..tiles.rows import LevelTiles
from .open_tiles import OpenTiles

#: The largest step of the number of repairs; JSON's readers take numbers up to 2**53.
_LARGEST_STEP = 1 << 32


class TileSink:
    """Puts the tiles of one plan into one store.

    `stream` is the name that the store has given what fills it.

    Raises StoreError if the store has tiles of another plan of that name, or from elsewhere.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        is_alone: bool = False,
        stream: str | None = None,
        measure: Callable[[Sequence[bytes]], None] | None = None,
    ) -> None:
        """Open a sink; `is_alone` promises no other for its entities.

        The promise holds for as long as the sink lives. `stream` is given to go on with what fills
        the store: one that does not know the name any more is refused. `measure` gets the records
        of each level that were put.
        """
        if stream is not None:
            require_stream(plan, store, stream)
        self.plan = plan
        self.store = store
        self._is_alone = is_alone
        self._measure = measure
        self._ladder = RollUp(plan)
        layout = self._ladder.rows.layout
        self._codec = RecordCodec(layout)
        sizes = [level.size_ms for level in plan.levels]
        self._open = [
            OpenTiles(layout, finer_ms, coarser_ms)
            for coarser_ms, finer_ms in reversed(list(pairwise(sizes)))
        ]
        self._ttl_ms = merging_ttls_ms(plan)
        self.stream = claim_for_stream(plan, store)
        register_plan(plan, store, ttls_by_name(self._ttl_ms))
        if isinstance(store, CheckedStore):
            self._begin(store)

    def _begin(self, store: CheckedStore) -> None:
        """Have an untouched store say when it loses tiles.

        No sink has put tiles into it. If several sinks do so at once, one of them is heard. Nobody
        can put again what was lost, so a store that has lost some is left to say so.
        """
        seen = store.filling(self.plan.name)
        if seen.is_new and Progress.load(self.plan, store.get).newest_ms is None:
            store.advance(seen, 0, "complete")

    def put(self, rows: pa.Table) -> int:
        """Put rows of the finest tiles, and count the tiles.

        The rows have the columns that `TileRows` takes. A tile may come several times; the row with
        the most events counts. When this returns, the store has acknowledged the tiles of all
        levels.

        Raises StoreError if a put fails.
        """
        tiles = _largest(self._ladder.rows.level(rows, self.plan.levels[-1].size_ms))
        if not len(tiles.block):
            return 0
        put = tiles
        begun = Progress.load(self.plan, self.store.get)
        self._put(put)
        for finer in self._open:
            put = self._merged(put, finer)
            self._put(put)
        self._advance(tiles, begun)
        return len(tiles.block)

    def _put(self, tiles: LevelTiles) -> None:
        records = self._codec.encode(tiles.block, tiles.keys)
        self.store.put_newer(tiles.keys, records, self._ttl_ms[TILES, tiles.keys.size_ms])
        if self._measure is not None:
            self._measure(records)

    def _merged(self, put: LevelTiles, finer: OpenTiles) -> LevelTiles:
        """Merge the next coarser tiles around those put.

        They are merged from all finer tiles that lie in them.
        """
        if not self._is_alone:
            finer.clear()
        coarser = finer.touched(put.keys)
        for unknown in finer.unknown(coarser):
            finer.keep(self._stored(unknown))
        finer.keep(put)
        merged = self._ladder.coarser(finer.inside(coarser), coarser.size_ms)
        finer.forget()
        return merged

    def _stored(self, keys: TileKeys) -> LevelTiles:
        """Read the tiles that the store has."""
        stored = self.store.get_tiles(keys)
        records = [record for record in stored if record is not None]
        present = keys.take(np.flatnonzero([record is not None for record in stored]))
        levels = [(TILES, level.size_ms) for level in self.plan.levels]
        names = Names(tile_namer(self.store.url, present), keys.table, keys.entities, levels)
        return LevelTiles(present, self._codec.decode_block(records, present, names))

    def _advance(self, tiles: LevelTiles, begun: Progress) -> None:
        """Say how far the stream is.

        That comes after its tiles were put. Where several sinks do so at once, it may be an older
        state of one of them for a while. The number of repairs is then another one all the same,
        since each takes a step by chance.
        """
        progress = begun.after(int(tiles.block.rows[:, NEWEST].max()), 0)
        progress = progress.moved(progress.head_ms(self.plan))
        finished_ms = begun.finished_until_ms(self.plan)
        ends_ms = tiles.block.rows[:, START] + tiles.keys.size_ms
        if finished_ms is not None and bool((ends_ms <= finished_ms).any()):
            progress = progress.repaired(random.randrange(1, _LARGEST_STEP))
        if progress != begun:
            progress.save(self.plan, self.store)


def _largest(tiles: LevelTiles) -> LevelTiles:
    """Keep of each tile the row with most events.

    Rows of one tile are neighbours."""
    rows, entity = tiles.block.rows, np.asarray(tiles.keys.entity, dtype=np.int64)
    order = np.lexsort((rows[:, SEQUENCE], rows[:, START], entity))
    last = (
        np.append((np.diff(entity[order]) != 0) | (np.diff(rows[order, START]) != 0), True)
        if len(order)
        else np.empty(0, dtype=bool)
    )
    chosen = order[last]
    return LevelTiles(tiles.keys.take(chosen), tiles.block.take(chosen))
