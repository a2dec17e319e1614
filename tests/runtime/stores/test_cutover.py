"""History up to a cut-over, and a stream from there on, in one store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT
from support.session import Session, row
from tilewright_runtime import Writer, WriteReport
from tilewright_runtime.errors import StoreError
from tilewright_runtime.stores.cutover import cut_over

CUT = AT - 1_000
#  events    . . . . . . .
#  history  [------)            before the cut-over
#  stream      [------)         the topic begins earlier
EVENTS = [row("a", 10**n, ts=CUT + offset) for n, offset in enumerate((-400, -1, 0, 1, 900))]


def write(session: Session, rows: Sequence[dict[str, Any]], **options: Any) -> WriteReport:
    with Writer(session.plan, session.store, **options) as writer:
        return writer.write(rows)


def test_history_and_a_stream_that_begins_earlier_count_each_event_once() -> None:
    """Together they are what one undisturbed run gives: the store keeps the cut-over."""
    session, whole = Session(), Session()
    history = write(session, EVENTS[:4], until=CUT)
    stream = write(session, EVENTS[1:], stream=True)
    assert (history.events, history.beyond) == (2, 2)
    assert (stream.events, stream.beyond) == (3, 1)
    write(whole, EVENTS)
    assert session.sums("a") == whole.sums("a") == [11_111]


def test_history_may_be_written_in_parts() -> None:
    """A later part needs no time: the store knows it; another time is refused."""
    session = Session()
    write(session, EVENTS[:1], until=CUT)
    assert write(session, EVENTS[1:3]).events == 1
    with pytest.raises(StoreError, match="and not at"):
        write(session, EVENTS, until=CUT + 1)


def test_a_stream_takes_what_history_left_out_of_the_same_file(tmp_path: Path) -> None:
    """Each has its own position in it, so both may read it again and it still counts once."""
    session, whole = Session(), Session()
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    for stream in (False, True, False, True):
        with Writer(session.plan, session.store, stream=stream, until=CUT) as writer:
            writer.write(str(file))
    write(whole, EVENTS)
    assert session.sums("a") == whole.sums("a") == [11_111]


def test_a_file_of_before_the_cut_over_counts_once(tmp_path: Path) -> None:
    """What was written without a cut-over is history, whoever reads it again."""
    session = Session()
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in EVENTS[:2]))
    for options in ({}, {"until": CUT}, {"stream": True}):
        with Writer(session.plan, session.store, **options) as writer:
            writer.write(str(file))
    assert session.sums("a") == [11]


def test_rows_without_a_time_are_refused_on_either_side() -> None:
    """A row that cannot be placed is not left out silently."""
    session = Session()
    unusable = [*EVENTS[:1], row("a", 1, ts=None)]
    assert write(session, unusable, until=CUT).refused.total() == 1
    assert write(session, unusable, stream=True).refused.total() == 1


def test_the_cut_over_outlives_the_process(tmp_path: Path) -> None:
    """It is in the store's folder."""
    session = Session(url=f"lmdb:{tmp_path}/store")
    write(session, EVENTS[:2], until=CUT)
    session.close()
    again = Session(url=f"lmdb:{tmp_path}/store")
    assert write(again, EVENTS, stream=True).events == 3


def test_a_cut_over_before_what_is_there_is_refused() -> None:
    """A stream from there on would count again what the store already has."""
    session = Session()
    write(session, EVENTS)
    with pytest.raises(StoreError, match=r"has events of .* already"):
        write(session, [], until=CUT)


def test_a_cut_over_at_the_newest_event_is_refused() -> None:
    """An event of that very moment is the stream's, and would count twice."""
    session = Session()
    write(session, EVENTS[:3])
    with pytest.raises(StoreError, match=r"has events of .* already"):
        write(session, [], until=CUT)


def test_of_two_cut_overs_at_once_the_first_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that looked before another kept its own is told of that one."""
    session = Session()
    put_first = session.store.put_first

    def after_another(name: str, value: bytes) -> bytes:
        put_first(name, b'{"at_ms": %d}' % (CUT + 1))
        return put_first(name, value)

    monkeypatch.setattr(session.store, "put_first", after_another)
    with pytest.raises(StoreError, match="and not at"):
        cut_over(session.plan, session.store, CUT)
