"""Chunks of raw events: their place in a store, what makes them grow, and what is said of damaged
ones.
"""

from __future__ import annotations

from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.examples import few
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.records import decoded, keys_of, names_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import CorruptRecordError
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.stores import TransactionalStore
from tilewright_runtime.tiles.block import COMPLETE
from tilewright_runtime.tiles.entities import entity_encoder
from tilewright_runtime.tiles.header import NEWEST, SEQUENCE, STAMP, START
from tilewright_runtime.tiles.keys import EVENTS, Range, TileKeys

FIVE = 5 * MINUTE
TEN = AT // HOUR * HOUR


def exact_plan() -> Plan:
    """Sums of `n` and counts of `t` over an hour, exactly, from tiles and chunks of five
    minutes.
    """
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM], edge="exact"),
            *aggregations("t", [Operation.COUNT], edge="exact"),
        ],
    )


def chunks(session: Session, key: str = "a") -> list[bytes]:
    """The records of a key's chunks."""
    (found,) = session.store.scan(
        "things", entity_encoder(session.plan.keys)([key]), [Range(FIVE, 0, 2 * AT, EVENTS)]
    )
    return list(found)


def events(session: Session, key: str = "a") -> list[dict[str, Any]]:
    """What the chunks of a key hold."""
    program = Program(session.plan)
    assert program.events is not None
    keys = keys_of([], session.plan.name, f"s={key}", FIVE, EVENTS)
    names = names_of(keys)
    return list(program.events.chunks.read(chunks(session, key), f"s={key}", names).to_pylist())


def test_a_chunk_holds_its_keys_events_and_the_columns_that_are_asked_for() -> None:
    """Events stand ordered by time and value in the chunk of their five minutes, with a header as
    tiles have it.
    """
    session = Session(exact_plan())
    session.write(
        [
            row("a", 3, "x", TEN),
            row("b", 9, "z", TEN),
            row("a", None, None, TEN + FIVE),
            row("a", 2, "y", TEN),
        ]
    )
    assert events(session) == [
        {"__ts": TEN, "n": 2, "t": "y"},
        {"__ts": TEN, "n": 3, "t": "x"},
        {"__ts": TEN + FIVE, "n": None, "t": None},
    ]
    assert events(session, "b") == [{"__ts": TEN, "n": 9, "t": "z"}]
    program = Program(session.plan)
    assert program.events is not None
    headers = decoded(program.events.chunks.codec, chunks(session), kind=EVENTS).rows
    assert headers[:, [SEQUENCE, NEWEST, START]].tolist() == [
        [2, TEN, TEN],
        [1, TEN + FIVE, TEN + FIVE],
    ]
    assert (headers[:, STAMP] & COMPLETE).astype(bool).tolist() == [True, False]


def test_a_column_of_a_rounded_feature_is_not_kept() -> None:
    """Only the inputs of exact features stand in the log."""
    made = plan_of(
        SCHEMA,
        ["k"],
        [*aggregations("n", [Operation.SUM], edge="exact"), *aggregations("t", [Operation.COUNT])],
    )
    session = Session(made)
    session.write([row("a", 3, "x", TEN)])
    assert events(session) == [{"__ts": TEN, "n": 3}]


#: The byte of a record's flags: 1 if it was complete when it was last put. The checksum before it
#: covers it.
FLAGS = 5


def content(chunk: bytes) -> bytes:
    """A record without its checksum and its flags."""
    return chunk[4:FLAGS] + chunk[FLAGS + 1 :]


ROWS = [
    row("a", 1, "x", TEN),
    row("a", 1, "x", TEN),
    row("a", None, "", TEN),
    row("a", -5, None, TEN + 1),
    row("a", 2, "y", TEN + FIVE),
]


@few(4)
@example((*ROWS,), [4])
@given(st.sampled_from(list(permutations(ROWS))), st.lists(st.integers(0, len(ROWS)), max_size=3))
def test_the_content_of_chunks_does_not_depend_on_the_order_of_arrival(
    rows: tuple[dict[str, Any], ...], cuts: list[int]
) -> None:
    """Shuffled and cut into writes, events become the chunks of one write in order."""
    whole, parts = Session(exact_plan()), Session(exact_plan())
    whole.write(ROWS)
    seen_ms, is_complete = 0, False
    for begin, end in pairwise(sorted({0, *cuts, len(rows)})):
        written = list(rows[begin:end])
        parts.write(written)
        times = [one["ts"] for one in written]
        seen_ms = max(seen_ms, *times)
        if min(times) < TEN + FIVE:  # the first chunk is put, and is complete if that is known
            is_complete = seen_ms >= TEN + FIVE
    assert [content(chunk) for chunk in chunks(parts)] == [
        content(chunk) for chunk in chunks(whole)
    ]
    assert [chunk[FLAGS] for chunk in chunks(parts)] == [int(is_complete), 0]
    assert [chunk[FLAGS] for chunk in chunks(whole)] == [1, 0]


def test_a_file_that_is_written_again_adds_no_events(tmp_path: Path) -> None:
    """Positions hold for chunks as for tiles: what was read is not kept twice."""
    session, path = Session(exact_plan()), tmp_path / "events.csv"
    path.write_text(f"k,n,t,ts\na,1,x,{TEN}\na,2,y,{TEN + 1}\n", encoding="utf-8")
    session.write(path)
    before = session.contents({"k": "a"})
    assert session.write(path).events == 0
    assert session.contents({"k": "a"}) == before


def test_a_report_counts_chunks_beside_tiles() -> None:
    """A chunk is a record of its own, beside those of tiles."""
    report = Session(exact_plan()).write(
        [row("a", 1, ts=TEN), row("a", 2, ts=TEN + 1), row("b", 3, ts=TEN)]
    )
    assert (report.tiles, report.chunks) == ({FIVE: 2}, 2)


def test_a_damaged_chunk_is_named_and_never_counted() -> None:
    """The error names the key of the chunk that a fetch or a write met; its text form says that it
    is one of events.
    """
    session = Session(exact_plan())
    session.write([row("a", 1, ts=AT - HOUR)])
    start = (AT - HOUR) // FIVE * FIVE
    (record,) = chunks(session)
    keys = TileKeys("things", FIVE, ["s=a"], [0], [start], EVENTS)
    assert isinstance(session.store, TransactionalStore)
    session.store.transact(
        lambda transaction: transaction.put_tiles(keys, [record[:-1] + bytes([record[-1] ^ 1])])
    )
    name = r"tile tiles::things::\{s=a\}::events::202401041335: the checksum"
    with pytest.raises(CorruptRecordError, match=name):
        Fetcher(session.plan, session.store).fetch({"k": "a"}, at=AT)
    with pytest.raises(CorruptRecordError, match=name):
        session.write([row("a", 2, ts=AT - HOUR)])


def test_a_plan_without_exact_features_keeps_no_events() -> None:
    """No chunk is written where no feature needs one."""
    session = Session()
    session.write([row("a", 1)])
    assert session.plan.events is None
    assert chunks(session) == []
