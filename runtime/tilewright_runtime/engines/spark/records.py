"""Records of all levels, made in Spark's workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilewright_compiler.plan.model import Plan

from ...ingest.bulk_load import as_records, put_records
from ...stores import open_store
from ...tiles.records import RecordCodec
from ...tiles.rollup import RollUp, tiles_of_engine

Batches = Iterable[pa.RecordBatch]


def encoder(plan_text: str) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """Make a function for `mapInArrow` that encodes records.

    It takes batches of the finest tiles, an entity's side by side, and gives rows of `bulk.SCHEMA`.
    The newest event of an entity is no later than that of all entities, so tiles that ended before
    it are already complete.
    """

    def encode(batches: Batches) -> Iterator[pa.RecordBatch]:
        plan = Plan.model_validate_json(plan_text)
        ladder = RollUp(plan)
        codec = RecordCodec(ladder.rows.layout)
        for tiles in whole_entities(plan, batches):
            watermark_ms = pc.max(tiles["__newest"]).as_py() - plan.late.out_of_orderness_ms
            yield from (as_records(codec, level, watermark_ms) for level in ladder.levels(tiles))

    return encode


def putter(
    plan_text: str, store_url: str, newest_ms: int
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """Make a function for `mapInArrow` that puts records.

    It takes rows of `bulk.SCHEMA`, puts them into a store that all workers reach, and gives what
    `bulk.Put` counts.
    """

    def put(batches: Batches) -> Iterator[pa.RecordBatch]:
        store = open_store(store_url)
        try:
            done = put_records(Plan.model_validate_json(plan_text), store, batches, newest_ms)
        finally:
            store.close()
        rows = [(size_ms, tiles, 0) for size_ms, tiles in done.by_size.items()]
        columns = zip(*[*rows, (0, 0, done.refused)], strict=True)
        names = ["size_ms", "tiles", "refused"]
        yield pa.RecordBatch.from_pydict(dict(zip(names, map(list, columns), strict=True)))

    return put


def whole_entities(plan: Plan, batches: Batches) -> Iterator[pa.Table]:
    """Cut rows where an entity ends.

    So an entity's coarse tiles are made of all of its rows.
    """
    pending: pa.Table | None = None
    for batch in batches:
        table = tiles_of_engine(plan, pa.Table.from_batches([batch]))
        pending = table if pending is None else pa.concat_tables([pending, table])
        cut = _last_entity(pending, len(plan.keys))
        if cut:
            yield pending.slice(0, cut)
            pending = pending.slice(cut)
    if pending is not None and len(pending):
        yield pending


def _last_entity(table: pa.Table, keys: int) -> int:
    """Find where the rows with the last row's keys begin."""
    same = np.ones(len(table), dtype=bool)
    for column in table.columns[:keys] if len(table) else ():
        same &= pc.equal(column, column[-1]).to_numpy()
    others = np.flatnonzero(~same)
    return int(others[-1]) + 1 if len(others) else 0
