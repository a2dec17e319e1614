"""What a Flink job counts, by the specification's names."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyflink.metrics import Counter, MetricGroup


class SinkMetrics:
    """Metrics of one instance of the function that puts tiles.

    Flink hands them to its reporters. Its distributions are of whole numbers.
    """

    def __init__(self, group: MetricGroup, plan: str) -> None:
        own = _of_plan(group, plan)
        self._latency_ms = own.distribution("tile_write_latency_ms")
        self._bytes = own.distribution("ir_size_bytes")
        self._written = own.counter("tiles_written")
        self._failures = own.counter("tile_write_failures")
        self._per_second = own.meter("tiles_per_second")

    @contextmanager
    def put(self, tiles: int) -> Iterator[None]:
        """Measure a put of the finest tiles, which may fail."""
        begun = time.perf_counter()
        try:
            yield
        except Exception:
            self._failures.inc(tiles)
            raise
        self._latency_ms.update(round((time.perf_counter() - begun) * 1000))

    def encoded(self, records: Sequence[bytes]) -> None:
        """Count records of any level that are put."""
        self._written.inc(len(records))
        self._per_second.mark_event(len(records))
        for size in map(len, records):
            self._bytes.update(size)


def late_events_counter(group: MetricGroup, plan: str) -> Counter:
    """Register the counter of late events."""
    return _of_plan(group, plan).counter("late_events_processed")


def _of_plan(group: MetricGroup, plan: str) -> MetricGroup:
    return group.add_group("tilewright").add_group("plan", plan)
