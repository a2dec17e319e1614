"""Which events of a micro-batch come too late.

A micro-batch has no order, so it is judged as a whole, by the watermarks that the batches before it
have left in the store. There is one for each source, as in Flink.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tilewright_compiler.plan.model import Plan

from ...ingest.late import finest_ms
from ...stores.progress import Progress
from .job import SOURCE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def without_late(plan: Plan, events: DataFrame, progress: Progress) -> DataFrame:
    """Give events that come too late that reason."""
    from pyspark.sql import functions as f

    size_ms, times_ms = finest_ms(plan), f.col("`__ts`")
    closes_ms = times_ms - times_ms % size_ms + (size_ms - 1 + plan.late.allowed_lateness_ms)
    is_late = f.lit(False)
    for source in plan.sources:
        if (watermark_ms := progress.streams.get(source.name)) is not None:
            of_source = f.col(f"`{SOURCE}`") == source.name
            is_late = is_late | (of_source & (closes_ms <= watermark_ms))
    usable = f.col("`__reason`").isNull()
    reason = f.when(usable & is_late, plan.late.too_late).otherwise(f.col("`__reason`"))
    return events.withColumn("__reason", reason)


@dataclass(frozen=True)
class Judged:
    """What a micro-batch holds.

    That is refused events by reason, and the newest time by source.
    """

    refused: Counter[str]
    newest_ms: dict[str, int]

    @classmethod
    def of(cls, events: DataFrame) -> Judged:
        """Count the events of a batch, in one job."""
        from pyspark.sql import functions as f

        refused: Counter[str] = Counter()
        newest_ms: dict[str, int] = {}
        counted = events.groupBy(SOURCE, "__reason").agg(f.count(f.lit(1)), f.max(f.col("`__ts`")))
        for source, reason, count, time_ms in counted.collect():
            if reason is None:
                newest_ms[source] = time_ms
            else:
                refused[reason] += count
        return cls(refused, newest_ms)

    def move(self, plan: Plan, progress: Progress) -> Progress:
        """Move the watermark of each source on."""
        moved = progress.refused(self.refused[plan.late.too_late])
        for source, newest_ms in self.newest_ms.items():
            head_ms = newest_ms - plan.late.out_of_orderness_ms
            moved = moved.moved_stream(source, max(head_ms, moved.streams.get(source, head_ms)))
        return moved
