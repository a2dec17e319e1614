"""Bulk loads: whole tiles of history, put without merging."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..stores import CheckedStore, Store, Transaction, TransactionalStore
from ..stores.counts import TileCounts
from ..stores.cutover import cut_over, cutover_ms
from ..stores.handover import require_whole_tiles
from ..stores.kept import ttls_by_name
from ..stores.ownership import lifetimes_ms, note_load, register_plan, require_no_other_plan
from ..stores.progress import Progress
from ..tiles.block import COMPLETE, Block
from ..tiles.header import NEWEST, SEQUENCE, STAMP, START
from ..tiles.keys import TILES, TileKeys
from ..tiles.layout import layout_of
from ..tiles.records import RecordCodec
from ..tiles.rollup import RollUp, tiles_of_engine
from ..tiles.rows import LevelTiles
from ..times import Moment, moment_ms

#: A row a tile: its level, entity and start; how many events it has, and when the newest was; its
#: record, and whether that says that the tile is complete.
SCHEMA = pa.schema(
    [
        ("size_ms", pa.int64()),
        ("entity", pa.string()),
        ("start_ms", pa.int64()),
        ("events", pa.int64()),
        ("newest_ms", pa.int64()),
        ("record", pa.binary()),
        ("complete", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Put:
    """The numbers of tiles put and events left out.

    Events are left out if the store cannot hold their keys.
    """

    by_size: Mapping[int, int] = field(default_factory=dict)
    """How many tiles of each size, in milliseconds."""
    refused: int = 0

    @property
    def tiles(self) -> int:
        """How many tiles of all sizes."""
        return sum(self.by_size.values())


def as_records(codec: RecordCodec, tiles: LevelTiles, watermark_ms: int) -> pa.RecordBatch:
    """Write a level's tiles as rows of `SCHEMA`.

    Those that ended before the watermark are marked as complete.
    """
    keys, rows = tiles.keys, tiles.block.rows.copy()
    ended = rows[:, START] + (keys.size_ms - 1) <= watermark_ms
    rows[ended, STAMP] |= COMPLETE
    entities = pa.array(keys.entities, pa.string()).take(
        pa.array(np.asarray(keys.entity, np.int64))
    )
    columns = [
        pa.array(np.full(len(rows), keys.size_ms)),
        entities,
        pa.array(np.asarray(keys.starts_ms, np.int64)),
        pa.array(rows[:, SEQUENCE].copy()),
        pa.array(rows[:, NEWEST].copy()),
        pa.array(codec.encode(Block(rows, tiles.block.variable), keys), pa.binary()),
        pa.array(ended),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def load_tiles(plan: Plan, store: Store, finest: pa.Table, until: Moment = None) -> Put:
    """Load tiles of all levels from a warehouse's finest.

    The table is what `sql/tiles_{size}.sql` gives, and has all tiles of every entity in it. `until`
    is when the store's history ends and its stream begins, between two tiles: those from then on
    are left out.

    Raises StoreError if the store has tiles of the plan.
    """
    begin(plan, store, until, are_whole=True)
    at_ms = cutover_ms(plan, store.get)
    ladder = RollUp(plan)
    table = tiles_of_engine(plan, finest)
    if at_ms is not None:
        table = table.filter(pc.less(table["__start"], at_ms))
    if not len(table):
        return Put()
    codec = RecordCodec(ladder.rows.layout)
    newest_ms, events = pc.max(table["__newest"]).as_py(), pc.sum(table["__events"]).as_py()
    watermark_ms = newest_ms - plan.late.out_of_orderness_ms
    put = put_records(
        plan,
        store,
        (as_records(codec, tiles, watermark_ms) for tiles in ladder.levels(table)),
        newest_ms,
    )
    finish(plan, store, newest_ms, events - put.refused, put)
    return put


def begin(plan: Plan, store: Store, until: Moment = None, *, are_whole: bool = False) -> None:
    """Begin a load into a store without the plan's tiles.

    The store keeps `until` when its history goes, which may cut no tile where they come whole.
    Events of tiles that are there would be lost. Raises StoreError if it has tiles of this plan, or
    of another plan of that name, or if no stream could go on from there.
    """
    require_no_other_plan(plan, store)
    if any(store.get(f"{document}/{plan.name}") is not None for document in ("progress", "writer")):
        raise StoreError(
            f"store {store.url} has tiles of {plan.name} already, which loading history would "
            "replace. Load a new store. What came after the history can then be written into it, "
            "if it is an embedded one (tilewright write)."
        )
    at_ms = cutover_ms(plan, store.get) if until is None else moment_ms(until)
    if at_ms is not None:
        if are_whole or not isinstance(store, TransactionalStore):
            require_whole_tiles(plan, store, at_ms)
        cut_over(plan, store, at_ms)
    if (
        isinstance(store, CheckedStore)
        and store.advance(store.filling(plan.name), 0, "filling") is None
    ):
        raise _lost(store)


def _lost(store: Store) -> StoreError:
    return StoreError(
        f"store {store.url} lost what it was given: it was restarted or emptied, or it evicts "
        "keys. Set its maxmemory-policy to noeviction, empty it, and load the history again."
    )


def put_records(plan: Plan, store: Store, batches: Iterable[pa.RecordBatch], newest_ms: int) -> Put:
    """Put the tiles of batches of `SCHEMA`.

    Tiles that ended before the watermark are marked as complete if they are not yet. `newest_ms` is
    the time of the newest event of all. Putting the same again changes nothing. A store with
    transactions gets a batch in one of them.
    """
    ttl_ms = lifetimes_ms(plan, store.get)
    longest, finest_ms = store.max_entity_bytes - len(plan.name.encode()), plan.levels[-1].size_ms
    codec = RecordCodec(layout_of(plan))
    watermark_ms = newest_ms - plan.late.out_of_orderness_ms
    note_load(plan, store)
    refused = 0
    by_size: Counter[int] = Counter()
    for whole in batches:
        fits = pc.less_equal(pc.binary_length(whole["entity"]), longest)
        batch = whole.filter(fits)
        if len(batch) < len(whole):
            long = whole.filter(pc.and_(pc.invert(fits), pc.equal(whole["size_ms"], finest_ms)))
            refused += pc.sum(long["events"]).as_py() or 0
        levels = []
        for size_ms in pc.unique(batch["size_ms"]).to_pylist():
            of_level = batch.filter(pc.equal(batch["size_ms"], size_ms))
            levels.append(_level(plan.name, size_ms, of_level, codec, watermark_ms))
        if isinstance(store, TransactionalStore):
            store.transact(partial(_put_all, levels))
        else:
            for keys, records in levels:
                store.put_newer(keys, records, ttl_ms[TILES, keys.size_ms])
        for keys, records in levels:
            by_size[keys.size_ms] += len(records)
    return Put(by_size, refused)


def _level(
    table: str, size_ms: int, rows: pa.RecordBatch, codec: RecordCodec, watermark_ms: int
) -> tuple[TileKeys, list[bytes]]:
    """Read a level's keys and records, and mark complete ones."""
    starts = rows["start_ms"].to_numpy()
    entities = pc.dictionary_encode(rows["entity"])
    keys = TileKeys(
        table,
        size_ms,
        entities.dictionary.to_pylist(),
        entities.indices.to_pylist(),
        starts.tolist(),
    )
    records: list[bytes] = rows["record"].to_pylist()
    is_marked = rows["complete"].to_numpy(zero_copy_only=False)
    unmarked = (starts + (size_ms - 1) <= watermark_ms) & ~is_marked
    if unmarked.any():
        records = codec.completed(records, unmarked.tolist())
    return keys, records


def _put_all(levels: Sequence[tuple[TileKeys, Sequence[bytes]]], transaction: Transaction) -> None:
    # Tiles that are there can only be those of a load that did not end, since the store had none of
    # the plan before.
    for keys, records in levels:
        transaction.put_tiles(keys, records)


def finish(plan: Plan, store: Store, newest_ms: int, events: int, put: Put) -> None:
    """Make the store the plan's, once its tiles are there.

    They are those of all puts.

    Until then a fetch finds none, and a load may be repeated. Raises StoreError if the store has
    lost some since the load began.
    """
    TileCounts({(TILES, size_ms): count for size_ms, count in put.by_size.items()}).save(
        plan.name, store
    )
    if not isinstance(store, CheckedStore):
        _claim(plan, store, newest_ms, events)
        return
    seen = store.filling(plan.name)
    if not (seen.has_lost_nothing and seen.is_filling):
        raise _lost(store)
    _claim(plan, store, newest_ms, events, seen.since_ms)
    if store.advance(seen, events, "complete") is None:
        raise _lost(store)


def _claim(
    plan: Plan, store: Store, newest_ms: int, events: int, since_ms: int | None = None
) -> None:
    register_plan(plan, store, ttls_by_name(lifetimes_ms(plan, store.get)), since_ms)
    if not isinstance(store, TransactionalStore):
        # A state folder without this history would put its own tiles over it (outbox.py).
        store.put_first(f"writer/{plan.name}", b"history")
    progress = Progress(newest_ms, events)
    progress.moved(progress.head_ms(plan)).save(plan, store)
