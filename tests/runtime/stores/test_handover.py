"""A stream of whole tiles that goes on in a store whose history ends at a cut-over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.everything import SCHEMA, Event, assert_same_tiles, some_events, written
from support.partials import rows
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.session import Session
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest.stream_sink import TileSink
from tilewright_runtime.stores import CheckedStore
from tilewright_runtime.stores.handover import claim_for_stream
from tilewright_runtime.stores.progress import Progress

OPERATIONS = [Operation.SUM, Operation.LAST_K(2), Operation.APPROX_UNIQUE_COUNT]
#: Within an hour and five minutes, and between two minutes.
CUT = AT // HOUR * HOUR - 33 * MINUTE
EVENTS = some_events(200, seed=3)


def merged_plan() -> Plan:
    """Tiles of 1m, 5m and 1h, the finest of which expires before the coarsest is full."""
    return plan_of(SCHEMA, ["k", "m"], aggregations("n", OPERATIONS, ["10m", "1h", "12h"]))


@pytest.fixture(params=["memory:", "lmdb:", "redis:"])
def session(request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer) -> Session:
    """A store with a history that ends at the cut-over."""
    state = ""
    match request.param:
        case "redis:":
            url, state = redis_server.url(), f"lmdb:{tmp_path}/state"
        case "lmdb:":
            url = f"lmdb:{tmp_path}/store"
        case url:
            pass
    session = Session(merged_plan(), url, state)
    with Writer(session.plan, session.store, state=session.state, until=CUT) as writer:
        writer.write([dict(event) for event in EVENTS])
    return session


def stream(plan: Plan, sink: TileSink, events: Sequence[Event]) -> None:
    """Put what a job would that leaves out what is before the cut-over, as it grows."""
    taken = [event for event in events if event["ts"] >= CUT]
    for end in range(0, len(taken) + 1, 20):
        sink.put(rows(plan, taken[:end]))
    sink.put(rows(plan, taken))


def test_history_and_a_stream_of_whole_tiles_are_one_run(session: Session) -> None:
    """Tiles around the cut-over are merged from both, also after the stream began again."""
    stream(session.plan, TileSink(session.plan, session.store), EVENTS[:150])
    stream(session.plan, TileSink(session.plan, session.store, is_alone=True), EVENTS)
    assert_same_tiles(session.plan, EVENTS, session.store, written(session.plan, EVENTS))


def test_history_is_closed_once_the_stream_has_taken_over(session: Session) -> None:
    """Its writer would put tiles over those of the stream."""
    writer = Writer(session.plan, session.store, state=session.state)
    claim_for_stream(session.plan, session.store)
    if session.state is not None:
        with pytest.raises(StoreError, match="from a stream"):
            writer.write([dict(EVENTS[0]) | {"ts": CUT - 1}])
    with pytest.raises(StoreError, match="stream"):
        Writer(session.plan, session.store, state=session.state)


def test_history_does_not_say_how_far_a_stream_is(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """A pass of its writer that ends after the stream has taken over tells readers nothing."""
    session = Session(merged_plan(), redis_server.url(), f"lmdb:{tmp_path}/state")
    writer = Writer(session.plan, session.store, state=session.state, until=CUT)
    writer.write([dict(event) for event in EVENTS])
    claim_for_stream(session.plan, session.store)
    told = Progress.load(session.plan, session.store.get)
    assert session.state is not None
    told.moved(CUT).save(session.plan, session.state)
    with pytest.raises(StoreError, match="from a stream"):
        writer.end_pass()
    assert Progress.load(session.plan, session.store.get) == told


def test_a_history_that_cuts_a_tile_is_refused(tmp_path: Path) -> None:
    """A tile of both would be put over by what the stream has of it."""
    session = Session(merged_plan())
    with Writer(session.plan, session.store, until=CUT + 1_000) as writer:
        writer.write([dict(event) for event in EVENTS])
    with pytest.raises(StoreError, match=r"within a tile of 1m.* until 2024-.*:27:00Z or 2024-"):
        TileSink(session.plan, session.store)


def test_another_stream_than_that_of_whole_tiles_is_gone_on_with(session: Session) -> None:
    """What it has written after the cut-over would be put over."""
    with Writer(session.plan, session.store, state=session.state, stream=True) as writer:
        writer.write([dict(event) for event in EVENTS])
    with pytest.raises(StoreError, match="a stream has written events"):
        TileSink(session.plan, session.store)


def test_an_event_at_the_cut_over_is_of_another_stream() -> None:
    """The history ends before that moment, so only a stream has written it."""
    session = Session(merged_plan())
    with Writer(session.plan, session.store, until=CUT) as writer:
        writer.write([dict(event) for event in EVENTS])
    with Writer(session.plan, session.store, stream=True) as writer:
        writer.write([dict(EVENTS[0]) | {"ts": CUT}])
    with pytest.raises(StoreError, match="a stream has written events"):
        TileSink(session.plan, session.store)


def test_a_history_that_lost_some_is_refused(session: Session) -> None:
    """Tiles that are gone are not merged; who evicts or restarts says so."""
    if not isinstance(session.store, CheckedStore):
        session.store.put(f"swept/{session.plan.name}", json.dumps({"1m": CUT}).encode())
        said = "may no longer have the tiles of 1m"
    else:
        seen = session.store.filling(session.plan.name)
        session.store.advance(seen, seen.events, "updating")
        said = "lacks a part of the history"
    with pytest.raises(StoreError, match=said):
        TileSink(session.plan, session.store)


def test_a_store_that_kept_tiles_too_briefly_is_refused(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Without a cut-over from the beginning, the finest tiles go before the coarsest is full; the
    next write puts them again, to be kept for longer.
    """
    session = Session(merged_plan(), redis_server.url(), f"lmdb:{tmp_path}/state")
    session.write([dict(event) for event in EVENTS if event["ts"] < CUT])
    session.store.put(f"cutover/{session.plan.name}", json.dumps({"at_ms": CUT}).encode())
    with pytest.raises(StoreError, match="may no longer have the tiles of"):
        TileSink(session.plan, session.store)
    with Writer(session.plan, session.store, state=session.state, until=CUT):
        pass
    stream(session.plan, TileSink(session.plan, session.store), EVENTS)
    assert_same_tiles(session.plan, EVENTS, session.store, written(session.plan, EVENTS))


def test_a_partly_loaded_history_is_refused() -> None:
    """What a load has left is not taken for all of it."""
    plan, store = merged_plan(), open_store("memory:")
    store.put(f"loading/{plan.name}", b"1")
    with pytest.raises(StoreError, match="a part of a history"):
        TileSink(plan, store)
