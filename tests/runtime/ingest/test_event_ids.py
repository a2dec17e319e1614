"""Duplicates: an event whose id was counted already is passed over, across all that may happen."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.session import Session, row
from tilewright import EventSource, Operation, Query
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest.event_ids import EventIds
from tilewright_runtime.stores import TransactionalStore

SCHEMA = {"k": "string", "n": "bigint", "t": "string", "ts": "bigint"}


def plan(event_id: str = "t", horizon: str = "1h") -> Plan:
    """The sum of `n` for each key; `t` is the id."""
    source = EventSource(
        name="events",
        schema=SCHEMA,
        query=Query(time_column="ts"),
        event_id=event_id,
        event_id_horizon=horizon,
    )
    return plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["7d"]), sources=[source])


def session(**options: Any) -> Session:
    return Session(plan(), **options)


def stored(session: Session) -> EventIds:
    assert isinstance(session.store, TransactionalStore)
    return EventIds(session.plan, session.plan.sources[0], session.store)


def total(session: Session) -> int | None:
    found: int | None = session.features(k="a")["n_sum_7d"]
    return found


def test_an_id_counts_once_in_a_batch() -> None:
    """The first row with an id counts; the others are duplicates, and no error."""
    of = session()
    report = of.write([row("a", 1, "x"), row("a", 2, "y"), row("a", 4, "x")])
    assert (report.events, report.duplicates, report.usable) == (2, 1, True)
    assert (report.refused, total(of)) == ({}, 3)


def test_an_id_counts_once_in_all_writes() -> None:
    """Another writer, as after a restart, knows what was counted."""
    of = session()
    of.write([row("a", 1, "x")])
    report = of.write([row("a", 8, "x"), row("a", 2, "y")])
    assert (report.duplicates, total(of)) == (1, 3)


def test_the_same_events_in_another_file_count_once(tmp_path: Path) -> None:
    """A copy that is written on purpose adds nothing."""
    of = session(url=f"lmdb:{tmp_path}/store")
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(f"k,n,t,ts\na,1,x,{AT - 1}\na,2,y,{AT - 2}\n")
    of.write(tmp_path / "one.csv")
    report = of.write(tmp_path / "two.csv", again=True)
    assert (report.duplicates, report.events, total(of)) == (2, 0, 3)
    assert of.write(tmp_path / "two.csv").rows == 0


def test_a_refused_row_is_no_first_one() -> None:
    """Its id may come again, corrected."""
    of = session()
    report = of.write([row(None, 1, "x"), row("a", 2, "x")])
    assert (report.duplicates, total(of)) == (0, 2)


def test_a_row_without_an_id_always_counts() -> None:
    """Nothing tells whether it is another one."""
    of = session()
    report = of.write([row("a", 1, None), row("a", 2, None)])
    assert (report.duplicates, total(of)) == (0, 3)


def test_an_expression_may_be_the_id() -> None:
    """Of several columns it is one text."""
    of = Session(plan("concat(t, '/', n)"))
    of.write([row("a", 1, "x"), row("a", 2, "x"), row("a", 2, "x")])
    assert total(of) == 3


#  span       |1/8 h|...
#  ids        x                              forgotten when the newest is an hour later
@pytest.mark.parametrize(("newest", "counted"), [(AT + 30 * MINUTE, 1), (AT + 3 * HOUR, 2)])
def test_an_id_is_forgotten_after_the_horizon(newest: int, counted: int) -> None:
    """The newest event says how late it is; what is kept is bounded."""
    of = session(replay=True)
    for event in (row("a", 1, "x", ts=AT - 1), row("b", 1, "y", ts=newest)):
        of.write([event])
    of.write([row("a", 1, "x", ts=AT - 1)])
    assert total(of) == counted


def test_many_small_batches_leave_few_segments() -> None:
    """Segments are merged as they grow, and numbers are used again."""
    of = session()
    with Writer(of.plan, of.store) as writer:
        for number in range(40):
            writer.write([row("a", 1, str(number))])
    ids = stored(of)
    assert len(ids.load()) == 40
    assert len(ids._manifest().segments) <= 6
    assert total(of) == 40


def test_two_writers_do_not_pass_each_other() -> None:
    """Of two that compared a batch with the same ids, the second is refused."""
    of = session()
    with Writer(of.plan, of.store) as first, Writer(of.plan, of.store) as second:
        first.write([row("a", 1, "x")])
        second.write([row("a", 1, "y")])
        with pytest.raises(StoreError, match="another writer wrote events"):
            first.write([row("a", 1, "y")])
    assert total(of) == 2


def test_hashes_have_128_bits() -> None:
    """Both halves are kept, as they are computed."""
    of = session()
    of.write([row("a", 1, "x")])
    ids = stored(of).load()
    digest = hashlib.md5(b"x", usedforsecurity=False).digest()
    assert {int(half) for half in ids[0, :2]} == {
        int.from_bytes(digest[:8], "little"),
        int.from_bytes(digest[8:], "little"),
    }
    assert int(ids[0, 2]) == AT - 1
