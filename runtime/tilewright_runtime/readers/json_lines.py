"""Reading JSON, an object a line or in an array.

Every value arrives as text.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilewright_compiler.plan.model import Column
from tilewright_compiler.plan.types import element

from .batch import Batch, Malformed, Position
from .checks import require_columns
from .python_values import text_of
from .stream import CHUNK_BYTES, Opened, Parsed, numbered_text, read_chunks

# Each line is parsed once: what is no JSON has nothing to extract. DuckDB keeps the order of lines.
_EXTRACT = """
SELECT TRY(json_extract_string(line, $pointers)) AS found, regexp_matches(line, $long) AS is_long
FROM lines
"""
_REPEATS = "SELECT len(json_keys(line)) > len(list_distinct(json_keys(line))) AS is_so FROM marked"
_BLANKS = " \t\r"
#: Of an input that grows, fewer lines do not tell which members its objects have.
_SAMPLE_LINES = 100
#: Numbers whose digits decimals keep and doubles lose, and those that whole numbers need.
_LONG_DECIMAL, _LONG_WHOLE = "[0-9][0-9.]{16}", r"[0-9]{16}\.|-[0-9]{19}|[0-9]{20}"
#: Doubles that DuckDB's JSON writes in another way than Python and Arrow do.
_EXPONENT = r"[:,\[]\s*-?(?:[0-9.]+[eE]|0\.0000)"
#: Python reads no longer whole number.
_LONGEST_WHOLE = 4_300


class _Whole(str):
    """The digits of a whole number."""


class _Real(str):
    """The digits of another number."""


class JsonParser:
    """Reads JSON objects into columns of text.

    The objects are lines or other texts.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> None:
        self.names = [column.name for column in columns]
        self._columns = columns
        self._connection = connection
        decimals = any(element(column.type).startswith("DECIMAL") for column in columns)
        # JSON pointers, unlike JSON paths, can name any member; they are parameters, not text of
        # the query.
        pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in self.names]
        self._params = {
            "pointers": pointers,
            "long": f"{_LONG_DECIMAL if decimals else _LONG_WHOLE}|{_EXPONENT}",
        }

    def parse(self, texts: list[bytes], first_row: int) -> Parsed:
        """Read objects, given the row of the first.

        Empty texts are skipped.
        """
        if first_row == 1:
            texts[0] = texts[0].removeprefix(codecs.BOM_UTF8)
        numbers = np.arange(first_row, first_row + len(texts), dtype=np.int64)
        lines = pa.table({"line": pa.array(texts, pa.binary())})
        text = numbered_text(lines, numbers, [], len(texts))
        self._connection.register("lines", text.table)
        read = self._connection.sql(_EXTRACT, params=self._params).to_arrow_table()
        is_json = pc.is_valid(read["found"])
        begin = pc.ascii_ltrim(text.table["line"], _BLANKS + "\n")
        good = pc.and_(is_json, pc.starts_with(begin, "{"))
        objects = pa.table({**_columns(text.table), **_columns(read)}).filter(good)
        bad = text.table.append_column("is_json", is_json).filter(pc.invert(good))
        bad = bad.filter(pc.not_equal(pc.ascii_trim(bad["line"], _BLANKS), ""))
        refused = [_refuse(row) for row in bad.to_pylist()]
        return Parsed(self._spread(objects), text.malformed + refused, len(texts))

    def _spread(self, objects: pa.Table) -> pa.Table:
        """Spread the extracted values over columns of text."""
        found = objects["found"].combine_chunks()
        values: dict[str, Any] = {
            name: pc.list_element(found, i) if len(found) else pa.array([], pa.string())
            for i, name in enumerate(self.names)
        }
        is_odd = pc.or_(objects["is_long"], self._repeats(objects["line"], values))
        if pc.any(is_odd).as_py():
            _read_again(values, objects["line"], is_odd, self._columns)
        return pa.table({**values, "__row": objects["__row"]})

    def _repeats(self, lines: pa.ChunkedArray, values: dict[str, Any]) -> pa.Array:
        """Tell which objects name a member more than once."""
        data = b"".join(bytes(chunk.buffers()[2] or b"") for chunk in lines.chunks)
        repeats = np.zeros(len(lines), dtype=bool)
        for name, column in values.items():
            mark = json.dumps(name, ensure_ascii=False)
            if column.null_count or data.count(mark.encode()) != len(lines):
                # Each has it, and there are no more of them: all others are looked at.
                repeats |= pc.greater(pc.count_substring(lines, mark), 1).to_numpy()
        if repeats.any():
            marked = pa.table({"line": lines}).filter(pa.array(repeats))
            self._connection.register("marked", marked)
            repeats[repeats] = self._connection.sql(_REPEATS).fetchnumpy()["is_so"]
        return pa.array(repeats)

    def absent(self, texts: Sequence[str]) -> tuple[list[str], list[str]]:
        """Tell which columns a sample lacks.

        Also returns the members that its objects have.
        """
        lines = pa.table({"line": pa.array(texts, pa.string())})
        self._connection.register("sample", lines)
        query = (
            "SELECT DISTINCT unnest(json_keys(line)) FROM sample "
            "WHERE json_valid(line) AND json_type(line) = 'OBJECT'"
        )
        members = [name for (name,) in self._connection.sql(query).fetchall()]
        return [name for name in self.names if name not in members], sorted(members)


def read_json_lines(
    opened: Opened, columns: Sequence[Column], position: Position
) -> Iterator[Batch]:
    """Read batches of JSON Lines after a position.

    Raises InputError if no row has a column.
    """
    with duckdb.connect() as connection:
        parser = JsonParser(connection, columns)

        def parse(data: bytes, first_row: int) -> Parsed:
            lines = data.removesuffix(b"\n").split(b"\n")
            parsed = parser.parse(lines, first_row)
            if first_row == 1 and (len(lines) >= _SAMPLE_LINES or not opened.grows()):
                require_members(parser, parsed.table, lines, opened.stream)
            return parsed

        yield from read_chunks(opened, b"", position, lambda data: data.rfind(b"\n") + 1, parse)


def require_members(
    parser: JsonParser, table: pa.Table, lines: list[bytes], stream: BinaryIO | None
) -> None:
    """Raise InputError if no object has a column.

    A rare member is searched for to the end.
    """
    empty = [name for name in parser.names if table[name].null_count == len(table)]
    if not empty or not len(table):
        return
    absent, members = parser.absent([line.decode(errors="replace") for line in lines])
    for name in absent:
        if stream is None or not _mentions(stream, name):
            require_columns([name], members)


def _mentions(stream: BinaryIO, name: str) -> bool:
    """Tell whether a file names a member anywhere."""
    if not stream.seekable():
        return False
    marks = [json.dumps(name, ensure_ascii=ascii_only).encode() for ascii_only in (True, False)]
    at, end = stream.tell(), b""
    stream.seek(0)
    try:
        while block := stream.read(CHUNK_BYTES):
            if any(mark in end + block for mark in marks):
                return True
            end = block[-max(map(len, marks)) :]
        return False
    finally:
        stream.seek(at)


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _read_again(
    values: dict[str, Any], lines: pa.ChunkedArray, is_odd: pa.Array, columns: Sequence[Column]
) -> None:
    # DuckDB's JSON reads a number that no 64-bit integer holds as a double, decimals may have more
    # digits than that, and it takes the first of several members of one name.
    rows: list[list[str | None]] = []
    is_read = []
    for line, odd in zip(lines.to_pylist(), is_odd.to_pylist(), strict=True):
        row = _row_of(line, columns) if odd else None
        is_read.append(row is not None)
        if row is not None:
            rows.append(row)
    mask = pa.array(is_read, pa.bool_())
    for column, texts in zip(columns, zip(*rows, strict=True), strict=False):
        replacements = pa.array(texts, pa.string())
        values[column.name] = pc.replace_with_mask(values[column.name], mask, replacements)


def _row_of(line: str, columns: Sequence[Column]) -> list[str | None] | None:
    try:
        document: dict[str, Any] = json.loads(
            line, parse_float=_Real, parse_int=_Whole, parse_constant=_Real
        )
        return [_text(document.get(column.name), column.type) for column in columns]
    except RecursionError:  # nested too deeply for Python: what DuckDB read of it stays
        return None


def _text(value: Any, kind: str) -> str | None:
    """Write a value for a declared type.

    A text column gets what Python's value would give, every other one the digits of the line.
    """
    if value is None or type(value) is str:
        return value
    if element(kind) == "VARCHAR":
        return text_of(_value(value))
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(read: Any) -> Any:
    """Make Python's value of what was read by its digits."""
    match read:
        case _Whole():
            return int(read) if len(read) < _LONGEST_WHOLE else str(read)
        case _Real():
            return float(read)
        case dict():
            return {name: _value(part) for name, part in read.items()}
        case list():
            return [_value(part) for part in read]
        case _:
            return read


def _refuse(row: dict[str, Any]) -> Malformed:
    reason = "not a JSON object" if row["is_json"] else "not valid JSON: is the line cut?"
    return Malformed(row["__row"], reason, row["line"])
