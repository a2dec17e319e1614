"""Reads JSON objects into columns of text or numbers.

The native kernel reads what is plainly simple, if it is there, and DuckDB all else.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Source
from tilewright_compiler.plan.types import element

from .batch import Malformed
from .native_objects import NativeObjects
from .python_values import text_of
from .stream import Parsed, numbered_text
from .texts import Texts

# Each line is parsed once: what is no JSON has nothing to extract. DuckDB keeps the order of lines.
_EXTRACT = """
SELECT TRY(json_extract_string(line, $pointers)) AS found, regexp_matches(line, $long) AS is_long
FROM lines
"""
_REPEATS = "SELECT len(json_keys(line)) > len(list_distinct(json_keys(line))) AS is_so FROM marked"
_BLANKS = " \t\r"
#: Numbers whose digits decimals keep and doubles lose, and those that whole numbers need.
_LONG_DECIMAL, _LONG_WHOLE = "[0-9][0-9.]{16}", r"[0-9]{16}\.|-[0-9]{19}|[0-9]{20}"
#: Doubles that DuckDB's JSON writes in another way than Python and Arrow do.
_EXPONENT = r"[:,\[]\s*-?(?:[0-9.]+[eE]|0\.0000)"
_AS_WRITTEN = r"^-?0\.0000|[a-zA-Z]"
#: Python reads no longer whole number.
_LONGEST_WHOLE = 4_300


class _Whole(str):
    """The digits of a whole number."""


class _Real(str):
    """The digits of another number."""


class JsonParser:
    """Reads JSON objects into columns.

    The objects are lines or other texts.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: Source) -> None:
        columns = source.columns
        self.names = [column.name for column in columns]
        self._columns = columns
        # A number may be a text that stands for no value.
        self._reads_numbers = not source.null_values
        self._connection = connection
        keeps_digits = any(element(column.type).startswith("DECIMAL") for column in columns)
        long = _LONG_DECIMAL if keeps_digits else _LONG_WHOLE
        self._native = NativeObjects(columns, keeps_digits)
        # JSON pointers, unlike JSON paths, can name any member; they are parameters, not text of
        # the query.
        pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in self.names]
        self._as_written = re.compile(f"{long}|{_AS_WRITTEN}")
        self._params = {"pointers": pointers, "long": f"{long}|{_EXPONENT}"}

    def parse(self, texts: Texts, first_row: int) -> Parsed:
        """Read objects, given the row of the first.

        Empty texts are skipped.
        """
        numbers = np.arange(first_row, first_row + len(texts), dtype=np.int64)
        native = self._native.read(texts, self._reads_numbers)
        if native is None:
            return self._parsed(texts.cut(), numbers)
        simple = pa.table({**native.columns, "__row": numbers[native.places]})
        if not len(native.left):
            return Parsed(simple, [], len(texts), partial(self._text_of, texts, first_row))
        rest = self._parsed(texts.at(native.left).cut(), numbers[native.left])
        table = pa.concat_tables([simple, rest.table]).combine_chunks()
        return Parsed(table.sort_by("__row"), rest.malformed, len(texts))

    def _text_of(self, texts: Texts, first_row: int, rows: NDArray[np.int64]) -> pa.Table:
        """Read objects again, given their rows, as columns of text."""
        again = self._parsed(texts.at(rows - first_row).cut(), rows)
        return again.table.drop_columns(["__row"])

    def _parsed(self, texts: list[bytes], numbers: NDArray[np.int64]) -> Parsed:
        """Read objects of any form, given their rows."""
        if numbers[0] == 1:
            texts[0] = texts[0].removeprefix(codecs.BOM_UTF8)
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
            self._read_again(values, objects["line"], is_odd)
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

    def _read_again(self, values: dict[str, Any], lines: pa.ChunkedArray, is_odd: pa.Array) -> None:
        # DuckDB's JSON reads a number that no 64-bit integer holds as a double, decimals may have
        # more digits than that, and it takes the first of several members of one name.
        rows: list[list[str | None]] = []
        is_read = []
        for line, odd in zip(lines.to_pylist(), is_odd.to_pylist(), strict=True):
            row = self._row_of(line) if odd else None
            is_read.append(row is not None)
            if row is not None:
                rows.append(row)
        mask = pa.array(is_read, pa.bool_())
        for name, texts in zip(self.names, zip(*rows, strict=True), strict=False):
            values[name] = pc.replace_with_mask(values[name], mask, pa.array(texts, pa.string()))

    def _row_of(self, line: str) -> list[str | None] | None:
        try:
            document: dict[str, Any] = json.loads(
                line, parse_float=_Real, parse_int=_Whole, parse_constant=_Real
            )
            return [self._text(document.get(column.name), column.type) for column in self._columns]
        except (RecursionError, ValueError):
            # Nested too deeply for Python, or with a comma too many: what DuckDB read of it stays.
            return None

    def _text(self, value: Any, kind: str) -> str | None:
        """Write a value for a declared type.

        A text column gets what Python's value would give, every other one the digits of the line,
        rounded to a double where no digit of it counts.
        """
        if value is None or type(value) is str:
            return value
        if element(kind) == "VARCHAR":
            return text_of(_value(value))
        if type(value) is _Real and not self._as_written.search(value):
            return repr(float(value))
        return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

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


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


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
