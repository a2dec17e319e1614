"""JSON objects that the kernel reads, beside DuckDB's reading of the same texts."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.kernels import numpy_only, required_kernel
from support.plans import source_of
from tilewright_compiler.plan.model import Column
from tilewright_runtime.readers.json_objects import JsonParser
from tilewright_runtime.readers.native_objects import NativeObjects
from tilewright_runtime.readers.texts import Texts

COLUMNS = [
    Column(name="t", type="VARCHAR"),
    Column(name="n", type="BIGINT"),
    Column(name="d", type="DOUBLE"),
    Column(name="a/b~é", type="VARCHAR[]"),
]
WITH_DECIMALS = [*COLUMNS[:3], Column(name="m", type="DECIMAL(30,10)")]
TYPES = {"n": pa.int64(), "d": pa.float64()}
NAMES = ["t", "n", "d", "m", "a/b~é", "other", "", "T", r"\u0074", r"n\n"]

#: Numbers at the edges of how they are read and written, some of which are none.
_NUMBERS = """
0 -0 0.0 -0.0 1 -1 007 1.50 1.0 10.00 -2.500 100 1. .5 +1 1e3 1E+400 1e-7 -1.5e300 0.1 0.0001
0.0001000 0.00001 0.00000 -0.00001 123456789012345 12345678901234.5 1234567890123456.5
123456789012345678.25 0.123456789012345678 0.12345678901234567890 9007199254740993
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
18446744073709551615 18446744073709551616 -1234567890123456789.5 30.867535560021096
30.867535560021099 45.10000000000000142 4.35 0.3 0.30000000000000004 5e-324 1e9999 NaN Infinity
-Infinity nan 1_0 0x1 99999999999999999999999999999999999999 1234567890.1234567
"""
_OTHERS = """
null true false nul True "" "x" "1.50" "é" "😀" "\\u00e9" "\\ud83d\\ude00" "\\ud800" "\\u0000"
"\\n\\t\\"\\\\\\/" "\\x" "a/b" "12345678901234567890" "1234567890123456.7" "a:1e5" ",0.00001"
[] {} [1,2.50] ["x",null] {"t":1} {"n":1,"n":2} [[[1]]] [1,] "open 'x'
"""

values = (
    st.sampled_from(f"{_NUMBERS} {_OTHERS}".split())
    | st.floats(0, 1e17).map(str)
    | st.integers().map(str)
)
spaces = st.sampled_from(["", "", "", " ", "\t", "\r"])


@st.composite
def objects(draw: st.DrawFn) -> str:
    """An object of a few members, most of whose values are sound."""
    members = draw(st.lists(st.tuples(st.sampled_from(NAMES), values, spaces), max_size=5))
    ends = draw(st.sampled_from(["{}"] * 8 + ["{", "}", "[]", "{,}", "{}{}", "{}x"]))
    texts = [f'{gap}"{name}"{gap}:{gap}{value}{gap}' for name, value, gap in members]
    return draw(spaces) + ends[:1] + ",".join(texts) + ends[1:] + draw(spaces)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An object of which a byte is another."""
    text = bytearray(draw(objects()).encode())
    if text:
        text[draw(st.integers(0, len(text) - 1))] = draw(st.integers(0, 255).filter((10).__ne__))
    return bytes(text)


texts = objects().map(str.encode) | objects().map(str.encode) | damaged()
others = st.sampled_from([b"", b" \r", b"1", b"null", b'"x"', b"\xef\xbb\xbf{}", b"\xff", b"{"])


Parsers = tuple[JsonParser, JsonParser]
SQL_TYPES = {"n": "BIGINT", "d": "DOUBLE"}


@pytest.fixture(scope="module")
def parsers() -> Iterator[list[Parsers]]:
    """A parser with the kernel and one without, with and without decimals."""
    required_kernel()
    with duckdb.connect() as connection:
        sources = [source_of(COLUMNS), source_of(WITH_DECIMALS)]
        fast = [JsonParser(connection, source) for source in sources]
        with numpy_only():
            slow = [JsonParser(connection, source) for source in sources]
        yield list(zip(fast, slow, strict=True))


@given(
    lines=st.lists(texts | others, min_size=1, max_size=40),
    first_row=st.sampled_from([1, 1000]),
)
@settings(max_examples=20)
def test_rows_are_those_of_duckdb(
    parsers: list[Parsers], lines: list[bytes], first_row: int
) -> None:
    """Values, nulls, refusals, row numbers and order are the same with the kernel and without."""
    for pair in parsers:
        fast, slow = (parser.parse(Texts.joined(lines), first_row) for parser in pair)
        assert (fast.malformed, fast.rows) == (slow.malformed, slow.rows)
        if fast.as_written is not None:
            shown = fast.as_written(fast.table["__row"].to_numpy())
            assert shown.to_pylist() == slow.table.drop_columns(["__row"]).to_pylist()
        assert values_of(fast.table) == values_of(slow.table)


def values_of(table: pa.Table) -> list[object]:
    """What the plan's SQL makes of columns; a double also shows the sign of zero."""
    casts = {name: kind for name, kind in SQL_TYPES.items() if name in table.column_names}
    chosen = ", ".join(f'TRY_CAST("{name}" AS {kind})::VARCHAR' for name, kind in casts.items())
    others = table.drop_columns(list(casts)).to_pylist()
    return [others, duckdb.execute(f'SELECT {chosen} FROM "table"').fetchall()]


NUMBERS = st.sampled_from(_NUMBERS.split()) | st.floats().map(repr) | st.integers().map(str)


@given(numbers=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3))
def test_numbers_are_those_that_duckdb_makes_of_their_texts(
    parsers: list[Parsers], numbers: list[tuple[str, str]]
) -> None:
    """Read as numbers or left as texts, they become the same doubles and whole numbers."""
    lines = [f'{{"n":{whole},"d":{real}}}'.encode() for whole, real in numbers]
    fast, slow = (parser.parse(Texts.joined(lines), 1) for parser in parsers[0])
    assert values_of(fast.table) == values_of(slow.table)


@pytest.fixture
def simple() -> NativeObjects:
    required_kernel()
    return NativeObjects(COLUMNS, keeps_digits=False)


def test_simple_objects_are_read_natively(simple: NativeObjects) -> None:
    """Members in any order, escapes, missing ones, and nested ones that no column reads."""
    rows = simple.read(
        Texts.lines(b'{"t":"\\u00e9","n":-5,"d":1.50}\r\n{"other":[{}],"d":true}\n{"n":1,"n":2}'),
        as_numbers=True,
    )
    assert rows is not None
    assert rows.columns["t"].to_pylist() == ["é", None]
    assert rows.columns["n"].to_pylist() == ["-5", None]
    assert rows.columns["d"].to_pylist() == ["1.5", "true"]
    assert (rows.places.tolist(), rows.left.tolist()) == ([0, 1], [2])


def test_a_second_batch_begins_anew(simple: NativeObjects) -> None:
    """Nothing of the batch before is left."""
    for value in (1, 2):
        rows = simple.read(Texts.joined([f'{{"n":{value}}}'.encode()]), as_numbers=True)
        assert rows is not None
        assert rows.columns["n"].to_pylist() == [value]


@pytest.mark.parametrize("odd", ['{"n":"7"}', '{"n":7.0}', '{"d":-0}', '{"d":1e999}', "", "[1]"])
def test_numbers_are_texts_where_one_is_odd(simple: NativeObjects, odd: str) -> None:
    """All rows of a batch have the same types, and DuckDB casts what is not a plain number."""
    plain = b'{"n":1,"d":1.50}'
    for lines, is_plain in (([plain, plain], True), ([plain, odd.encode()], False)):
        rows = simple.read(Texts.joined(lines), as_numbers=True)
        assert rows is not None
        types = {name: rows.columns[name].type for name in TYPES}
        assert types == (TYPES if is_plain else dict.fromkeys(TYPES, pa.string()))
        assert rows.columns["d"][0].as_py() == (1.5 if is_plain else "1.5")


def test_numbers_that_may_stand_for_no_value_are_texts() -> None:
    """A source's null_values are compared with texts."""
    required_kernel()
    with duckdb.connect() as connection:
        parser = JsonParser(connection, source_of(COLUMNS, ["-1"]))
        table = parser.parse(Texts.joined([b'{"n":-1}']), 1).table
        assert table["n"].to_pylist() == ["-1"]


def test_texts_that_lie_elsewhere_are_refused(simple: NativeObjects) -> None:
    """The kernel reads no memory that it was not given."""
    for starts, ends in ([0], [9]), ([-1], [2]), ([1], [0]), ([0, 0], [2, 2]), ([0], [1, 2]):
        texts = Texts(b"{}", np.array(starts, np.int64), np.array(ends, np.int64))
        with pytest.raises(ValueError, match=r"an end for each start|one after the other"):
            simple.read(texts, as_numbers=True)
