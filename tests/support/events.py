"""Events in the forms that the writer reads: Arrow, dictionaries, CSV, JSON Lines, Parquet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Mapping[str, Any]]

_ARROW = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal(12,3)": pa.decimal128(12, 3),
    "decimal(18,4)": pa.decimal128(18, 4),
}


def _arrow_type(kind: str) -> pa.DataType:
    element = kind.removeprefix("array<").removesuffix(">")
    return _ARROW[kind] if element == kind else pa.list_(_ARROW[element])


def to_arrow(rows: Rows, schema: Mapping[str, str]) -> pa.Table:
    """An Arrow table with the columns of a source and its time."""
    fields = [(name, _arrow_type(kind)) for name, kind in {**schema, "ts": "bigint"}.items()]
    return pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(fields))


def to_parquet(rows: Rows, schema: Mapping[str, str], path: Path) -> None:
    """Writes a Parquet file with small row groups."""
    pq.write_table(to_arrow(rows, schema), path, row_group_size=3)


def text(value: Any) -> str:
    """A value as a person would write it into a file."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case datetime() | date():
            return value.isoformat()
        case list():
            return json.dumps(_plain(value), ensure_ascii=False)
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, list):
        return [_plain(element) for element in value]
    exact = isinstance(value, (Decimal, date)) or (isinstance(value, float) and value - value != 0)
    return text(value) if exact else value


def to_csv(rows: Rows, schema: Mapping[str, str], path: Path, newline: str = "\n") -> None:
    """Writes a CSV file that quotes every value and leaves nulls empty."""
    names = [*schema, "ts"]

    def cell(value: Any) -> str:
        return "" if value is None else '"' + text(value).replace('"', '""') + '"'

    lines = [",".join(names), *(",".join(cell(row[name]) for name in names) for row in rows)]
    path.write_bytes("".join(line + newline for line in lines).encode())


def to_json_lines(rows: Rows, schema: Mapping[str, str], path: Path) -> None:
    """Writes JSON Lines; what JSON has no word for is a string.

    The first row names all columns, as some row has to; nulls of the others are left out.
    """
    documents = [
        {
            name: _plain(row[name])
            for name in [*schema, "ts"]
            if number == 0 or row[name] is not None
        }
        for number, row in enumerate(rows)
    ]
    path.write_text(
        "".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8"
    )


#: ending of a file's name -> the function that writes such a file
FILES: dict[str, Callable[[Rows, Mapping[str, str], Path], None]] = {
    ".parquet": to_parquet,
    ".csv": to_csv,
    ".jsonl": to_json_lines,
}
