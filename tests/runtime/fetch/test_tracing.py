"""Spans of a fetch's steps, in the SDK's exporter."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from support.plans import AT, aggregations, plan_of
from support.process import environment
from support.redis_server import RedisServer
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import AsyncFetcher, Fetcher
from tilewright_runtime.fetch.cache import TileCache
from tilewright_runtime.fetch.tracing import is_traced

STEPS = ["range", "expansion", "kv_fetch", "deserialization", "boundaries", "merging"]
Attributes = Mapping[str, Any]


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Keep the spans of one test; the provider is gone after it."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


@pytest.fixture
def session() -> Iterator[Session]:
    """Hold three events of two keys."""
    made = Session(plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name="traced"))
    made.write([row("a", 1), row("a", 2), row("b", 4)])
    yield made
    made.close()


def steps(exporter: InMemorySpanExporter) -> list[str]:
    """The rows of the spans that ended, and that they are all of one fetch."""
    *children, whole = exporter.get_finished_spans()
    assert whole.name == "tilewright.fetch"
    assert {child.parent and child.parent.span_id for child in children} == {whole.context.span_id}
    return [child.name.removeprefix("tilewright.fetch.") for child in children]


def attributes(exporter: InMemorySpanExporter) -> dict[str, Attributes]:
    """What the spans say, by their names."""
    return {span.name: dict(span.attributes or {}) for span in exporter.get_finished_spans()}


def test_each_step_has_a_span_with_its_counts(
    session: Session, exporter: InMemorySpanExporter
) -> None:
    """Two keys have a tile each, and are read together; no span names them."""
    Fetcher(session.plan, session.store).fetch_many([{"k": "a"}, {"k": "b"}], at=AT)
    assert steps(exporter) == STEPS
    said = attributes(exporter)
    assert said["tilewright.fetch"] == {
        "tilewright.plan": "traced",
        "tilewright.store": "memory",
        "tilewright.keys": 2,
        "tilewright.features": 1,
    }
    assert said["tilewright.fetch.expansion"] == {"tilewright.possible_tiles": 26}
    assert said["tilewright.fetch.kv_fetch"]["tilewright.records"] == 2
    assert said["tilewright.fetch.deserialization"] == {"tilewright.tiles": 2}
    assert said["tilewright.fetch.merging"] == {"tilewright.values": 2}


def test_entities_are_named_if_asked_for(
    session: Session, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of the environment asks."""
    monkeypatch.setenv("TILEWRIGHT_TRACE_KEYS", "1")
    Fetcher(session.plan, session.store).fetch({"k": "a"}, AT)
    assert attributes(exporter)["tilewright.fetch"]["tilewright.entities"] == ("s=a",)


def test_a_cache_is_looked_up_before_the_store_is_asked(
    session: Session, exporter: InMemorySpanExporter
) -> None:
    """Policies have a step more."""
    fetcher = Fetcher(session.plan, session.store, cache=TileCache())
    assert fetcher.fetch({"k": "a"}, AT, quality=True).features == {"n_sum_1h": 3}
    assert [step for step in steps(exporter) if step not in STEPS] == ["cache_lookup", "quality"]


@pytest.mark.parametrize("cache", [None, TileCache()], ids=["uncached", "cached"])
def test_awaited_fetches_have_the_same_spans(
    cache: TileCache | None,
    exporter: InMemorySpanExporter,
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    """Redis is awaited within the span of the round trip."""
    plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name="traced")
    session = Session(plan, redis_server.url(), f"lmdb:{tmp_path}/state")
    session.write([row("a", 1)])

    async def ask() -> None:
        async with AsyncFetcher(plan, session.store, cache=cache) as fetcher:
            await fetcher.fetch({"k": "a"}, AT)

    asyncio.run(ask())
    assert steps(exporter) == [
        step for step in [*STEPS[:2], "cache_lookup", *STEPS[2:]] if cache or step in STEPS
    ]
    assert attributes(exporter)["tilewright.fetch.kv_fetch"]["tilewright.records"] == 1
    session.close()


def test_an_imported_api_alone_traces_nothing() -> None:
    """Plain requests are then answered without their steps, as where there is no API."""
    assert not is_traced()


def test_a_provider_traces_fetches(exporter: InMemorySpanExporter) -> None:
    """Then every fetch walks its steps, each with its span."""
    assert is_traced()


def test_without_a_provider_there_is_nothing(session: Session) -> None:
    """Neither for who has the API, nor for who has not; nothing imports it."""
    code = (
        "import sys, tilewright_runtime.fetch.fetcher, tilewright_runtime.fetch.async_fetcher\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
    assert Fetcher(session.plan, session.store).fetch({"k": "a"}, AT).features == {"n_sum_1h": 3}
