"""The batch job: history becomes a store's tiles.

Spark reads, filters, selects and groups. Its Arrow workers make records of all levels out of the
finest tiles and write them as Parquet to a staging folder. Only when all records are there are they
put: by the driver if the store is embedded, since LMDB has one writer, and else by the workers. So
a job that fails puts nothing, and tiles that ended before the newest event of all history can be
marked as complete.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tilewright_compiler.plan.model import Plan

from ...ingest import bulk_load as bulk
from ...stores import Store, TransactionalStore, open_store
from ...stores.cutover import cutover_ms, outside
from ..reporting import Report
from . import inputs
from .job import Queries, events_view, refusals
from .records import encoder, putter
from .session import open_session, readable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Tiles of one transaction. Larger transactions wait for the disk less often.
_BATCH_TILES = 50_000
_RECORDS = (
    "size_ms long, entity string, start_ms long, events long, newest_ms long, record binary, "
    "complete boolean"
)


def build(
    plan: Plan,
    queries: Queries,
    tiles: str,
    store_url: str,
    events: tuple[str, ...],
    staging: str | None,
    replay: bool,
    until: str | None,
    report: Report,
) -> int:
    """Run the job and return its exit status.

    `until` is when the store's history ends. The status is 1 if no event could be used. Raises
    TilewrightError if the job fails.
    """
    locations = inputs.locations(plan, events)
    with closing(open_store(store_url)) as store:
        bulk.begin(plan, store, until)
        cutover = cutover_ms(plan, store.get)
        spark = open_session(f"tilewright {plan.name}")
        raw = {
            source.name: inputs.read(spark, source, locations[source.name])
            for source in plan.sources
        }
        folder = staging or tempfile.mkdtemp(prefix="tilewright-")
        records = f"{folder}/records"
        try:
            with readable():
                report(f"building tiles of {plan.name}")
                view = events_view(spark, queries, raw, replay, outside(cutover, is_stream=False))
                staged = _stage(spark, plan, view, tiles, records)
            return _load(spark, plan, staged, store, store_url, records, report)
        finally:
            if staging is None:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Staged:
    """What lies in the staging folder, and what does not."""

    used: int | None
    """How many events are in the tiles; None if there are no tiles."""
    newest_ms: int
    refused: dict[str, int]
    """Reason -> how many events."""


def _stage(spark: SparkSession, plan: Plan, events: DataFrame, tiles: str, folder: str) -> _Staged:
    """Write the records of all levels to a folder."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    seen = Observation()
    counts = (f.count(f.lit(1)).alias("events"), f.count("__reason").alias("refused"))
    events.observe(seen, *counts).createOrReplaceTempView("events")
    finest = spark.sql(tiles)
    # An author's column may have a backtick or a point in its name, which `mapInArrow` would
    # misread.
    finest = finest.toDF(*(f"column_{index}" for index in range(len(finest.columns))))
    keys = finest.columns[: len(plan.keys)]
    by_entity = finest.repartition(*keys).sortWithinPartitions(*keys)
    encode = encoder(plan.model_dump_json())
    by_entity.mapInArrow(encode, _RECORDS).write.parquet(folder)
    finest_level = f.col("size_ms") == plan.levels[-1].size_ms
    records = spark.read.parquet(folder).where(finest_level)
    used, newest_ms = records.agg(f.sum("events"), f.max("newest_ms")).collect()[0]
    refused = refusals(events) if seen.get["refused"] else {}
    return _Staged(used, newest_ms, refused)


def _load(
    spark: SparkSession,
    plan: Plan,
    staged: _Staged,
    store: Store,
    store_url: str,
    folder: str,
    report: Report,
) -> int:
    """Put the staged records, and return the exit status."""
    for reason, count in staged.refused.items():
        report(f"  refused {count:,} events: {reason}")
    if staged.used is None:
        report("no event could be used, so nothing was loaded")
        return 1 if staged.refused else 0
    report(f"loading tiles of {staged.used:,} events into {store.url}")
    if isinstance(store, TransactionalStore):
        put = bulk.put_records(plan, store, _batches(folder), staged.newest_ms)
    else:
        put = _put_by_workers(spark, plan, store_url, folder, staged.newest_ms)
    if put.refused:
        report(f"  refused {put.refused:,} events: the key is longer than the store allows")
    bulk.finish(plan, store, staged.newest_ms, staged.used - put.refused, put)
    report(f"loaded {put.tiles:,} tiles")
    return 0


def _put_by_workers(
    spark: SparkSession, plan: Plan, store_url: str, folder: str, newest_ms: int
) -> bulk.Put:
    put = putter(plan.model_dump_json(), store_url, newest_ms)
    with readable():
        done = spark.read.parquet(folder).mapInArrow(put, "size_ms long, tiles long, refused long")
        sums = done.groupBy("size_ms").sum("tiles", "refused").collect()
    by_size = {size_ms: tiles for size_ms, tiles, _ in sums if tiles}
    return bulk.Put(by_size, sum(refused for _, _, refused in sums))


def _batches(staging: str) -> Iterator[pa.RecordBatch]:
    """Read the staged records file by file.

    Few are read ahead in the background, since a record may be large.
    """
    import pyarrow.dataset as dataset

    staged = dataset.dataset(staging, format="parquet")
    for batch in staged.to_batches(
        batch_size=_BATCH_TILES, batch_readahead=1, fragment_readahead=1
    ):
        yield batch.cast(bulk.SCHEMA)
