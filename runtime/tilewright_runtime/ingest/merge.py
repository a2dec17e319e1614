"""Merging new tiles with a store's, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan

from ..states.fields import FieldCodec
from ..stores.base import Transaction, tile_namer
from ..stores.counts import TileCounts
from ..stores.progress import Progress
from ..stores.swapping import TilesChangedError, compare_and_swap
from ..tiles.block import APPROXIMATE, COMPLETE, Block, merge_blocks
from ..tiles.chunks import EventChunks
from ..tiles.header import NEWEST, SEQUENCE, STAMP, START
from ..tiles.keys import EVENTS, TILES, Kind, TileKeys
from ..tiles.layout import Layout
from ..tiles.records import Names, RecordCodec
from ..tiles.rows import LevelTiles, TileRows, parts_of

#: Moves the watermark of a progress on, after a batch.
Move = Callable[[Progress], Progress]


def _stay(progress: Progress) -> Progress:
    return progress


class _Form(NamedTuple):
    """How one kind of record is merged and written."""

    layout: Layout
    codecs: Mapping[str, FieldCodec]
    codec: RecordCodec


class Merged(NamedTuple):
    """What a merge has changed."""

    before: Progress
    after: Progress
    added: dict[tuple[Kind, int], NDArray[np.int64]]
    """The starts of new records, by level."""

    def following(self, first: Merged) -> Merged:
        """Join with what was merged before, in the same transaction."""
        added = dict(first.added)
        for level, starts_ms in self.added.items():
            known = added.get(level)
            added[level] = starts_ms if known is None else np.concatenate([known, starts_ms])
        return Merged(first.before, self.after, added)


class Swap(NamedTuple):
    """Tiles that are to replace those of a store."""

    levels: Sequence[LevelTiles]
    expected: Sequence[list[bytes | None]]
    """The versions of those, by level."""


class Merger:
    """Merges one plan's tiles and chunks with its store's."""

    def __init__(self, plan: Plan, rows: TileRows, chunks: EventChunks | None, url: str) -> None:
        """`url` names the store in errors."""
        self._plan = plan
        self._url = url
        self._forms = {TILES: _Form(rows.layout, rows.codecs, RecordCodec(rows.layout))}
        self._levels: list[tuple[Kind, int]] = [(TILES, level.size_ms) for level in plan.levels]
        if chunks is not None:
            self._forms[EVENTS] = _Form(chunks.layout, chunks.codecs, chunks.codec)
            self._levels.append((EVENTS, chunks.size_ms))

    def merge(
        self,
        transaction: Transaction,
        levels: Sequence[LevelTiles],
        events: int,
        move: Move = _stay,
    ) -> Merged:
        """Put new tiles merged with the stored ones.

        `events` is how many events the tiles hold, and `move` moves the watermark.

        Raises CorruptRecordError if a stored tile is damaged; then nothing of the transaction may
        stay.
        """
        before = Progress.load(self._plan, transaction.get)
        after = move(before.after(newest_ms(levels), events))
        after = after.corrected(late_events(self._plan, before.watermark_ms, levels))
        if self._touches_finished(levels, before.finished_until_ms(self._plan)):
            after = after.repaired()
        watermark_ms = after.head_ms(self._plan)
        starts_ms: dict[tuple[Kind, int], list[NDArray[np.int64]]] = {}
        for part in parts_of(levels):
            merged = [self._merged_level(transaction, one, before.newest_ms) for one in part]
            for tiles, (block, new) in zip(part, merged, strict=True):
                keys = tiles.keys
                transaction.put_tiles(keys, self._records(keys, block, watermark_ms))
                starts_ms.setdefault((keys.kind, keys.size_ms), []).append(new)
        added = {level: np.concatenate(starts) for level, starts in starts_ms.items()}
        after.save(self._plan, transaction)
        self._count(transaction, before, added)
        return Merged(before, after, added)

    def merged(self, tiles: LevelTiles, stored: Sequence[bytes | None]) -> Block:
        """Merge tiles with the stored records of the same keys.

        Raises CorruptRecordError if one of those is damaged.
        """
        merged = Block(tiles.block.rows.copy(), dict(tiles.block.variable))
        self._merge_records(tiles, merged, np.arange(len(stored)), stored)
        return merged

    def swap(self, transaction: Transaction, swap: Swap, events: int) -> Merged:
        """Put tiles in the place of the expected ones.

        They have `events` more than those.

        Raises TilesChangedError if one is not what was expected; then nothing of the transaction
        may stay.
        """
        levels = swap.levels
        before = Progress.load(self._plan, transaction.get)
        # What is merged after this looks for tiles up to the newest event, these among them.
        after = before.after(newest_ms(levels), events).corrected(events)
        if self._touches_finished(levels, before.finished_until_ms(self._plan)):
            after = after.repaired()
        added: dict[tuple[Kind, int], NDArray[np.int64]] = {}
        for tiles, expected in zip(levels, swap.expected, strict=True):
            records = self._records(tiles.keys, tiles.block, after.head_ms(self._plan))
            if not all(compare_and_swap(transaction, tiles.keys, expected, records)):
                raise TilesChangedError(
                    f"store {self._url}: other writers changed the same tiles of "
                    f"{self._plan.name} each time they were computed again, so this batch was not "
                    "added. Write it again, one writer after the other: what is there is passed "
                    "over."
                )
            is_new = [version is None for version in expected]
            added[tiles.keys.kind, tiles.keys.size_ms] = tiles.block.rows[is_new, START]
        after.save(self._plan, transaction)
        self._count(transaction, before, added)
        return Merged(before, after, added)

    def _touches_finished(self, levels: Sequence[LevelTiles], until_ms: int | None) -> bool:
        """Tell whether a tile changed that counts as finished."""
        if until_ms is None:
            return False
        ends_ms = []
        for tiles in levels:
            if len(tiles.block):
                ends_ms.append(int(tiles.block.rows[:, START].min()) + tiles.keys.size_ms)
        return min(ends_ms, default=until_ms + 1) <= until_ms

    def _count(
        self,
        transaction: Transaction,
        before: Progress,
        added: Mapping[tuple[Kind, int], NDArray[np.int64]],
    ) -> None:
        """Count new tiles, if all before them were counted."""
        counts = TileCounts.load(self._plan.name, transaction.get)
        if counts is None and before == Progress():
            counts = TileCounts()
        if counts is not None:
            new = {level: len(starts_ms) for level, starts_ms in added.items()}
            counts.plus(new).save(self._plan.name, transaction)

    def _merged_level(
        self, transaction: Transaction, tiles: LevelTiles, stored_newest_ms: int | None
    ) -> tuple[Block, NDArray[np.int64]]:
        """Merge the tiles of one level with stored ones.

        Also returns the starts of those that are new.

        Those that begin after the newest event before this batch cannot be in the store, so they
        are not looked up.
        """
        merged = Block(tiles.block.rows.copy(), dict(tiles.block.variable))
        is_new = np.ones(len(merged), dtype=bool)
        if stored_newest_ms is not None:
            candidates = np.flatnonzero(merged.rows[:, START] <= stored_newest_ms)
            if len(candidates):
                is_new[self._merge_stored(transaction, tiles, merged, candidates)] = False
        return merged, merged.rows[is_new, START]

    def _records(self, keys: TileKeys, block: Block, watermark_ms: int | None) -> list[bytes]:
        """Encode tiles, marked if the watermark has passed them."""
        if watermark_ms is not None:
            ended = block.rows[:, START] + (keys.size_ms - 1) <= watermark_ms
            block.rows[:, STAMP] |= np.where(ended, COMPLETE, 0)
        return self._forms[keys.kind].codec.encode(block, keys)

    def _merge_stored(
        self,
        transaction: Transaction,
        tiles: LevelTiles,
        merged: Block,
        candidates: NDArray[np.intp],
    ) -> NDArray[np.intp]:
        """Merge the stored candidates into `merged`; return which they are."""
        stored = transaction.get_tiles(tiles.keys.take(candidates))
        return self._merge_records(tiles, merged, candidates, stored)

    def _merge_records(
        self,
        tiles: LevelTiles,
        merged: Block,
        candidates: NDArray[np.intp],
        stored: Sequence[bytes | None],
    ) -> NDArray[np.intp]:
        indices = candidates[[record is not None for record in stored]]
        if not len(indices):
            return indices
        form = self._forms[tiles.keys.kind]
        records = [record for record in stored if record is not None]
        keys = tiles.keys.take(indices)
        names = Names(tile_namer(self._url, keys), keys.table, keys.entities, self._levels)
        older = form.codec.decode_block(records, keys, names)
        merged.put(
            indices, merge_blocks(form.layout, form.codecs, older, tiles.block.take(indices))
        )
        return indices


def newest_ms(levels: Iterable[LevelTiles]) -> int | None:
    """Find the newest event's time in tiles, if any."""
    return max(
        (int(tiles.block.rows[:, NEWEST].max()) for tiles in levels if len(tiles.block)),
        default=None,
    )


def late_events(plan: Plan, watermark_ms: int | None, levels: Iterable[LevelTiles]) -> int:
    """Count events whose tile of the finest level had ended.

    It had if the watermark was past its end. Those that are left out, as their tiles are only
    flagged, do not count.
    """
    late = 0
    for tiles in levels:
        is_finest = bool(plan.levels) and tiles.keys.size_ms == plan.levels[-1].size_ms
        if watermark_ms is None or tiles.keys.kind != TILES or not is_finest:
            continue
        rows = tiles.block.rows
        had_ended = rows[:, START] + (tiles.keys.size_ms - 1) <= watermark_ms
        is_counted = rows[:, STAMP] & APPROXIMATE == 0
        late += int(rows[had_ended & is_counted, SEQUENCE].sum())
    return late
