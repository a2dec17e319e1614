"""Reading JSON Lines: one object a line; every value arrives as text, a missing one as null."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .batch import Batch, Malformed, Position
from .stream import Parsed, numbered_text, read_chunks

_SPLIT = """
WITH read AS (
  SELECT __row, line, CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END AS is_object
  FROM lines
  WHERE trim(line, ' ' || chr(9) || chr(13)) <> ''
)
SELECT *, CASE WHEN is_object THEN json_extract_string(line, $pointers) END AS found,
  $exact AND is_object AND regexp_matches(line, '[0-9][0-9.]{16}') AS is_long
FROM read ORDER BY __row
"""


def read_json_lines(
    stream: BinaryIO, columns: list[str], position: Position, total: int, final: bool, exact: bool
) -> Iterator[Batch]:
    """Batches of a stream of JSON objects, one a line, after a position. Empty lines are passed
    over.

    `exact` keeps every digit of numbers that a double cannot hold, as decimals need; it takes
    longer where there are such.
    """
    with duckdb.connect() as connection:

        def parse(data: bytes, first_row: int) -> Parsed:
            return _parse(connection, data, first_row, columns, exact)

        yield from read_chunks(
            stream, b"", position, lambda data: data.rfind(b"\n") + 1, parse, total, final
        )


def _parse(
    connection: duckdb.DuckDBPyConnection,
    data: bytes,
    first_row: int,
    columns: list[str],
    exact: bool,
) -> Parsed:
    if first_row == 1:
        data = data.removeprefix(codecs.BOM_UTF8)
    lines = data.removesuffix(b"\n").split(b"\n")
    numbers = np.arange(first_row, first_row + len(lines), dtype=np.int64)
    text = numbered_text(pa.table({"line": pa.array(lines, pa.binary())}), numbers, [], len(lines))
    connection.register("lines", text.table)
    # JSON pointers, unlike JSON paths, can name any member; they are parameters, not text of the
    # query.
    pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in columns]
    read = connection.sql(_SPLIT, params={"pointers": pointers, "exact": exact}).to_arrow_table()
    good = pc.fill_null(read["is_object"], False)
    refused = [
        _refuse(row)
        for row in read.filter(pc.invert(good)).select(["__row", "line", "is_object"]).to_pylist()
    ]
    return Parsed(_spread(read.filter(good), columns), text.malformed + refused, len(lines))


def _spread(objects: pa.Table, columns: list[str]) -> pa.Table:
    """The extracted values as columns of text."""
    found = objects["found"].combine_chunks()
    values: dict[str, Any] = {
        name: pc.list_element(found, i) if len(found) else pa.array([], pa.string())
        for i, name in enumerate(columns)
    }
    if pc.any(objects["is_long"]).as_py():
        _restore_digits(values, objects, columns)
    return pa.table({**values, "__row": objects["__row"]})


def _restore_digits(values: dict[str, Any], objects: pa.Table, columns: list[str]) -> None:
    # DuckDB's JSON reads a number that no 64-bit integer holds as a double; decimals may have more
    # digits than that.
    read = [
        _read_exactly(line) if is_long else None
        for line, is_long in zip(
            *(objects[c].to_pylist() for c in ("line", "is_long")), strict=True
        )
    ]
    mask = pa.array([document is not None for document in read], pa.bool_())
    for name in columns:
        texts = pa.array(
            [_text(document.get(name)) for document in read if document is not None], pa.string()
        )
        values[name] = pc.replace_with_mask(values[name], mask, texts)


def _read_exactly(line: str) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(
            line, parse_float=str, parse_int=str, parse_constant=str
        )
    except RecursionError:  # nested too deeply for Python: what DuckDB read of it stays
        return None
    return document


def _text(value: Any) -> str | None:
    return (
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )


def _refuse(row: dict[str, Any]) -> Malformed:
    reason = "not valid JSON: is the line cut?" if row["is_object"] is None else "not a JSON object"
    return Malformed(row["__row"], reason, row["line"])
