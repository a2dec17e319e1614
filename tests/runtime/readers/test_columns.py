"""Parquet files and Arrow tables: positions counted in rows, prefixes verified by value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import to_arrow, to_parquet
from support.examples import few
from support.plans import AT, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime.errors import InputError
from tilewright_runtime.readers import Position, columns
from tilewright_runtime.readers.columns import read_arrow


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "events.parquet"
    to_parquet([row("a", 1), row("a", 2)], SCHEMA, place)
    return place


def test_a_file_written_again_adds_nothing(path: Path) -> None:
    """The second write of a file reads no new row."""
    session = Session()
    assert [session.write(path).rows for _ in range(3)] == [2, 0, 0]
    assert session.sums("a") == [3]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
@pytest.mark.parametrize("group_rows", [1, 2, 5])
def test_a_file_that_has_grown_adds_what_is_new(
    path: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int, group_rows: int
) -> None:
    """Only rows after those that were read before are added, however the file is cut into row
    groups and batches.
    """
    monkeypatch.setattr(columns, "BATCH_ROWS", batch_rows)
    monkeypatch.setattr(columns, "_READ_ROWS", 2)
    session = Session()
    session.write(path)
    rows = [row("a", 1), row("a", 2), row("a", 10), row("b", None, None), row("b", 20, "é")]
    pq.write_table(to_arrow(rows, SCHEMA), path, row_group_size=group_rows)
    assert session.write(path).rows == 3
    assert session.sums("a", "b") == [13, 20]


def test_a_changed_prefix_is_an_error_that_changes_nothing(path: Path) -> None:
    """If rows that were read before are different now, nothing is added, not even what is new."""
    session = Session()
    session.write(path)
    before = session.contents({"k": "a"})
    to_parquet([row("a", 1), row("a", 3), row("a", 10)], SCHEMA, path)
    with pytest.raises(
        InputError, match=r"first 2 rows, which were read before, are not the same any more"
    ):
        session.write(path)
    assert session.contents({"k": "a"}) == before


def test_a_file_that_shrank_is_an_error_that_changes_nothing(path: Path) -> None:
    """A file may only grow."""
    session = Session()
    session.write(path)
    before = session.contents({"k": "a"})
    to_parquet([row("a", 1)], SCHEMA, path)
    with pytest.raises(InputError, match=r"has 1 rows, but 2 were read from it before"):
        session.write(path)
    assert session.contents({"k": "a"}) == before


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_half_written_file_is_an_error_that_changes_nothing(
    path: Path, tmp_path: Path, keep: float
) -> None:
    """A file without its footer is refused with the advice that it may still be being written."""
    session = Session()
    session.write(path)
    before = session.contents({"k": "a"})
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(
        InputError, match=r"cut.parquet: not a whole Parquet file .* Is it still being written\?"
    ):
        session.write(cut)
    assert session.contents({"k": "a"}) == before


def test_damaged_pages_are_an_error(tmp_path: Path) -> None:
    """A file whose footer is whole but whose pages are not says so, and does not crash."""
    place = tmp_path / "damaged.parquet"
    pq.write_table(to_arrow([row("a", n) for n in range(1000)], SCHEMA), place, row_group_size=100)
    data = bytearray(place.read_bytes())
    data[100:1500] = bytes(byte ^ 0xFF for byte in data[100:1500])
    place.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged.parquet: cannot be read on"):
        Session().write(place)


def test_a_page_that_is_not_that_of_its_checksum_is_an_error(tmp_path: Path) -> None:
    """A value that has become another one is not counted, where the file can tell."""
    place = tmp_path / "damaged.parquet"
    table = pa.table({"k": ["a"], "t": ["x"], "n": [0x1122334455667788], "ts": [AT - 1]})
    pq.write_table(table, place, compression="none", use_dictionary=False, write_page_checksum=True)
    value = (0x1122334455667788).to_bytes(8, "little")
    footer = place.read_bytes().rindex(b"PAR1") - 4
    data, end = (
        place.read_bytes(),
        int.from_bytes(place.read_bytes()[footer : footer + 4], "little"),
    )
    pages = data[: footer - end].replace(value, (5).to_bytes(8, "little"))
    place.write_bytes(pages + data[footer - end :])
    with pytest.raises(InputError, match=r"damaged.parquet: cannot be read on .*CRC"):
        Session().write(place)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """The error says which column is missing and which there are."""
    place = tmp_path / "events.parquet"
    pq.write_table(pa.table({"k": ["a"], "N": [1], "ts": [1]}), place)
    with pytest.raises(
        InputError, match=r"events.parquet: has no column n, t; its columns are k, N, ts"
    ):
        Session().write(place)


def test_extra_columns_of_any_type_are_passed_over(tmp_path: Path) -> None:
    """A column that the plan does not use is not even read."""
    place = tmp_path / "events.parquet"
    table = to_arrow([row("a", 5)], SCHEMA)
    pq.write_table(table.append_column("nested", pa.array([[{"x": 1}]])), place)
    session = Session()
    session.write(place)
    assert session.sums("a") == [5]


def test_a_table_is_added_each_time_unless_its_position_is_named() -> None:
    """Without a name there is nothing to remember; with one, the same table adds nothing and a
    longer one its end.
    """
    session, rows = Session(), [row("a", 1), row("a", 2)]
    assert [session.write(to_arrow(rows, SCHEMA)).rows for _ in range(2)] == [2, 2]
    named = [
        session.write(to_arrow([*rows, row("a", 10)][:count], SCHEMA), position="day 1").rows
        for count in (2, 2, 3)
    ]
    assert named == [2, 0, 1]
    assert session.write(to_arrow(rows, SCHEMA), position="day 2").rows == 2
    assert session.sums("a") == [3 + 3 + 3 + 10 + 3]


def test_a_named_table_whose_begin_changed_is_an_error() -> None:
    """A named table may only grow, like a file."""
    session = Session()
    session.write([row("a", 1), row("a", 2)], position="p")
    with pytest.raises(InputError, match="first 2 rows"):
        session.write([row("a", 1), row("a", 3)], position="p")
    with pytest.raises(InputError, match="1 rows, but 2"):
        session.write([row("a", 1)], position="p")
    assert session.sums("a") == [3]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
)
def test_text_may_come_in_any_of_arrows_forms(kind: pa.DataType) -> None:
    """Plain, large, view and dictionary texts are the same texts."""
    table = pa.table(
        {
            "k": pa.array(["a", "b"]).cast(kind),
            "n": [1, 2],
            "t": pa.array(["x", None]).cast(kind),
            "ts": [row("a", 1)["ts"]] * 2,
        }
    )
    session = Session()
    assert [session.write(table, position="p").rows for _ in range(2)] == [2, 0]
    assert session.sums("a", "b") == [1, 2]


def test_wide_rows_make_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch ends at so many bytes, however few rows that are."""
    monkeypatch.setattr(columns, "_BATCH_BYTES", 1)
    pieces = [pa.record_batch({"k": [key]}) for key in ("a", "b")]
    reader = pa.RecordBatchReader.from_batches(pieces[0].schema, pieces)
    batches = read_arrow(reader, ["k"], Position("table:t"))
    assert [len(batch.table) for batch in batches] == [1, 1]


def test_pieces_without_rows_are_passed_over() -> None:
    """Empty chunks and batches, and columns without a single value, add nothing and break
    nothing.
    """
    whole = to_arrow([row("a", 1), row("a", 2)], SCHEMA)
    table = pa.concat_tables(
        [whole.slice(0, 0), whole.slice(0, 1), whole.slice(0, 0), whole.slice(1)]
    )
    nulls = pa.table({"k": ["a"], "n": pa.nulls(1), "t": pa.nulls(1), "ts": [row("a", 1)["ts"]]})
    session = Session()
    assert [session.write(part, position="p").rows for part in (table, table, whole)] == [2, 0, 0]
    assert session.write(nulls, position="q").rows == 1
    assert session.sums("a") == [3]


def test_a_list_of_dictionaries_has_the_columns_of_all_of_them() -> None:
    """A member that the first dictionary lacks is not lost, and a member that one lacks is null."""
    session = Session()
    report = session.write(
        [{"k": "a", "ts": row("a", 1)["ts"]}, {"ts": row("a", 1)["ts"], "t": "x", "n": 5, "k": "a"}]
    )
    assert (report.events, session.sums("a")) == (2, [5])


def test_a_list_of_dictionaries_may_hold_a_bad_value() -> None:
    """A text among numbers spoils its own row only."""
    session = Session()
    report = session.write([row("a", 1), row("a", "many"), row("a", 5)])  # type: ignore[arg-type]
    assert (report.refused, session.sums("a")) == ({"n is not a bigint": 1}, [6])


def test_an_empty_list_adds_nothing() -> None:
    """No events are no error."""
    assert Session().write([]).rows == 0


VALUES: list[tuple[pa.DataType, Sequence[Any]]] = [
    (pa.int8(), [-1, 0, 1]),
    (pa.uint64(), [0, 2**64 - 1]),
    (pa.float16(), [0.5, 1.5]),
    (pa.float64(), [0.0, float("inf"), 1e-9]),
    (pa.bool_(), [True, False]),
    (pa.string(), ["", "a", "é"]),
    (pa.string_view(), ["", "a long text that is not kept inline"]),
    (pa.binary(), [b"", b"\xff"]),
    (pa.date32(), [date(1969, 12, 31), date(2024, 1, 4)]),
    (pa.date64(), [date(1969, 12, 31), date(2024, 1, 4)]),
    (pa.time64("us"), [time(1, 2), time(3, 4)]),
    (
        pa.timestamp("us", "UTC"),
        [datetime(2024, 1, 4, tzinfo=UTC), datetime(1969, 1, 4, tzinfo=UTC)],
    ),
    (pa.timestamp("s"), [datetime(2024, 1, 4), datetime(1969, 1, 4)]),
    (pa.decimal128(12, 3), [Decimal("1.500"), Decimal("-2.000")]),
    (pa.list_(pa.int64()), [[], [1, 2], [None]]),
    (pa.large_list(pa.string()), [["a", None], ["", "b"]]),
    (pa.list_(pa.list_(pa.bool_())), [[[True], []], [None]]),
    (pa.struct([("x", pa.int64())]), [{"x": 1}, {"x": None}]),
    (pa.dictionary(pa.int32(), pa.string()), ["a", "b"]),
    (pa.null(), []),
]


def digests(chunks: Sequence[pa.Array]) -> list[str]:
    """The digests after each chunk of a table with one column."""
    table = pa.table({"v": pa.chunked_array(chunks, chunks[0].type)})
    return [batch.position.digest for batch in read_arrow(table, ["v"], Position("table"))]


@few(2)
@given(st.data(), st.sampled_from(VALUES))
def test_the_digest_of_a_prefix_is_that_of_its_values(
    data: st.DataObject, drawn: tuple[pa.DataType, Sequence[Any]]
) -> None:
    """However rows of any type are cut into pieces their digest is the same, and any other value
    makes another one.
    """
    kind, some = drawn
    value = st.none() | st.sampled_from(some) if some else st.none()
    values = data.draw(st.lists(value, min_size=1, max_size=6))
    cut = data.draw(st.integers(0, len(values)))
    whole, halves = (
        digests([pa.array(values, kind)]),
        digests([pa.array(values[:cut], kind), pa.array(values[cut:], kind)]),
    )
    assert whole == halves
    other = data.draw(st.lists(value, min_size=len(values), max_size=len(values)))
    assert (digests([pa.array(other, kind)]) == whole) == (other == values)


@pytest.mark.parametrize(
    ("unit", "count", "moment"),
    [
        ("ns", 1_709_337_599_999_999_999, datetime(2024, 3, 1, 23, 59, 59, 999999, UTC)),
        ("ns", -1, datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
        ("us", 10_413_792_000_000_000, datetime(2300, 1, 1, tzinfo=UTC)),
        ("us", 253_402_300_799_999_999, datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
    ],
)
def test_times_of_96_bits_are_those_moments(
    tmp_path: Path, unit: str, count: int, moment: datetime
) -> None:
    """They are floored to microseconds, and go on beyond 2262."""
    place = tmp_path / "events.parquet"
    table = pa.table({"k": ["a"], "t": pa.array([count], pa.timestamp(unit)), "ts": [AT - 1]})
    pq.write_table(table, place, use_deprecated_int96_timestamps=True)
    assert pq.ParquetFile(place).schema.column(1).physical_type == "INT96"
    schema = {"k": "string", "t": "timestamp"}
    session = Session(plan_of(schema, ["k"], aggregations("t", [Operation.LAST])))
    session.write(place)
    assert session.features(k="a") == {"t_last_1h": moment}


def texts_of(path: Path, texts: Sequence[str | None], group_rows: int = 1000) -> pa.DataType:
    """The type in which a file's texts are read."""
    table = pa.table({"k": pa.array(texts, pa.string())})
    pq.write_table(table, path, row_group_size=group_rows)
    (batch,) = columns.read_parquet(path, ["k"], Position("file"), ["k"])
    assert batch.table["k"].to_pylist() == list(texts)
    return batch.table["k"].type


def test_texts_that_a_file_repeats_stay_a_dictionary(tmp_path: Path) -> None:
    """They are made once for each text and not for each row, also where row groups have others."""
    repeated = ["a", "b", None] * 100 + ["c", "d"] * 100
    kind = texts_of(tmp_path / "events.parquet", repeated, group_rows=100)
    assert kind == pa.dictionary(pa.int32(), pa.string())


def test_texts_that_differ_are_texts(tmp_path: Path) -> None:
    """A dictionary of as many texts as rows would take more than they do."""
    assert texts_of(tmp_path / "events.parquet", [f"{i:06d}" for i in range(500)]) == pa.string()


def test_rows_of_several_dictionaries_may_be_refused(tmp_path: Path) -> None:
    """Each of their row groups has texts of its own, and a row without a key."""
    place = tmp_path / "events.parquet"
    rows = [row(f"{group}", 1) for group in range(3) for _ in range(50)]
    for refused in (10, 60, 110):
        rows[refused] = row(None, 1)
    pq.write_table(to_arrow(rows, SCHEMA), place, row_group_size=50)
    session = Session()
    report = session.write(place)
    assert (report.events, report.refused) == (147, {"key k is null": 3})
    assert session.sums("0", "1", "2") == [49, 49, 49]


def test_bytes_in_a_dictionary_of_texts_are_refused(tmp_path: Path) -> None:
    """A file may say of bytes that they are text."""
    place = tmp_path / "events.parquet"
    table = to_arrow([row("a", 1, "x") for _ in range(50)], SCHEMA)
    latin = pa.array([b"\xe9" if i == 7 else b"x" for i in range(50)], pa.binary())
    as_text = pa.Array.from_buffers(pa.string(), 50, latin.buffers())
    table = table.set_column(table.schema.get_field_index("t"), "t", as_text)
    pq.write_table(table, place)
    session = Session()
    assert session.write(place).refused == {"not UTF-8 text": 1}
    assert session.sums("a") == [49]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_the_digest_of_a_dictionary_is_that_of_its_texts(kind: pa.DataType) -> None:
    """So a file that was begun as texts goes on as a dictionary, and the other way round."""
    texts = pa.array(["b", "", None, "é", "b"], pa.string())
    dictionary = texts.cast(kind).dictionary_encode()
    assert digests([dictionary[1:], dictionary[:2]]) == digests([texts[1:], texts[:2]])


def test_opening_a_file_leaves_the_pool_as_it_was(path: Path) -> None:
    """A program's own tables take their memory from where it wants."""
    before = pa.default_memory_pool().backend_name
    list(columns.read_parquet(path, ["k"], Position("file")))
    assert pa.default_memory_pool().backend_name == before
