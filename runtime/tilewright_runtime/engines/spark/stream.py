"""The streaming job: what arrives in topics or folders becomes tiles, each event once.

Spark reads, filters, selects and groups each micro-batch to its finest tiles; the driver merges
them with what the store has, in every level, and commits them together with the number of the batch
(`Writer.add_tiles`). Spark calls `foreachBatch` at least once for a batch; one that is called again
is passed over, so a kill at any point counts nothing twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tilewright_compiler.plan.model import Plan

from ...errors import TilewrightError
from ...ingest.writer import Writer
from ...stores import open_store
from ...tiles.rollup import RollUp, tiles_of_engine
from ..kafka import require_brokers, require_topics, topics_of
from . import inputs
from .job import Queries, events_view, plan_beside, refusals, run, say
from .session import open_session, readable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


_CONNECTOR = (
    "Say --packages org.apache.spark:spark-sql-kafka-0-10_2.13:VERSION to spark-submit, with the "
    "version of your Spark; without "
    "spark-submit set PYSPARK_SUBMIT_ARGS='--packages "
    "org.apache.spark:spark-sql-kafka-0-10_2.13:VERSION pyspark-shell'."
)


def main(script: str, queries: Queries, tiles: str) -> None:
    """The command line of a generated `stream.py`."""

    @click.command()
    @click.option(
        "--store",
        required=True,
        metavar="URL",
        help="The store to write to, for instance lmdb:tiles.lmdb.",
    )
    @click.option(
        "--events",
        multiple=True,
        metavar="[SOURCE=]PLACE",
        help="Files that arrive, such as clicks/*.jsonl. Default: the topic.",
    )
    @click.option(
        "--checkpoint",
        required=True,
        metavar="DIR",
        help="Where Spark keeps what it has read; one for each store.",
    )
    @click.option(
        "--state",
        metavar="DIR",
        help="Where tiles are merged, for stores that take whole tiles only, such as redis:.",
    )
    @click.option(
        "--plan", metavar="PATH", help="The plan; that beside this file's folder if left out."
    )
    @click.option("--once", is_flag=True, help="Read what is there, then end.")
    @click.option(
        "--every",
        default="1 second",
        show_default=True,
        metavar="INTERVAL",
        help="How often new events are looked for.",
    )
    def job(
        store: str,
        events: tuple[str, ...],
        checkpoint: str,
        state: str | None,
        plan: str | None,
        once: bool,
        every: str,
    ) -> None:
        """Follows events as they arrive and keeps a store's tiles up to date."""
        run(
            lambda: follow(
                plan_beside(script, plan),
                queries,
                tiles,
                store,
                events,
                checkpoint,
                state,
                None if once else every,
            )
        )

    job()


def follow(
    plan: Plan,
    queries: Queries,
    tiles: str,
    store_url: str,
    events: tuple[str, ...],
    checkpoint: str,
    state: str | None = None,
    every: str | None = None,
) -> int:
    """Runs the job until it is stopped, or, if `every` is None, until all that is there was read.

    Raises TilewrightError.
    """
    places = inputs.places(plan, events, stream=True)
    topics = topics_of(places)
    require_brokers(topics)
    store = open_store(store_url)
    spark = open_session(f"tilewright {plan.name}")
    require_topics(plan, topics, spark.sparkContext._gateway, _CONNECTOR, say)
    raw = {
        source.name: inputs.follow(spark, source, places[source.name]) for source in plan.sources
    }
    with Writer(plan, store, state=open_store(f"lmdb:{state}") if state else None) as writer:
        adder = _Adder(plan, writer, tiles, checkpoint)
        with readable():
            stream = (
                events_view(spark, queries, raw)
                .writeStream.option("checkpointLocation", checkpoint)
                .foreachBatch(adder.add)
            )
            query = (
                stream.trigger(availableNow=True)
                if every is None
                else stream.trigger(processingTime=every)
            ).start()
            say(f"following {', '.join(places.values())}")
            try:
                query.awaitTermination()
            except Exception:
                if adder.failure is not None:
                    raise adder.failure from None
                raise
            finally:
                query.stop()
    store.close()
    return 0


class _Adder:
    """Adds batches to the store; keeps an error of ours, of which Spark would only show the
    stack.
    """

    def __init__(self, plan: Plan, writer: Writer, tiles: str, checkpoint: str) -> None:
        self.failure: TilewrightError | None = None
        self._writer = writer
        self._tiles = tiles
        self._checkpoint = checkpoint
        self._ladder = RollUp(plan)
        self._plan = plan

    def add(self, events: DataFrame, number: int) -> None:
        """What `foreachBatch` calls."""
        spark = events.sparkSession
        events.persist()
        try:
            events.createOrReplaceTempView("events")
            finest = spark.sql(self._tiles).toArrow()
            levels = self._ladder.levels(tiles_of_engine(self._plan, finest)) if len(finest) else []
            added = self._writer.add_tiles(levels, self._stream(events), number)
            say(
                f"batch {number}: {'added' if added else 'was added before:'} {len(finest):,} tiles"
            )
            for reason, count in refusals(events).items() if added else ():
                say(f"  refused {count:,} events: {reason}")
        except TilewrightError as error:
            self.failure = error
            raise
        finally:
            events.unpersist()

    def _stream(self, events: DataFrame) -> str:
        """The id of the query, which a checkpoint keeps for ever; a new checkpoint is another
        stream, which begins anew.
        """
        (line,) = events.sparkSession.read.text(f"{self._checkpoint}/metadata").collect()
        return str(json.loads(line[0])["id"])
