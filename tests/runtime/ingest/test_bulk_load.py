"""Loading tiles that were made elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from support.plans import AT, aggregations, plan_of
from support.records import decoded
from support.session import Session, row, simple_plan
from tilewright import Operation
from tilewright_compiler.states import tile_columns
from tilewright_runtime import Writer
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest.bulk_load import Put, as_records, load_tiles, put_records
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.tiles.block import COMPLETE
from tilewright_runtime.tiles.header import STAMP, precedence
from tilewright_runtime.tiles.keys import Range
from tilewright_runtime.tiles.layout import layout_of
from tilewright_runtime.tiles.records import RecordCodec
from tilewright_runtime.tiles.rollup import RollUp, tiles_of_engine

TILE = 300_000
BEGIN = AT // TILE * TILE


def tiles(*starts: int, key: str = "a", events: int = 2) -> pa.Table:
    """Finest tiles of a key, of some events each, as a warehouse gives them that has decimals for
    all numbers.
    """
    numbers = {
        "__events": events,
        "count_n.n": 2,
        "sum_n.hi": 0,
        "sum_n.lo": 5,
        "max_n.value": 3,
        "count_t.n": 1,
    }
    names = tile_columns(simple_plan().keys, simple_plan().states)
    rows: list[dict[str, Any]] = []
    for start in starts:
        times = {"__start": start, "__newest": start + 1, "last_t.ts": start + 1}
        rows.append(
            {"key:k": key, "last_t.value": "x"}
            | {name: Decimal(value) for name, value in (numbers | times).items()}
        )
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, _type(name)) for name in names]))
    return table.rename_columns([f"column {place}" for place in range(len(names))])


def _type(name: str) -> pa.DataType:
    return pa.string() if name in ("key:k", "last_t.value") else pa.decimal128(38, 0)


def test_loaded_tiles_are_served_and_written_on() -> None:
    """Features come from loaded tiles, and events that are written later are added to them."""
    session = Session()
    assert load_tiles(session.plan, session.store, tiles(BEGIN, BEGIN - TILE)) == Put({TILE: 2})
    assert session.features(k="a") == {
        "n_count_1h": 4,
        "n_sum_1h": 10,
        "n_max_1h": 3,
        "t_count_1h": 2,
        "t_last_1h": "x",
    }
    session.write([row("a", 7)])
    assert session.sums("a") == [17]


def test_doubles_of_one_float_key_are_one_entity() -> None:
    """A warehouse without floats of 32 bits groups by doubles; none of their events is lost."""
    plan = plan_of({"k": "float", "n": "bigint"}, ["k"], aggregations("n", [Operation.SUM]))
    session = Session(plan)
    columns = [
        [0.1, 0.10000000149011612],
        [BEGIN] * 2,
        [1, 2],
        [BEGIN] * 2,
        [0] * 2,
        [5, 7],
        [1, 2],
    ]
    names = ["key:k", "__start", "__events", "__newest", "sum_n.hi", "sum_n.lo", "count_n.n"]
    table = pa.table(dict(zip(names, columns, strict=True))).select(plan.tile_columns)
    assert load_tiles(plan, session.store, table) == Put({TILE: 1})
    assert session.features(k=0.1) == {"n_sum_1h": 12}
    assert session.features(k=0.2) == {"n_sum_1h": None}


def test_tiles_before_the_watermark_are_complete() -> None:
    """The newest event of all tells which tiles have ended, also of other entities."""
    session = Session()
    load_tiles(
        session.plan, session.store, pa.concat_tables([tiles(BEGIN - TILE), tiles(BEGIN, key="b")])
    )
    codec = RecordCodec(layout_of(session.plan))
    found = [
        session.store.scan(session.plan.name, entity, [Range(TILE, 0, 2 * BEGIN)])[0]
        for entity in ("s=a", "s=b")
    ]
    stamps = [
        int(decoded(codec, records, entity=entity, size_ms=TILE).rows[0, STAMP])
        for records, entity in zip(found, ("s=a", "s=b"), strict=True)
    ]
    assert [bool(stamp & COMPLETE) for stamp in stamps] == [
        session.plan.late.out_of_orderness_ms == 0,
        False,
    ]


def records(session: Session, finest: pa.Table, watermark_ms: int) -> list[pa.RecordBatch]:
    """The tiles of all levels as a worker makes them that knows of a watermark."""
    ladder = RollUp(session.plan)
    levels = ladder.levels(tiles_of_engine(session.plan, finest))
    return [as_records(RecordCodec(ladder.rows.layout), level, watermark_ms) for level in levels]


def test_tiles_that_a_worker_took_for_open_are_completed() -> None:
    """It knows the newest event of its part only; the records become those of one that knew that of
    all.
    """
    stored = []
    for watermark_ms in (BEGIN - 1, BEGIN + TILE):
        session = Session()
        put_records(
            session.plan,
            session.store,
            records(session, tiles(BEGIN - TILE, BEGIN), watermark_ms),
            BEGIN + TILE,
        )
        stored.append(session.store.scan(session.plan.name, "s=a", [Range(TILE, 0, 2 * BEGIN)])[0])
    assert len(stored[0]) == 2
    assert stored[0] == stored[1]


def test_what_a_load_left_that_did_not_end_is_replaced() -> None:
    """The next load counts, also where the history has fewer events now."""
    session = Session()
    put_records(session.plan, session.store, records(session, tiles(BEGIN, events=9), BEGIN), BEGIN)
    load_tiles(session.plan, session.store, tiles(BEGIN, events=2))
    (found,) = session.store.scan(session.plan.name, "s=a", [Range(TILE, 0, 2 * BEGIN)])
    assert [precedence(record)[0] for record in found] == [2]


def test_nothing_is_written_beside_a_load_that_did_not_end() -> None:
    """Its tiles would be taken for those of the events that are written."""
    session = Session()
    put_records(session.plan, session.store, records(session, tiles(BEGIN), BEGIN), BEGIN)
    with pytest.raises(StoreError, match="a part of a history of things, of a load that did not"):
        session.write([row("a", 7)])


def test_loaded_tiles_are_counted() -> None:
    """Verify finds as many tiles as were put, before and after more events were written."""
    session = Session()
    put_records(session.plan, session.store, records(session, tiles(BEGIN), BEGIN), BEGIN)
    found = verify(session.store)
    assert found.is_sound
    assert "has not ended" in found.tables[0].notes[0]
    load_tiles(session.plan, session.store, tiles(BEGIN, BEGIN - TILE))
    for _ in range(2):
        found = verify(session.store)
        assert found.is_sound
        assert found.tables[0].notes == []
        session.write([row("a", 7), row("b", 7)])


def test_a_store_with_tiles_is_not_loaded() -> None:
    """What is loaded would replace tiles of a plan that has some already."""
    session = Session()
    session.write([row("a", 7)])
    with pytest.raises(StoreError, match="has tiles of things already"):
        load_tiles(session.plan, session.store, tiles(BEGIN))
    assert session.sums("a") == [7]


def test_keys_that_the_store_cannot_hold_are_counted() -> None:
    """Events of a key that is too long are left out, and the rest is loaded."""
    session = Session()
    long = "x" * (session.store.max_entity_bytes + 1)
    loaded = load_tiles(
        session.plan, session.store, pa.concat_tables([tiles(BEGIN, key=long), tiles(BEGIN)])
    )
    assert loaded == Put({TILE: 1}, refused=2)
    assert session.sums("a") == [5]


def test_a_history_is_loaded_up_to_a_cut_over() -> None:
    """Tiles from then on are left to the stream, which may have begun earlier."""
    session = Session()
    load_tiles(session.plan, session.store, tiles(BEGIN, BEGIN - TILE), until=BEGIN)
    with Writer(session.plan, session.store, stream=True) as writer:
        writer.write([row("a", 7, ts=BEGIN), row("a", 1, ts=BEGIN - 1)])
    assert session.sums("a") == [12]


def test_a_cut_over_within_a_tile_is_not_kept() -> None:
    """It is refused, and the same store takes one between two tiles."""
    session = Session()
    with pytest.raises(StoreError, match="within a tile"):
        load_tiles(session.plan, session.store, tiles(BEGIN), until=BEGIN + 1)
    load_tiles(session.plan, session.store, tiles(BEGIN), until=BEGIN + TILE)
    assert session.sums("a") == [5]


def test_nothing_is_loaded_of_no_tiles() -> None:
    """Without tiles the store stays as it is."""
    session = Session()
    assert load_tiles(session.plan, session.store, tiles(BEGIN).slice(1)) == Put()
    assert session.contents({"k": "a"}) == [[[[]]], None]
