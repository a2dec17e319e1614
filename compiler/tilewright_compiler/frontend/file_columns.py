"""The columns of a file of events, and their types.

The types are those that its first rows fit.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from ..plan.files import FileError, FileFormat, read_csv_header, text_of
from .names import unusable
from .value_types import type_of_json, type_of_texts

#: Rows that are looked at, and the bytes in which those of an array are.
SAMPLE_ROWS = 20_480
_SAMPLE_BYTES = 1 << 24
#: What stands before an element of an array.
_MARK = re.compile(r"[\s,\[]*")
#: Types of Parquet of which rows have texts; a struct is one of JSON.
_TEXTS = re.compile(r"UUID|JSON|ENUM\(.*\)|STRUCT\(.*\)", re.DOTALL)


@dataclass(frozen=True)
class FileColumns:
    """What a file says of its columns."""

    types: dict[str, str]
    """DuckDB types of the columns that can be used."""
    unusable: dict[str, str] = field(default_factory=dict)
    """Why the others cannot."""
    guess: str = ""
    """What the file may be instead, where a column is not there."""


def columns_of_file(
    path: Path, kind: FileFormat, delimiter: str | None, null_values: frozenset[str]
) -> FileColumns:
    """Read the columns of a file as a write does.

    Raises FileError if it cannot be read.
    """
    try:
        if kind.family == "parquet":
            return _usable(_of_parquet(path))
        with path.open("rb") as raw:
            text = text_of(raw, kind.codec)
            if kind.family == "delimited":
                return _of_csv(text, kind.delimiter(delimiter), null_values)
            rows = _elements(text) if kind.is_json_array(text) else _lines(text)
            return _usable(_of_json(rows, null_values))
    except (OSError, duckdb.Error) as wrong:
        reason = str(wrong).strip().split("\n")[0].replace(str(path), path.name)
        raise FileError(f"{reason}. Is it whole?") from None


def _usable(columns: list[tuple[str, str]], guess: str = "") -> FileColumns:
    """Leave out columns that no expression can name.

    Nobody may need them.
    """
    counts = Counter(name.casefold() for name, _ in columns)
    types: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, kind in columns:
        if why := unusable(name):
            refused[name] = why
        elif counts[name.casefold()] > 1:
            refused[name] = "is there twice, or in another case, which SQL does not see. Rename one"
        else:
            types[name] = kind
    return FileColumns(types, refused, guess)


def _of_parquet(path: Path) -> list[tuple[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
    except pa.ArrowInvalid as wrong:
        raise FileError(f"not a whole Parquet file ({str(wrong).splitlines()[0]}).") from None
    with duckdb.connect(":memory:") as database:
        # The name is a parameter: nothing that an author writes becomes part of the statement.
        query = "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)"
        types = [str(row[1]) for row in database.execute(query, [str(path)]).fetchall()]
    # DuckDB renames what differs in case only, so the names are the file's own.
    return [(name, _of_rows(kind)) for name, kind in zip(names, types, strict=True)]


def _of_rows(kind: str) -> str:
    """The type that rows have where a file has another."""
    if _TEXTS.fullmatch(kind):
        return "VARCHAR"
    # Nanoseconds and seconds of files become the microseconds that all else here is in.
    return re.sub(r"\bTIMESTAMP_\w+", "TIMESTAMP", kind).replace("UUID[]", "VARCHAR[]")


def _of_csv(text: io.BufferedReader, delimiter: str, null_values: frozenset[str]) -> FileColumns:
    header = read_csv_header(text, delimiter)
    guess = header.guess()
    if len(header.names) == 1 and guess:
        raise FileError(f"has one column only, {header.names[0]!r}. {guess}")
    values: list[list[str]] = [[] for _ in header.names]
    for row in _rows_of_csv(text, delimiter):
        if len(row) == len(values):
            for column, value in zip(values, row, strict=True):
                if value != "" and value not in null_values:
                    column.append(value)
    if not any(values):
        hint = f" {guess}" if guess else ""
        raise FileError(f"has no rows that tell the types of columns. Say schema={{…}}.{hint}")
    types = map(type_of_texts, values)
    return _usable(list(zip(header.names, types, strict=True)), guess)


def _rows_of_csv(text: io.BufferedReader, delimiter: str) -> Iterator[list[str]]:
    lines = io.TextIOWrapper(text, "utf-8", errors="replace", newline="")
    try:
        yield from islice(csv.reader(lines, delimiter=delimiter), SAMPLE_ROWS)
    except csv.Error:
        return  # a quote that is never closed: what came before it is enough
    finally:
        lines.detach()


def _of_json(rows: Iterator[Any], null_values: frozenset[str]) -> list[tuple[str, str]]:
    values: dict[str, list[Any]] = {}
    for row in islice(rows, SAMPLE_ROWS):
        if isinstance(row, dict):
            for name, value in row.items():
                column = values.setdefault(name, [])
                if value is not None and not (isinstance(value, str) and value in null_values):
                    column.append(value)
    if not values:
        raise FileError("holds no JSON object. Write one a line, or an array of them.")
    return [(name, type_of_json(column)) for name, column in values.items()]


def _lines(text: io.BufferedReader) -> Iterator[Any]:
    for number, line in enumerate(text):
        try:
            yield json.loads(line.decode("utf-8" if number else "utf-8-sig"))
        except (ValueError, RecursionError):
            continue  # a row that a write refuses


def _elements(text: io.BufferedReader) -> Iterator[Any]:
    sample = text.read(_SAMPLE_BYTES).decode("utf-8-sig", "replace")
    decoder, at = json.JSONDecoder(), 0
    while (mark := _MARK.match(sample, at)) and mark.end() < len(sample):
        try:
            value, at = decoder.raw_decode(sample, mark.end())
        except (ValueError, RecursionError):
            return  # the end of the array, or of the sample
        yield value
