"""What verify finds: everything that is not what was written, and what is not there any more."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import lmdb
import pytest

from support.partials import rows as tile_rows
from support.plans import AT, HOUR, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.ingest.stream_sink import TileSink
from tilewright_runtime.operate.findings import Damage, Verification
from tilewright_runtime.operate.verify import verify
from tilewright_runtime.tiles.keys import TileKeys, ordered_prefix, ordered_tail

TEN = AT // HOUR * HOUR
WRITTEN = Path(__file__).parent.parent / "stores/fixtures/written_by_0_1_0/store"


def plan(edge: str = "sawtooth") -> Plan:
    """Tiles of an hour with numbers and texts, with raw events where the edge is exact."""
    operations = [Operation.SUM, Operation.LAST_K(2)]
    numbers = aggregations("n", operations, ["1d"], edge=edge)
    texts = aggregations("t", [Operation.HISTOGRAM(0)], ["1d"], edge=edge)
    return plan_of(SCHEMA, ["k"], [*numbers, *texts])


def rows() -> list[dict[str, Any]]:
    """Three events of `a` in two hours, and one of `b`."""
    times = [("a", TEN), ("a", TEN + 1), ("a", TEN + HOUR), ("b", TEN)]
    return [row(key, 1, "text " * 40, ts=ts) for key, ts in times]


@pytest.fixture(params=["memory", "lmdb"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """A store into which the events were written."""
    made = Session(plan(), "memory:" if request.param == "memory" else f"lmdb:{tmp_path}/s")
    made.write(rows())
    yield made
    made.close()


def tile(entity: str, start_ms: int, table: str) -> TileKeys:
    """The key of one tile."""
    return TileKeys(table, HOUR, [entity], [0], [start_ms])


def put(session: Session, keys: TileKeys, record: bytes) -> None:
    """Put a record without asking anybody."""
    store: Any = session.store
    store.transact(lambda transaction: transaction.put_tiles(keys, [record]))


def record_of(session: Session, keys: TileKeys) -> bytes:
    """The record under a key."""
    (record,) = session.store.get_tiles(keys)
    assert record is not None
    return bytes(record)


def levels(found: Verification) -> list[tuple[Any, ...]]:
    """Each level's name, tiles, events, and what is damaged, missing of both."""
    return [
        (
            level.name,
            level.tiles,
            level.events,
            level.damaged,
            level.missing,
            level.missing_events,
        )
        for table in found.tables
        for level in table.levels.values()
    ]


def test_a_store_as_it_was_written_is_sound(session: Session) -> None:
    """Tiles and events of each level are those that the writer has counted."""
    session.write([row("a", 1, ts=TEN - HOUR), row("a", 1, ts=TEN + 2)])
    found = verify(session.store)
    assert found.is_sound
    assert levels(found) == [("1h", 4, 6, 0, 0, 0)]
    assert [(table.name, table.notes) for table in found.tables] == [(session.plan.name, [])]


def test_chunks_of_raw_events_are_counted_too(tmp_path: Path) -> None:
    """They are a level of their own, with all events in it."""
    session = Session(plan("exact"), f"lmdb:{tmp_path}/s")
    session.write(rows())
    session.write(rows())
    found = verify(session.store)
    assert found.is_sound
    assert sorted(levels(found)) == [("1h", 3, 8, 0, 0, 0), ("events", 3, 8, 0, 0, 0)]


@contextmanager
def behind_the_store(folder: Path) -> Iterator[tuple[lmdb.Transaction, str]]:
    """Write a store, and change its tiles as no store of ours would; their plan is named."""
    session = Session(plan(), f"lmdb:{folder}")
    session.write(rows())
    session.close()
    with lmdb.open(str(folder), max_dbs=2) as environment:
        tiles = environment.open_db(b"tiles")
        with environment.begin(write=True, db=tiles) as transaction:
            yield transaction, session.plan.name


def test_a_lost_tile_is_missed(tmp_path: Path) -> None:
    """With its events, though every record that is left is as it was written."""
    with behind_the_store(tmp_path / "s") as (transaction, name):
        assert transaction.delete(tile("s=a", TEN, name).ordered[0])
    with open_store(f"lmdb:{tmp_path}/s", create=False) as store:
        found = verify(store)
    assert not found.is_sound
    assert (found.damages, levels(found)) == (0, [("1h", 2, 2, 0, 1, 2)])


def test_an_older_record_of_a_tile_misses_events(session: Session) -> None:
    """Its checksum and its key are right, and its events are too few."""
    keys = tile("s=a", TEN, session.plan.name)
    older = record_of(session, keys)
    session.write([row("a", 1, ts=TEN + 5)])
    put(session, keys, older)
    assert levels(verify(session.store)) == [("1h", 3, 4, 0, 0, 1)]


def flipped(session: Session) -> list[Damage]:
    """A byte of a record is another one."""
    keys = tile("s=a", TEN, session.plan.name)
    record = record_of(session, keys)
    put(session, keys, record[:60] + bytes([record[60] ^ 1]) + record[61:])
    return [Damage(keys.name(0), "the checksum of this tile is wrong, so its bytes are not what")]


def cut(session: Session) -> list[Damage]:
    """A record ends within its header."""
    keys = tile("s=b", TEN, session.plan.name)
    put(session, keys, record_of(session, keys)[:20])
    return [Damage(keys.name(0), "the checksum of this tile is wrong")]


def in_anothers_place(session: Session) -> list[Damage]:
    """Two tiles stand in each other's place."""
    one, other = tile("s=a", TEN, session.plan.name), tile("s=b", TEN, session.plan.name)
    records = record_of(session, one), record_of(session, other)
    put(session, other, records[0])
    put(session, one, records[1])
    return [
        Damage(one.name(0), "in its place stands"),
        Damage(other.name(0), "in its place stands"),
    ]


def at_another_start(session: Session) -> list[Damage]:
    """A tile stands in the place of another hour."""
    one, other = tile("s=a", TEN, session.plan.name), tile("s=a", TEN + HOUR, session.plan.name)
    put(session, other, record_of(session, one))
    return [Damage(other.name(0), f"in its place stands tile {one.name(0)}")]


def of_no_plan(session: Session) -> list[Damage]:
    """A tile is of a table that no plan of the store has."""
    put(session, tile("s=a", TEN, "other"), b"any bytes")
    return [Damage("table other", "the store has no plan of this name")]


def unreadable(session: Session) -> list[Damage]:
    """A document is not what it should be."""
    session.store.put(f"progress/{session.plan.name}", b'{"events": ')
    return [Damage(f"document progress/{session.plan.name}", "it cannot be read")]


@pytest.mark.parametrize(
    "damage", [flipped, cut, in_anothers_place, at_another_start, of_no_plan, unreadable]
)
def test_damage_is_named(session: Session, damage: Callable[[Session], list[Damage]]) -> None:
    """By the key or the document, with the reason."""
    expected = damage(session)
    found = verify(session.store)
    assert not found.is_sound
    assert found.damages == len(expected)
    listed = sorted(found.damaged, key=lambda one: one.place)
    for one, other in zip(listed, sorted(expected, key=lambda one: one.place), strict=True):
        assert one.place == other.place
        assert one.reason.startswith(other.reason)


@pytest.mark.parametrize("content", [b'["a"]', b"{}x", b"[" * 100_000, b"5", b"\xff", b""])
def test_a_document_of_another_form_is_named(session: Session, content: bytes) -> None:
    """Also the plan's, which the comparison of its levels reads again."""
    for kind in ("plan", "progress", "counts"):
        name = f"{kind}/{session.plan.name}"
        kept = session.store.get(name)
        assert kept is not None
        session.store.put(name, content)
        places = [damage.place for damage in verify(session.store).damaged]
        assert f"document {name}" in places
        session.store.put(name, kept)


def test_a_key_that_stands_for_no_tile_is_named(tmp_path: Path) -> None:
    """What follows it is looked at none the less."""
    with behind_the_store(tmp_path / "s") as (transaction, name):
        transaction.put(ordered_prefix(name, "s=a") + b"short", b"bytes")
        transaction.put(b"\xff", b"bytes")
        for size_ms, start_ms in ((HOUR, TEN + 1), (HOUR + 1, 0), (0, 0)):
            transaction.put(ordered_prefix(name, "s=a") + ordered_tail(size_ms, start_ms), b"bytes")
    with open_store(f"lmdb:{tmp_path}/s", create=False) as store:
        found = verify(store)
    assert [damage.reason for damage in found.damaged] == ["no key of a tile"] * 5
    assert levels(found) == [("1h", 3, 4, 0, 0, 0)]


def test_progress_that_is_lost_is_missed(tmp_path: Path) -> None:
    """It is committed with the tiles, so a store that has counts has it too."""
    session = Session(plan(), f"lmdb:{tmp_path}/s")
    session.write(rows())
    session.close()
    name = f"progress/{session.plan.name}"
    with lmdb.open(f"{tmp_path}/s", max_dbs=2) as environment:
        documents = environment.open_db(b"documents")
        with environment.begin(write=True, db=documents) as transaction:
            assert transaction.delete(name.encode())
    with open_store(f"lmdb:{tmp_path}/s", create=False) as store:
        assert [damage.place for damage in verify(store).damaged] == [f"document {name}"]


def test_a_store_from_before_tiles_were_counted_says_so(tmp_path: Path) -> None:
    """Its events are compared, also after this version has written into it."""
    shutil.copytree(WRITTEN, tmp_path / "store")
    with open_store(f"lmdb:{tmp_path}/store", create=False) as store:
        found = verify(store)
    assert found.is_sound
    assert [len(table.notes) for table in found.tables] == [1] * 5
    assert all(level[2] == 32 for level in levels(found))


#: Writes batches of events of two keys until it is killed.
WRITER = """
import sys
from contextlib import contextmanager
from pathlib import Path
from tilewright_runtime import Writer, load_plan, open_store
plan = load_plan(sys.argv[1])
with open_store(sys.argv[2]) as store, Writer(plan, store) as writer:
    print("begun", flush=True)
    for batch in range(10_000):
        rows = [{"k": f"k{i % 7}", "n": i, "t": "x", "ts": 1704376645000 + i * 60_000 * batch}
                for i in range(50)]
        writer.write(rows)
"""


def test_a_store_whose_writer_was_killed_is_sound(tmp_path: Path) -> None:
    """At any point: tiles, counts and events are committed together."""
    file, url = tmp_path / "plan.json", f"lmdb:{tmp_path}/s"
    file.write_text(plan("exact").model_dump_json(), encoding="utf-8")
    draw = random.Random(5)
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(file), url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begun\n"
            sleep(0.3 + draw.random())
            writer.send_signal(signal.SIGKILL)
        with open_store(url, create=False) as store:
            assert verify(store).is_sound


def test_a_stream_that_goes_on_after_a_history_leaves_a_sound_store() -> None:
    """It counts no tiles, so the counts of the history are not all that there are."""
    session = Session(plan())
    with Writer(session.plan, session.store, until=TEN + HOUR) as writer:
        writer.write(rows())
    TileSink(session.plan, session.store).put(tile_rows(session.plan, rows()[2:3]))
    assert verify(session.store).is_sound
