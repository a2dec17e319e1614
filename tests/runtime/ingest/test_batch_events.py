"""The events of a batch: selected anew until they are changed, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from support.events import to_arrow
from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.ingest.aggregation import Aggregator
from tilewright_runtime.ingest.batch_events import BatchEvents, Facts
from tilewright_runtime.plans.session import open_session
from tilewright_runtime.times import LATEST_MS


def plan() -> Plan:
    """A key and a number, of which levels are made from the finest."""
    return plan_of(SCHEMA, ["k"], aggregations("n", [Operation.COUNT, Operation.SUM]))


def numbered(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as a batch has them."""
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    return to_arrow(rows, SCHEMA).append_column("__row", numbers)


@pytest.fixture
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    """A session that runs a plan's queries."""
    opened = open_session(preserve_insertion_order=False)
    yield opened
    opened.close()


def selected(session: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> BatchEvents:
    """The events of a batch in a session."""
    events = BatchEvents(plan(), session)
    events.select(numbered(rows), plan().sql["events"]["duckdb"].read, LATEST_MS)
    return events


def tables(session: duckdb.DuckDBPyConnection) -> list[str]:
    """What a session keeps."""
    return [
        name for (name,) in session.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    ]


def test_events_are_kept_once_they_change(session: duckdb.DuckDBPyConnection) -> None:
    """Until then they are read where the batch has them, and then no more."""
    events = selected(session, [row("a", 1), row("b", 2), row("b", 3)])
    assert events.query("SELECT sum(n) FROM events").fetchall() == [(6,)]
    assert tables(session) == []
    assert events.change("DELETE FROM events WHERE k = 'b'") == 2
    assert events.query("SELECT sum(n) FROM events").fetchall() == [(1,)]
    assert tables(session) == ["events"]


def test_the_next_batch_replaces_what_is_kept(session: duckdb.DuckDBPyConnection) -> None:
    """A batch that is not needed any more takes no memory."""
    events = selected(session, [row("a", 1)])
    events.keep()
    events.select(numbered([row("b", 2)]), plan().sql["events"]["duckdb"].read, LATEST_MS)
    assert tables(session) == []
    assert events.query("SELECT k FROM events").fetchall() == [("b",)]


def test_a_query_may_have_parts_and_comments(session: duckdb.DuckDBPyConnection) -> None:
    """It is one for itself, whichever way the events are there."""
    events = selected(session, [row("a", 1), row("b", 2)])
    query = "WITH large AS (FROM events WHERE n >= $least)\nSELECT k FROM large -- only these"
    assert events.query(query, {"least": 2}).fetchall() == [("b",)]
    events.keep()
    assert events.query(query, {"least": 2}).fetchall() == [("b",)]


def test_facts_are_of_the_events_as_they_are(session: duckdb.DuckDBPyConnection) -> None:
    """Rows that are refused have times, but no keys."""
    early, late = AT - 50 * MINUTE, AT - 1
    events = selected(session, [row("abc", 1, ts=early), row("de", 2, ts=late), row(None, 3)])
    assert events.facts == Facts(3, 1, 3, early, late)
    events.change("DELETE FROM events WHERE k = 'abc'")
    assert events.facts == Facts(2, 1, 2, late, late)


def tiles(events: BatchEvents) -> pa.Table:
    """The finest tiles of the events."""
    script = plan().sql["events"]["duckdb"]
    assert script.tiles is not None
    return events.table(script.tiles, {"tile_ms": plan().levels[-1].size_ms})


def test_tiles_of_all_rows_tell_the_facts(session: duckdb.DuckDBPyConnection) -> None:
    """If they hold each row none is refused; the oldest event is in the oldest tile."""
    early, late = AT - 50 * MINUTE, AT - 1
    events = selected(session, [row("abc", 1, ts=early), row("de", 2, ts=late)])
    events.know_by(tiles(events))
    size_ms = plan().levels[-1].size_ms
    assert events.facts == Facts(2, 0, 3, early // size_ms * size_ms, late)


def test_tiles_without_some_rows_tell_nothing(session: duckdb.DuckDBPyConnection) -> None:
    """What became of those rows is counted."""
    events = selected(session, [row("abc", 1), row(None, 2)])
    events.know_by(tiles(events))
    assert events.facts == Facts(2, 1, 3, AT - 1, AT - 1)


def test_plain_batches_are_not_kept() -> None:
    """Texts of numbers are, since they would be read twice."""
    aggregator = Aggregator(plan(), 1 << 20)
    batch = numbered([row("a", 1), row("b", 2)])
    aggregator.load("events", batch)
    assert tables(aggregator._connection) == []
    texts = batch.set_column(batch.schema.get_field_index("n"), "n", batch["n"].cast(pa.string()))
    loaded = aggregator.load("events", texts)
    assert tables(aggregator._connection) == ["events"]
    assert loaded.usable == 2
    aggregator.close()
