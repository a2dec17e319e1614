"""Spans of OpenTelemetry for the steps of a fetch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from ..stores.checked import Reading
from .caching_reader import CachingReader
from .context import FetchContext, FetchState, Step
from .step_details import ROWS, possible_tiles

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

#: Set to 1, it adds the entities to the spans, which nobody wants to leak by default.
KEYS_VARIABLE = "TILEWRIGHT_TRACE_KEYS"
_NAME = "tilewright.fetch"

#: Of each request and each of its ranges.
Records = Sequence[Sequence[Sequence[bytes]]]


class FetchSpans:
    """The spans of requests that are read together."""

    def __init__(self, tracer: Tracer, context: FetchContext, states: Sequence[FetchState]) -> None:
        self._tracer = tracer
        self._context = context
        self._states = states

    def step(self, row: str) -> AbstractContextManager[Span]:
        """Open the span of a row of the breakdown."""
        return self._tracer.start_as_current_span(f"{_NAME}.{row}")

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Open the span of all steps."""
        context, states = self._context, self._states
        with self._tracer.start_as_current_span(_NAME) as span:
            span.set_attributes(
                {
                    "tilewright.plan": context.plan.name,
                    "tilewright.store": context.store.url.partition(":")[0],
                    "tilewright.keys": len(states),
                    "tilewright.features": len(context.names),
                }
            )
            if os.environ.get(KEYS_VARIABLE) == "1":
                span.set_attribute("tilewright.entities", [state.entity for state in states])
            yield

    def work(self, step: Step) -> None:
        """Do a step within its span or spans."""
        if step.receive is not None:
            self.received(step, self._read())
            return
        with self.step(ROWS[step.name]) as span:
            step.work(self._context, self._states)
            if step.name in _COUNTS:
                name, count = _COUNTS[step.name]
                span.set_attribute(f"tilewright.{name}", sum(map(count, self._states)))

    def received(self, step: Step, reading: Reading) -> None:
        """Do what a step does after its reading."""
        if step.receive is None:
            return
        with self.step("deserialization") as span:
            step.receive(self._context, self._states, reading)
            tiles = sum(len(state.tiles.records) for state in self._states)
            span.set_attribute("tilewright.tiles", tiles)

    @contextmanager
    def reading(self) -> Iterator[Callable[[Records], None]]:
        """Open the span of a round trip."""
        with self.step("kv_fetch") as span:

            def note(records: Records) -> None:
                span.set_attributes(_counts(records))

            yield note

    def _read(self) -> Reading:
        context, reader = self._context, self._context.reader
        requests = [state.scan_request for state in self._states]
        if not isinstance(reader, CachingReader):
            with self.reading() as read:
                reading = reader.read(requests, context.documents)
                read(reading.records)
                return reading
        exchange = reader.exchange(requests, context.documents)
        with self.step("cache_lookup"):
            asked, names = next(exchange)
        while True:
            with self.reading() as read:
                scanned = reader.reader.scan(asked, names)
                read(scanned.records)
            try:
                asked, names = exchange.send(scanned)
            except StopIteration as end:
                joined: Reading = end.value
                return joined


def _counts(records: Records) -> dict[str, int]:
    """Count records that a store gave, and their bytes."""
    sizes = [len(record) for answer in records for part in answer for record in part]
    return {"tilewright.records": len(sizes), "tilewright.bytes": sum(sizes)}


def _runs(state: FetchState) -> int:
    return len(state.ranges)


def _segments(state: FetchState) -> int:
    return sum(map(len, state.covers))


def _values(state: FetchState) -> int:
    return len(state.features)


#: What is counted of a step, and how much of it a request has.
_COUNTS: dict[str, tuple[str, Callable[[FetchState], Any]]] = {
    "range": ("runs", _runs),
    "expand": ("possible_tiles", possible_tiles),
    "boundaries": ("segments", _segments),
    "merge": ("values", _values),
}
