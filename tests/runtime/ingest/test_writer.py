"""The writer: rows that cannot be used, rows that are filtered, several sources, and what the
report says.
"""

from __future__ import annotations

import json
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.events import FILES, to_arrow, to_csv
from support.plans import AT, DAY, HOUR, aggregations, event_source, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.metrics import TILES_WRITTEN
from tilewright_runtime import Writer, open_store
from tilewright_runtime.errors import InputError, StoreError
from tilewright_runtime.ingest.aggregation import Aggregator
from tilewright_runtime.ingest.merge import Merger
from tilewright_runtime.metrics import metrics_of
from tilewright_runtime.tiles.rows import LevelTiles

REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "a null key": (row(None, 1), "key k is null"),
    "a null time": (row("a", 1, ts=None), "time is null"),
    "text for a number": ({**row("a", 1), "n": "many"}, "n is not a bigint"),
    "a fraction for a whole number": ({**row("a", 1), "n": "1.5"}, "n is not a bigint"),
    "a number beyond 64 bits": ({**row("a", 1), "n": str(2**63)}, "n is not a bigint"),
    "text for a time": ({**row("a", 1), "ts": "yesterday"}, "ts is not a bigint"),
    "seconds": (
        row("a", 1, ts=AT // 1000),
        "time is outside 1971-2099: seconds? times are milliseconds",
    ),
    "microseconds": (
        row("a", 1, ts=AT * 1000),
        "time is outside 1971-2099: microseconds? times are milliseconds",
    ),
    "nanoseconds": (
        row("a", 1, ts=AT * 1_000_000),
        "time is outside 1971-2099: nanoseconds? times are milliseconds",
    ),
    "the last millisecond of 1970": (row("a", 1, ts=365 * DAY - 1), "time is outside 1971-2099"),
    "the first millisecond of 2100": (
        row("a", 1, ts=4_102_444_800_000),
        "time is outside 1971-2099",
    ),
    "a time before 1970": (row("a", 1, ts=-1), "time is outside 1971-2099"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_row_that_cannot_be_used_is_counted_and_stops_nothing(tmp_path: Path, what: str) -> None:
    """The row is refused with its reason, the rows around it are kept, and the write succeeds."""
    bad, reason = REFUSALS[what]
    path = tmp_path / "events.csv"
    to_csv([row("a", 1), bad, row("a", 2)], SCHEMA, path)
    session = Session()
    report = session.write(path)
    assert (report.refused, report.events, report.rows, report.usable) == ({reason: 1}, 2, 3, True)
    assert session.sums("a") == [3]


@pytest.mark.parametrize("ts", [365 * DAY, 4_102_444_799_999])
def test_the_first_and_the_last_millisecond_are_taken(ts: int) -> None:
    """1971 and 2099 themselves are inside."""
    assert Session(replay=True).write([row("a", 1, ts=ts)]).events == 1


@pytest.mark.parametrize(("ahead_ms", "events"), [(DAY, 1), (DAY + 1, 0)])
def test_an_event_may_be_a_day_ahead_of_the_clock(ahead_ms: int, events: int) -> None:
    """A millisecond more, and it is refused with its reason."""
    report = Session(clock=lambda: AT).write([row("a", 1, ts=AT + ahead_ms)])
    assert report.events == events
    assert list(report.refused) == ["time is more than 1d ahead of the clock"] * (1 - events)


def test_a_group_by_says_how_far_ahead_its_events_may_be() -> None:
    """What it says goes before the configuration."""
    counts = aggregations("n", [Operation.COUNT])
    plan = plan_of(SCHEMA, ["k"], counts, max_ahead="1h")
    report = Session(plan, clock=lambda: AT).write([row("a", 1, ts=AT + HOUR + 1)])
    assert report.refused == {"time is more than 1h ahead of the clock": 1}


def test_a_replay_takes_events_that_are_ahead() -> None:
    """The past is written with another clock than its own."""
    session = Session(clock=lambda: AT, replay=True)
    assert session.write([row("a", 1, ts=AT + 2 * DAY)]).events == 1


def test_a_write_without_a_usable_row_says_so() -> None:
    """If every row was refused the report is not `usable`, and no tile exists."""
    session = Session()
    report = session.write([row(None, 1), row("a", 1, ts=1)])
    assert (report.usable, report.events, report.refused.total()) == (False, 0, 2)
    assert session.sums("a") == [None]


def test_refused_rows_are_not_read_again(tmp_path: Path) -> None:
    """A position is after the refused rows too: written again, the file has no new row and nothing
    to complain of.
    """
    path = tmp_path / "events.csv"
    to_csv([row("a", 1), row(None, 2)], SCHEMA, path)
    session = Session()
    assert session.write(path).refused.total() == 1
    again = session.write(path)
    assert (again.rows, again.refused, again.usable) == (0, {}, True)


def test_rejects_hold_every_refused_row(tmp_path: Path) -> None:
    """Each refused row is a line of JSON: its input, its number from 1, the reason, and its
    content.
    """
    path = tmp_path / "events.csv"
    path.write_text(f"k,n,t,ts\na,1,x,{AT - 1}\na,many,é,{AT - 1}\ncut\n")
    session = Session()
    with (
        (tmp_path / "rejects.jsonl").open("a", encoding="utf-8") as rejects,
        Writer(session.plan, session.store, rejects=rejects) as writer,
    ):
        writer.write(str(path))
    lines = sorted(
        map(json.loads, (tmp_path / "rejects.jsonl").read_text(encoding="utf-8").splitlines()),
        key=lambda line: line["row"],
    )
    assert [(line["input"], line["row"], line["reason"]) for line in lines] == [
        (str(path), 2, "n is not a bigint"),
        (str(path), 3, "has 1 field, the header 4: is the line cut?"),
    ]
    assert json.loads(lines[0]["content"]) == {"k": "a", "n": "many", "t": "é", "ts": str(AT - 1)}
    assert lines[1]["content"] == "cut"


BAD_MOMENTS = ["infinity", "-infinity", "12000-01-01", "0044-01-01 (BC)", "2024-02-30", "soon"]


@pytest.mark.parametrize("kind", ["date", "timestamp"])
@pytest.mark.parametrize("text", BAD_MOMENTS)
def test_a_date_outside_the_calendar_is_refused(tmp_path: Path, kind: str, text: str) -> None:
    """What no answer could show, infinite and beyond the years 1 to 9999, never comes into a
    tile.
    """
    made = plan_of(
        {"k": "string", "d": kind},
        ["k"],
        aggregations("d", [Operation.MIN, Operation.LAST, Operation.APPROX_UNIQUE_COUNT]),
    )
    path = tmp_path / "events.csv"
    path.write_text(f"k,d,ts\na,{text},{AT - 1}\na,2024-01-04,{AT - 1}\n")
    session = Session(made)
    hint = (
        ""
        if kind == "date"
        else " (a number? declare the column bigint, in milliseconds, not seconds)"
    )
    assert session.write(path).refused == {f"d is not a {kind}{hint}": 1}
    expected = date(2024, 1, 4) if kind == "date" else datetime(2024, 1, 4, tzinfo=UTC)
    assert session.features(k="a") == {
        "d_min_1h": expected,
        "d_last_1h": expected,
        "d_approx_unique_count_1h": 1,
    }


def test_a_date_that_an_expression_makes_cannot_spoil_its_key() -> None:
    """A computed date outside the calendar is null or refused, and the key can be fetched."""
    made = plan_of(
        SCHEMA,
        ["k"],
        aggregations("d", [Operation.MAX]),
        selects={"k": "k", "d": "cast(t as date)"},
    )
    session = Session(made)
    session.write([row("a", 1, text) for text in (*BAD_MOMENTS, "2024-01-04")])
    assert session.features(k="a") == {"d_max_1h": date(2024, 1, 4)}


@pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
@pytest.mark.parametrize("values", [[math.inf, -math.inf], [1e308, 1e308]])
@pytest.mark.parametrize("buckets", [None, ["t"]])
def test_sums_beyond_a_double_are_merged_in_silence(
    values: list[float], buckets: list[str] | None
) -> None:
    """Infinities of both signs make NaN and what is too large infinity, without a warning of
    numpy's.
    """
    schema = {"k": "string", "t": "string", "n": "double"}
    session = Session(plan_of(schema, ["k"], aggregations("n", [Operation.SUM], buckets=buckets)))
    for value in values:
        session.write([{"k": "a", "t": "x", "n": value, "ts": AT - 1}])
    (found,) = session.features(k="a").values()
    total = found if buckets is None else found["x"]
    assert total == sum(values) or (math.isnan(total) and math.isnan(sum(values)))


def test_decimals_may_use_all_their_digits(tmp_path: Path) -> None:
    """Decimals of 18 digits are added without overflow and without loss."""
    made = plan_of(
        {"k": "string", "n": "decimal(18,4)"},
        ["k"],
        aggregations("n", [Operation.SUM, Operation.MIN, Operation.LAST]),
    )
    path = tmp_path / "events.csv"
    path.write_text(
        "k,n,ts\n" + f"a,99999999999999.9999,{AT - 1}\n" * 3 + f"a,-99999999999999.9999,{AT - 2}\n"
    )
    session = Session(made)
    session.write(path)
    largest = Decimal("99999999999999.9999")
    assert session.features(k="a") == {
        "n_sum_1h": 2 * largest,
        "n_min_1h": -largest,
        "n_last_1h": largest,
    }


LISTS = {"k": "string", "tags": "array<string>", "xs": "array<decimal(18,4)>"}


def lists() -> Session:
    """Texts and decimals in lists, and a key that is an input too."""
    operations = [
        *aggregations("tags", [Operation.COUNT, Operation.HISTOGRAM()]),
        *aggregations("xs", [Operation.SUM]),
    ]
    return Session(plan_of(LISTS, ["k"], [*operations, *aggregations("k", [Operation.COUNT])]))


NASTY = ["a", None, "b,c", 'd"e', "[f]", "", "null", "é\n\\"]


@pytest.mark.parametrize("form", [".parquet", ".csv", ".jsonl", "rows"])
def test_each_element_of_a_list_counts(tmp_path: Path, form: str) -> None:
    """Elements keep every character and digit; null lists, empty lists and null elements count for
    nothing, and no key twice.
    """
    number = Decimal("99999999999999.9999")
    rows: list[dict[str, Any]] = [
        {"k": "a", "tags": NASTY, "xs": [number, number, None], "ts": AT - 1},
        {"k": "a", "tags": [], "xs": None, "ts": AT - 1},
        {"k": "a", "tags": None, "xs": [], "ts": AT - 1},
    ]
    session = lists()
    if form != "rows":
        FILES[form](rows, LISTS, tmp_path / f"events{form}")
    assert session.write(rows if form == "rows" else tmp_path / f"events{form}").events == 3
    counts = {text: 1 for text in NASTY if text is not None}
    assert session.features(k="a") == {
        "tags_count_1h": len(counts),
        "tags_histogram_1h": dict(sorted(counts.items())),
        "xs_sum_1h": 2 * number,
        "k_count_1h": 3,
    }


NO_LISTS = ['"a"', "5", '{"a": 1}', "a", "[1", "null", "[a]"]


@pytest.mark.parametrize("cell", NO_LISTS)
def test_what_is_no_list_is_refused(tmp_path: Path, cell: str) -> None:
    """A value that is not a list refuses its row, with the column and its type."""
    path = tmp_path / "events.csv"
    quoted = cell.replace('"', '""')
    path.write_text(f'k,tags,xs,ts\na,"{quoted}",,{AT - 1}\na,"[""x""]",[1],{AT - 1}\n')
    session = lists()
    assert session.write(path).refused == {"tags is not an array<string>": 1}
    assert session.features(k="a")["tags_histogram_1h"] == {"x": 1}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("bigint", "[9007199254740993, null]", "[1, 2.5]"),
        ("double", '[1e300, "NaN"]', '["x"]'),
        ("date", '["2024-01-04"]', '["2024-01-04", "infinity"]'),
        ("timestamp", '["2024-01-04 00:00:00"]', '["12000-01-01"]'),
        ("boolean", "[true]", '["perhaps"]'),
    ],
)
def test_an_element_of_another_type_is_refused(
    tmp_path: Path, kind: str, good: str, bad: str
) -> None:
    """One element that does not fit refuses the row, whether the list comes as JSON or as a list of
    texts.
    """
    made = plan_of(
        {"k": "string", "x": f"array<{kind}>"}, ["k"], aggregations("x", [Operation.COUNT])
    )
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f'{{"k": "a", "x": {text}, "ts": {AT - 1}}}\n' for text in (good, bad)))
    session, texts = Session(made), [[str(value) for value in json.loads(bad)]]
    assert session.write(path).refused == {f"x is not an array<{kind}>": 1}
    assert session.write([{"k": "a", "x": value, "ts": AT - 1} for value in texts]).refused == {
        f"x is not an array<{kind}>": 1
    }
    assert session.features(k="a") == {
        "x_count_1h": sum(value is not None for value in json.loads(good))
    }


def test_dates_in_a_list_that_an_expression_makes_cannot_spoil_it() -> None:
    """A computed element that Spark cannot read as a day is null, and the others count."""
    selects = {"k": "k", "d": "array(cast(t as date), cast('2024-01-04' as date))"}
    session = Session(
        plan_of(SCHEMA, ["k"], aggregations("d", [Operation.COUNT, Operation.MAX]), selects=selects)
    )
    session.write([row("a", 1, text) for text in BAD_MOMENTS])
    # Spark's cast ends at the space: it takes 0044-01-01 (BC) for a day of the year 44.
    assert session.features(k="a") == {
        "d_count_1h": len(BAD_MOMENTS) + 1,
        "d_max_1h": date(2024, 1, 4),
    }


def test_a_list_of_dictionaries_may_hold_a_bad_list() -> None:
    """A list of several types among good ones, or a text, spoils its own row only."""
    session = lists()
    report = session.write(
        [{"k": "a", "tags": tags, "xs": [], "ts": AT - 1} for tags in (["x", 1], ["y,"], "z")]
    )
    assert report.refused == {"tags is not an array<string>": 1}
    assert session.features(k="a")["tags_histogram_1h"] == {"1": 1, "x": 1, "y,": 1}


def test_lists_are_cut_into_elements_by_an_expression() -> None:
    """A select may make a list, whose elements count like those of a column."""
    session = Session(
        plan_of(
            SCHEMA,
            ["k"],
            aggregations("w", [Operation.LAST_K(3)]),
            selects={"k": "k", "w": "split(t, ',')"},
        )
    )
    session.write([row("a", 1, "c,b,a"), row("a", 1, None)])
    assert session.features(k="a") == {"w_last3_1h": ["c", "b", "a"]}


def test_wheres_leave_rows_out_without_complaint() -> None:
    """A row that a where does not keep is filtered, not refused; a where that is null keeps
    nothing.
    """
    session = Session(
        plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), wheres=["n > 1", "t = 'x'"])
    )
    report = session.write(
        [row("a", 1), row("a", 2), row("a", 4, "y"), row("a", 8, None), row("a", 16), row(None, 1)]
    )
    assert (report.filtered, report.events, report.refused) == (4, 2, {})
    assert session.sums("a") == [18]


def test_a_failed_expression_is_null() -> None:
    """Spark's rules hold: a bad cast and a division by zero are null, and null does not count."""
    selects = {"k": "k", "n": "cast(t as bigint) / n"}
    session = Session(
        plan_of(SCHEMA, ["k"], aggregations("n", [Operation.COUNT, Operation.SUM]), selects=selects)
    )
    session.write([row("a", 2, "7"), row("a", 0, "7"), row("a", 1, "seven")])
    assert session.features(k="a") == {"n_count_1h": 1, "n_sum_1h": 3.5}


def two_sources() -> Session:
    """A plan of clicks and views, whose columns have other names."""
    clicks, views = (
        event_source(SCHEMA, "clicks"),
        event_source({"k": "string", "m": "int"}, "views", selects={"k": "k", "n": "m * 10"}),
    )
    return Session(plan_of({}, ["k"], aggregations("n", [Operation.SUM]), sources=[clicks, views]))


def test_the_sources_of_a_plan_share_its_tiles() -> None:
    """Events of both sources meet in one sum, each read with the expressions of its own source."""
    session = two_sources()
    session.write([row("a", 1)], source="clicks")
    session.write([{"k": "a", "m": 3, "ts": AT - 1}], source="views")
    assert session.sums("a") == [31]


def test_a_position_belongs_to_its_source(tmp_path: Path) -> None:
    """One file may be read for each source of a plan, once."""
    path = tmp_path / "events.csv"
    to_csv([{"k": "a", "n": 1, "t": "x", "m": 3, "ts": AT - 1}], {**SCHEMA, "m": "int"}, path)
    session = two_sources()
    assert [
        session.write(path, source=source).rows for source in ("clicks", "views", "clicks", "views")
    ] == [1, 1, 0, 0]
    assert session.sums("a") == [31]


@pytest.mark.parametrize(
    ("source", "message"),
    [(None, "which source the events are of is not said"), ("nope", "'nope' is not a source")],
)
def test_the_source_must_be_known(source: str | None, message: str) -> None:
    """With several sources the events' own has to be named, and the error lists them."""
    with pytest.raises(
        InputError, match=f"{message}.*: it has clicks, views. Name one with --source"
    ):
        two_sources().write([row("a", 1)], source=source)


def test_a_plan_that_does_not_match_the_store_is_refused() -> None:
    """Tiles of a plan of the same name with other states, keys or levels are never mixed; both
    fingerprints are named.
    """
    session = Session()
    session.write([row("a", 1)])
    before = session.contents({"k": "a"})
    other = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.MIN]))
    with pytest.raises(
        StoreError,
        match=f"{session.plan.storage_fingerprint}.*{other.storage_fingerprint}.* new store",
    ):
        Writer(other, session.store)
    assert session.contents({"k": "a"}) == before


def test_a_plan_with_other_features_of_the_same_states_fits_the_store() -> None:
    """What only reads differently needs no new tiles: an average joins where sum and count are
    kept.
    """
    session = Session(plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM])))
    session.write([row("a", 3), row("a", 6)])
    session.plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.AVERAGE]))
    assert session.features(k="a") == {"n_average_1h": 4.5}


def test_plans_of_other_names_share_a_store() -> None:
    """Two GroupBys in one store do not see each other's tiles and positions."""
    session = Session()
    session.write([row("a", 1)], position="p")
    other = Session(plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name="others"))
    other.store = session.store
    assert other.write([row("a", 5)], position="p").rows == 1
    assert (session.sums("a"), other.sums("a")) == ([1], [5])


def test_the_report_counts_the_records_of_every_level() -> None:
    """Two keys in three tiles of five minutes and two of a day are told by level."""
    made = plan_of(
        SCHEMA,
        ["k"],
        [*aggregations("n", [Operation.SUM]), *aggregations("n", [Operation.COUNT], None)],
    )
    report = Session(made).write(
        [row("a", 1), row("a", 1, ts=AT - 300_000), row("b", 1), row("b", 1)]
    )
    assert report.tiles == {300_000: 3, DAY: 2}


def test_the_events_of_a_failed_commit_are_not_half_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a commit fails after some levels, neither tiles nor position of it are kept, and writing
    again adds it all.
    """
    made = plan_of(
        SCHEMA,
        ["k"],
        [*aggregations("n", [Operation.SUM]), *aggregations("n", [Operation.COUNT], None)],
    )
    session = Session(made)
    original = Merger._records
    calls: list[int] = []

    def fail(self: Merger, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise StoreError("the disk is full")
        return original(self, *arguments)

    monkeypatch.setattr(Merger, "_records", fail)
    with pytest.raises(StoreError, match="the disk is full"):
        session.write([row("a", 1)], position="p")
    assert session.features(k="a") == {"n_sum_1h": None, "n_count": 0}
    session.write([row("a", 1)], position="p")
    assert session.features(k="a") == {"n_sum_1h": 1, "n_count": 1}


def _levels(session: Session, *rows: dict[str, Any]) -> list[LevelTiles]:
    """The tiles of some events, as an engine makes them."""
    aggregator = Aggregator(session.plan, session.store.max_entity_bytes)
    loaded = aggregator.load(
        "events",
        to_arrow(rows, SCHEMA).append_column("__row", pa.array(range(len(rows)), pa.int64())),
    )
    return [loaded.tiles(level.size_ms) for level in session.plan.levels]


def test_batches_of_a_stream_are_added_once() -> None:
    """A batch that comes again, or comes after a later one, changes nothing; the next one is
    added.
    """
    session = Session()
    with Writer(session.plan, session.store) as writer:
        assert writer.add_tiles(_levels(session, row("a", 1)), "stream", 0)
        assert writer.add_tiles(_levels(session, row("a", 2), row("b", 5)), "stream", 3)
    before = session.contents({"k": "a"}, {"k": "b"})
    with Writer(session.plan, session.store) as writer:
        assert not writer.add_tiles(_levels(session, row("a", 2), row("b", 5)), "stream", 3)
        assert not writer.add_tiles(_levels(session, row("a", 1)), "stream", 0)
    assert session.contents({"k": "a"}, {"k": "b"}) == before
    assert session.sums("a", "b") == [3, 5]


def test_tiles_of_another_engine_are_counted_once() -> None:
    """A batch that is passed over writes nothing."""
    session = Session(
        plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name="counted_once")
    )
    with Writer(session.plan, session.store) as writer:
        for _ in range(2):
            writer.add_tiles(_levels(session, row("a", 1)), "stream", 0)
    levels = len(session.plan.levels)
    assert metrics_of("counted_once").values()[TILES_WRITTEN.name] == levels


def test_an_empty_batch_is_a_batch() -> None:
    """A batch without usable events is remembered too."""
    session = Session()
    with Writer(session.plan, session.store) as writer:
        assert writer.add_tiles([], "stream", 0)
        assert not writer.add_tiles(_levels(session, row("a", 1)), "stream", 0)
    assert session.sums("a") == [None]


def test_two_streams_do_not_share_a_store() -> None:
    """A stream with another checkpoint may read again what the first one has read, so it is
    refused.
    """
    session = Session()
    with Writer(session.plan, session.store) as writer:
        writer.add_tiles(_levels(session, row("a", 1)), "first", 7)
        with pytest.raises(StoreError, match="written by the stream first, and this one is second"):
            writer.add_tiles(_levels(session, row("a", 1)), "second", 0)
    assert session.sums("a") == [1]


def test_two_writers_of_one_file_count_its_events_once(tmp_path: Path) -> None:
    """Of writers that read one file at the same time, the later to commit is refused."""
    (tmp_path / "a.csv").write_text("k,n,t,ts\n" + f"a,1,x,{AT - 1}\n" * 600)
    session = Session(url=f"lmdb:{tmp_path}/s")
    gate = threading.Barrier(2)

    def write(_: int) -> int:
        with Writer(session.plan, session.store) as writer:
            gate.wait()
            try:
                return writer.write(str(tmp_path / "a.csv")).events
            except StoreError as error:
                assert "another writer wrote the same input meanwhile" in str(error)
                return 0

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(write, range(2))) == 600
    assert session.sums("a") == [600]


def test_threads_may_share_a_writer() -> None:
    """They take turns, and each event counts once."""
    session = Session()
    with Writer(session.plan, session.store) as writer, ThreadPoolExecutor(3) as pool:
        rows = [[row("a", number)] * 50 for number in (1, 10, 100)]
        reports = list(pool.map(writer.write, rows))
    assert ([report.rows for report in reports], session.sums("a")) == ([50] * 3, [5550])


def test_a_writer_is_of_the_process_that_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forked child cannot write with its parent's writer."""
    session = Session()
    with Writer(session.plan, session.store) as writer:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(StoreError, match="this process is a fork of it"):
            writer.write([row("a", 1)])


def test_a_file_of_refused_rows_may_be_corrected_in_place(tmp_path: Path) -> None:
    """No tile holds anything of it, so it is read anew, and counted once from then on."""
    path, session = tmp_path / "events.csv", Session()
    path.write_text(f"k,n,t,ts\na,many,x,{AT - 1}\n")
    assert session.write(path).refused == {"n is not a bigint": 1}
    path.write_text(f"k,n,t,ts\na,5,x,{AT - 1}\n")
    assert (session.write(path).events, session.write(path).rows) == (1, 0)
    assert session.sums("a") == [5]


def test_a_file_of_which_some_rows_count_is_not_corrected_in_place(tmp_path: Path) -> None:
    """Tiles hold its good rows, so the corrected one belongs into a file of its own."""
    path, session = tmp_path / "events.csv", Session()
    path.write_text(f"k,n,t,ts\na,5,x,{AT - 1}\nb,many,x,{AT - 1}\n")
    session.write(path)
    path.write_text(f"k,n,t,ts\na,5,x,{AT - 1}\nb,6,x,{AT - 1}\n")
    with pytest.raises(InputError, match=r"refused are added as a file of their own"):
        session.write(path)
    (tmp_path / "corrected.csv").write_text(f"k,n,t,ts\nb,6,x,{AT - 1}\n")
    session.write(tmp_path / "corrected.csv")
    assert session.sums("a", "b") == [5, 6]


def test_a_text_for_no_value_is_told_by_its_looks(tmp_path: Path) -> None:
    """A refusal of NA says how the source names it; other texts are as they were."""
    path = tmp_path / "events.csv"
    path.write_text(f"k,n,t,ts\na,NA,x,{AT - 1}\nb,many,x,{AT - 1}\n")
    hint = "n is not a bigint. If 'NA' stands for no value, say null_values=['NA'] in its source"
    assert Session().write(path).refused == {hint: 1, "n is not a bigint": 1}


def test_a_refused_row_is_kept_whatever_it_holds(tmp_path: Path) -> None:
    """A time that Python does not have is kept as a text."""
    schema = {"k": "string", "t": "timestamp"}
    plan = plan_of(schema, ["k"], aggregations("t", [Operation.LAST]))
    table = pa.table({"k": ["a"], "t": pa.array([2**40], pa.timestamp("s")), "ts": [AT - 1]})
    path = tmp_path / "rejects.jsonl"
    with path.open("w") as rejects, Writer(plan, open_store("memory:"), rejects=rejects) as writer:
        assert writer.write(table).refused.total() == 1
    assert "value out of range: 1099511627776000000" in json.loads(path.read_text())["content"]
