"""The batch job: the tiles of history, from tables and files into a store.

Spark reads, filters, selects and groups; its Arrow workers make records of all levels out of the
finest tiles and write them as Parquet to a staging folder. Only when all are there are they put:
into an embedded store by the driver, since LMDB has one writer, into any other by the workers. So a
job that fails puts nothing, and tiles that ended before the newest event of all history can be
marked as complete.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import pyarrow as pa

from tilewright_compiler.plan.model import Plan

from ...ingest import bulk_load as bulk
from ...stores import Store, TransactionalStore, open_store
from . import inputs
from .job import Queries, events_view, plan_beside, refusals, run, say
from .records import encoder, putter
from .session import open_session, readable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Tiles of one transaction: the more, the fewer times the disk is waited for.
_BATCH_TILES = 50_000
_RECORDS = (
    "size_ms long, entity string, start_ms long, events long, newest_ms long, record binary, "
    "complete boolean"
)


def main(script: str, queries: Queries, tiles: str) -> None:
    """The command line of a generated `job.py`."""

    @click.command()
    @click.option(
        "--store",
        required=True,
        metavar="URL",
        help="The store to load, for instance lmdb:tiles.lmdb.",
    )
    @click.option(
        "--events",
        multiple=True,
        metavar="[SOURCE=]PLACE",
        help="A table or files; the table of the source if left out.",
    )
    @click.option(
        "--plan", metavar="PATH", help="The plan; that beside this file's folder if left out."
    )
    @click.option(
        "--staging",
        metavar="DIR",
        help="A new folder that driver and workers both see; a temporary one if left out.",
    )
    def job(store: str, events: tuple[str, ...], plan: str | None, staging: str | None) -> None:
        """Builds tiles from history and loads a store with them."""
        run(lambda: build(plan_beside(script, plan), queries, tiles, store, events, staging))

    job()


def build(
    plan: Plan,
    queries: Queries,
    tiles: str,
    store_url: str,
    events: tuple[str, ...] = (),
    staging: str | None = None,
) -> int:
    """Runs the job; returns its exit status: 1 if no event could be used.

    Raises TilewrightError.
    """
    places = inputs.places(plan, events)
    store = open_store(store_url)
    try:
        bulk.require_no_tiles(plan, store)
        spark = open_session(f"tilewright {plan.name}")
        raw = {
            source.name: inputs.read(spark, source, places[source.name]) for source in plan.sources
        }
        folder = staging or tempfile.mkdtemp(prefix="tilewright-")
        try:
            return _build(
                spark,
                plan,
                events_view(spark, queries, raw),
                tiles,
                store,
                store_url,
                f"{folder}/records",
            )
        finally:
            if staging is None:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        store.close()


def _build(
    spark: SparkSession,
    plan: Plan,
    events: DataFrame,
    tiles: str,
    store: Store,
    store_url: str,
    staging: str,
) -> int:
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    seen = Observation()
    observed = events.observe(
        seen, f.count(f.lit(1)).alias("events"), f.count("__reason").alias("refused")
    )
    with readable():
        observed.createOrReplaceTempView("events")
        finest = spark.sql(tiles)
        # `mapInArrow` finds columns by their names as an author may write them, and takes a
        # backtick or a point for something else.
        finest = finest.toDF(*(f"column_{place}" for place in range(len(finest.columns))))
        keys = finest.columns[: len(plan.keys)]
        by_entity = finest.repartition(*keys).sortWithinPartitions(*keys)
        say(f"building tiles of {plan.name}")
        by_entity.mapInArrow(encoder(plan.model_dump_json(by_alias=True)), _RECORDS).write.parquet(
            staging
        )
        records = spark.read.parquet(staging)
        finest_level = records.where(f.col("size_ms") == plan.levels[-1].size_ms)
        used, newest_ms = finest_level.agg(f.sum("events"), f.max("newest_ms")).collect()[0]
        refused = refusals(events) if seen.get["refused"] else {}
    for reason, count in refused.items():
        say(f"  refused {count:,} events: {reason}")
    if used is None:
        say("no event could be used, so nothing was loaded")
        return 0 if not refused else 1
    say(f"loading tiles of {used:,} events into {store.url}")
    put = _put(plan, store, store_url, staging, newest_ms, records)
    if put.refused:
        say(f"  refused {put.refused:,} events: the key is longer than the store allows")
    bulk.finish(plan, store, newest_ms, used - put.refused)
    say(f"loaded {put.tiles:,} tiles")
    return 0


def _put(
    plan: Plan, store: Store, store_url: str, staging: str, newest_ms: int, records: DataFrame
) -> bulk.Put:
    if isinstance(store, TransactionalStore):
        return bulk.put_records(plan, store, _batches(staging), newest_ms)
    with readable():
        done = records.mapInArrow(
            putter(plan.model_dump_json(by_alias=True), store_url, newest_ms),
            "tiles long, refused long",
        )
        tiles, refused = done.groupBy().sum().collect()[0]
    return bulk.Put(tiles, refused)


def _batches(staging: str) -> Iterator[pa.RecordBatch]:
    """The staged records, file by file: read on in the background, but not far, since a record may
    be large.
    """
    import pyarrow.dataset as dataset

    staged = dataset.dataset(staging, format="parquet")
    for batch in staged.to_batches(
        batch_size=_BATCH_TILES, batch_readahead=1, fragment_readahead=1
    ):
        yield batch.cast(bulk.SCHEMA)
