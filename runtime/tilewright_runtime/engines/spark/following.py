"""The streaming job: new events become tiles, each event once.

Spark reads, filters, selects and groups each micro-batch to its finest tiles. The driver merges
them with what the store has, in every level, and commits them together with the number of the batch
(`Writer.add_tiles`). Spark may call `foreachBatch` twice for a batch; the second call is passed
over, so a kill at any point counts nothing twice.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from tilewright_compiler.plan.model import Plan

from ...errors import TilewrightError
from ...ingest.writer import Writer
from ...stores import Store, open_store
from ...stores.cutover import cutover_ms, outside
from ...tiles.rollup import RollUp, tiles_of_engine
from ..kafka import require_brokers, require_topics, topics_of
from ..reporting import Report
from . import inputs
from .job import Queries, events_view
from .lateness import Judged, without_late
from .session import open_session, readable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery


_CONNECTOR = (
    "Pass --packages org.apache.spark:spark-sql-kafka-0-10_2.13:VERSION to spark-submit, with the "
    "version of your Spark; without spark-submit, set PYSPARK_SUBMIT_ARGS='--packages "
    "org.apache.spark:spark-sql-kafka-0-10_2.13:VERSION pyspark-shell'."
)


def follow(
    plan: Plan,
    queries: Queries,
    tiles: str,
    store_url: str,
    events: tuple[str, ...],
    checkpoint: str,
    state: str | None,
    every: str | None,
    replay: bool,
    report: Report,
) -> int:
    """Run the job until it is stopped.

    If `every` is None, it ends once everything present has been read. Raises TilewrightError if it
    fails.
    """
    locations = inputs.locations(plan, events, stream=True)
    topics = topics_of(locations)
    require_brokers(topics)
    with open_store(store_url) as store, _open_state(state) as state_store:
        spark = open_session(f"tilewright {plan.name}")
        require_topics(plan, topics, spark.sparkContext._gateway, _CONNECTOR, report)
        raw = {
            source.name: inputs.follow(spark, source, locations[source.name])
            for source in plan.sources
        }
        with Writer(plan, store, state=state_store) as writer:
            adder = _Adder(plan, writer, tiles, checkpoint, replay, report)
            with readable():
                place = store if state_store is None else state_store
                beyond = outside(cutover_ms(plan, place.get), is_stream=True)
                view = events_view(spark, queries, raw, replay, beyond)
                stream = view.writeStream.foreachBatch(adder.add)
                stream = stream.option("checkpointLocation", checkpoint)
                trigger = {"availableNow": True} if every is None else {"processingTime": every}
                query = stream.trigger(**trigger).start()
                report(f"following {', '.join(locations.values())}")
                _await_end(query, adder)
    return 0


def _open_state(folder: str | None) -> AbstractContextManager[Store | None]:
    return nullcontext() if folder is None else open_store(f"lmdb:{folder}")


def _await_end(query: StreamingQuery, adder: _Adder) -> None:
    """Wait for the query's end; raise the adder's own error."""
    try:
        query.awaitTermination()
    except Exception:
        if adder.failure is not None:
            raise adder.failure from None
        raise
    finally:
        query.stop()


class _Adder:
    """Add batches to the store, and keep a failure.

    Spark would show only the stack of a failure.
    """

    def __init__(
        self,
        plan: Plan,
        writer: Writer,
        tiles: str,
        checkpoint: str,
        replay: bool,
        report: Report,
    ) -> None:
        self.failure: TilewrightError | None = None
        self._writer = writer
        self._tiles = tiles
        self._checkpoint = checkpoint
        self._ladder = RollUp(plan)
        self._plan = plan
        self._replay = replay
        self._report = report

    def add(self, events: DataFrame, number: int) -> None:
        """Add a batch; `foreachBatch` calls it."""
        spark = events.sparkSession
        if not self._replay:
            events = without_late(self._plan, events, self._writer.progress())
        events.persist()
        try:
            events.createOrReplaceTempView("events")
            finest = spark.sql(self._tiles).toArrow()
            levels = self._ladder.levels(tiles_of_engine(self._plan, finest)) if len(finest) else []
            judged = Judged.of(events)
            move = partial(judged.move, self._plan)
            added = self._writer.add_tiles(levels, self._stream(events), number, move)
            done = "added" if added else "was added before:"
            self._report(f"batch {number}: {done} {len(finest):,} tiles")
            if added:
                for reason, count in judged.refused.most_common():
                    self._report(f"  refused {count:,} events: {reason}")
        except TilewrightError as error:
            self.failure = error
            raise
        finally:
            events.unpersist()

    def _stream(self, events: DataFrame) -> str:
        """Return the id of the query, which its checkpoint keeps.

        A new checkpoint is another stream, which begins anew.
        """
        (line,) = events.sparkSession.read.text(f"{self._checkpoint}/metadata").collect()
        return str(json.loads(line[0])["id"])
