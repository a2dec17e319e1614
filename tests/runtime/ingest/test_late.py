"""Late events: which come too late, what becomes of them, and which tiles are finished."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import AT, MINUTE
from support.redis_server import RedisServer
from support.session import Session, row
from tilewright_runtime import Writer
from tilewright_runtime.ingest.late import BEFORE_ALL_MS, Lateness
from tilewright_runtime.readers import inputs_of
from tilewright_runtime.stores.progress import Progress

FIVE = 5 * MINUTE
#: The allowed lateness of a configuration that says nothing.
ALLOWED = 5 * MINUTE
BEGIN = AT // FIVE * FIVE
REASON = "later than the allowed lateness of 300000 ms"


def progress(session: Session) -> Progress:
    return Progress.load(session.plan, session.store.get)


#  tile      [BEGIN ........ BEGIN+5m)
#  watermark                          | ... allowed lateness ... |
#                                     late                       too late
@pytest.mark.parametrize(
    ("newest", "is_too_late"),
    [(BEGIN + FIVE + ALLOWED - 2, False), (BEGIN + FIVE + ALLOWED - 1, True)],
)
def test_an_event_is_too_late_once_the_watermark_is_the_lateness_past_its_tile(
    newest: int, is_too_late: bool
) -> None:
    """The last millisecond of the tile counts, wherever in it the event is."""
    session = Session(stream=True)
    report = session.write([row("b", 1, ts=newest), row("a", 1, ts=BEGIN + FIVE - 1)])
    assert report.refused == ({REASON: 1} if is_too_late else {})
    found = session.features(at=BEGIN + FIVE, k="a")["n_sum_1h"]
    assert found == (None if is_too_late else 1)


def test_the_order_of_a_stream_decides() -> None:
    """The same events the other way round are all in time."""
    session = Session(stream=True)
    events = [row("a", 1, ts=BEGIN), row("b", 1, ts=BEGIN + FIVE + ALLOWED)]
    assert session.write(events).refused == {}


def test_lateness_goes_on_in_the_next_write() -> None:
    """The watermark of a stream is kept in the store."""
    session = Session(stream=True)
    session.write([row("b", 1, ts=AT)])
    assert session.write([row("a", 1, ts=AT - 2 * FIVE - ALLOWED)]).refused == {REASON: 1}


def test_history_comes_in_any_order() -> None:
    """Files that are no stream lose nothing, however old their events are."""
    session = Session()
    session.write([row("b", 1, ts=AT), row("a", 1, ts=AT - 30 * MINUTE)])
    assert session.write([row("a", 2, ts=AT - 40 * MINUTE)]).refused == {}
    assert session.sums("a") == [3]


def test_a_replay_refuses_nothing_for_its_lateness() -> None:
    """The past may be written again beside a stream."""
    session = Session(stream=True)
    session.write([row("b", 1, ts=AT)])
    session.writing = {"stream": True, "replay": True}
    assert session.write([row("a", 1, ts=AT - 30 * MINUTE)]).events == 1


def test_too_late_events_are_kept_in_both_files(tmp_path: Path) -> None:
    """Each is a line of JSON with its reason; other refused rows are in `rejects` alone."""
    paths = [tmp_path / "late.jsonl", tmp_path / "rejects.jsonl"]
    with paths[0].open("w") as late, paths[1].open("w") as rejects:
        session = Session(late=late, rejects=rejects)
        session.write([row("b", 1, ts=AT), row(None, 1), row("a", 7, ts=AT - 30 * MINUTE)])
    kept = []
    for path in paths:
        kept.append([json.loads(line) for line in path.read_text().splitlines()])
    assert [[line["reason"] for line in lines] for lines in kept] == [
        [REASON],
        ["key k is null", REASON],
    ]
    assert json.loads(kept[0][0]["content"])["n"] == 7


def test_a_row_that_cannot_be_used_moves_the_watermark() -> None:
    """Its time is known, and so is how far the stream has come; the engines agree on that."""
    session = Session(stream=True)
    session.write([row(None, 1, ts=AT), row("a", 1, ts=AT - 30 * MINUTE)])
    assert session.sums("a") == [None]


@pytest.mark.parametrize("stream", [False, True])
def test_tiles_are_finished_once_the_watermark_has_passed_them(stream: bool) -> None:
    """Those that nothing touched too: the watermark says so for all of them."""
    session = Session(stream=stream)
    session.write([row("a", 1, ts=AT)])
    found = progress(session)
    assert (found.watermark_ms, found.finished_until_ms(session.plan)) == (AT, AT + 1 - ALLOWED)


def test_the_watermark_never_goes_back() -> None:
    """Neither with older history nor with a late event."""
    session = Session()
    for ts in (AT, AT - 30 * MINUTE):
        session.write([row("a", 1, ts=ts)])
    assert progress(session).watermark_ms == AT


def test_history_is_not_finished_before_its_end() -> None:
    """Within it the order of events says nothing."""
    seen = []
    session = Session()
    with Writer(session.plan, session.store) as writer:
        writer.write_inputs(
            inputs_of([row("a", 1, ts=AT)], None),
            on_progress=lambda *_: seen.append(progress(session).watermark_ms),
        )
    assert (seen[-1], progress(session).watermark_ms) == (None, AT)


@pytest.mark.parametrize(("ts", "repairs"), [(BEGIN - 1, 1), (BEGIN, 0)])
def test_a_finished_tile_that_changes_is_a_repair(ts: int, repairs: int) -> None:
    """Whoever keeps copies sees the number change; an open tile changes without one."""
    session = Session()
    session.write([row("a", 1, ts=BEGIN + FIVE - 1)])
    session.write([row("a", 1, ts=ts)])
    assert progress(session).repairs == repairs


def test_a_store_of_whole_tiles_is_told_how_far_it_is(redis_server: RedisServer) -> None:
    """Its readers see the watermark of the state that fills it."""
    session = Session(url=redis_server.url(), state="memory:")
    session.write([row("a", 1, ts=AT)])
    assert progress(session).watermark_ms == AT


@given(
    times=st.lists(st.integers(0, 60), min_size=1, max_size=20),
    before=st.none() | st.integers(0, 60),
    rules=st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)),
)
def test_events_are_judged_one_after_the_other(
    times: list[int], before: int | None, rules: tuple[int, int, int]
) -> None:
    """The watermark of an event is the newest time before it, less the disorder."""
    size, allowed, disorder = rules
    begun = BEFORE_ALL_MS if before is None else before
    watermark, expected = begun, []
    for time in times:
        end = time // size * size + size
        expected.append(end - 1 + allowed <= watermark)
        watermark = max(watermark, time - disorder)
    lateness = Lateness(size, allowed, disorder, begun, is_stream=True)
    assert lateness.judge(np.array(times)).too_late.tolist() == expected
    assert lateness.after(max(times)) == watermark
