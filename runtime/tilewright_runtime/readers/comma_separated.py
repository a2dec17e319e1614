"""Reading CSV: comma, double quotes, a header line; every column arrives as text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from ..errors import InputError
from .batch import Batch, Malformed, Position
from .checks import require_columns
from .stream import Parsed, numbered_text, read_chunks

# A field that opens with a quote goes on to its closing one (`""` is one quote inside it), then to
# the comma; any other is plain. Nothing is ever given back (possessive repeats), so the time is
# proportional to the length.
_FIELD = rb'(?:"(?:[^"]++|"")*+"[^,\n]*+|[^",\n][^,\n]*+)?+'
_WHOLE_RECORDS = re.compile(rb"(?:%(field)s(?:,%(field)s)*+\n)*+" % {b"field": _FIELD})


def read_csv(
    stream: BinaryIO, columns: list[str], position: Position, total: int, final: bool
) -> Iterator[Batch]:
    """Batches of a CSV stream after a position; an unquoted empty field is null.

    Raises InputError if the header lacks a column or the part that was read before has changed.
    """
    header = stream.readline()
    if header and not header.endswith(b"\n") and not final:
        yield Batch(pa.table({}), position, waiting=len(header))
        return
    if not header and not final:
        return
    if not header:
        raise InputError("is empty; a CSV file begins with a line that names its columns.")
    names = _header_names(header)
    require_columns(columns, names)
    yield from read_chunks(
        stream,
        header,
        position,
        last_record_end,
        lambda data, row: _parse(data, row, names, columns),
        total,
        final,
    )


def _header_names(header: bytes) -> list[str]:
    try:
        names = next(csv.reader([header.decode("utf-8-sig")]), [])
    except UnicodeDecodeError:
        raise InputError("its first line is not UTF-8 text. Save the file as UTF-8.") from None
    except csv.Error as wrong:
        raise InputError(f"its first line names no columns ({wrong}). Mend that line.") from None
    if len(set(names)) < len(names):
        raise InputError(
            f"the header names {max(names, key=names.count)!r} twice. Rename one of the two."
        )
    return names


def last_record_end(data: bytes) -> int:
    """Where the last whole record ends: after a newline that is not inside a quoted field."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    records = _WHOLE_RECORDS.match(data)
    return records.end() if records else 0


def _parse(data: bytes, first_row: int, names: list[str], columns: list[str]) -> Parsed:
    bad: list[tuple[int, Malformed]] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        reason = (
            f"has {row.actual_columns} fields, the header {row.expected_columns}: is the line cut?"
        )
        bad.append((row.number, Malformed(first_row + row.number - 1, reason, row.text)))
        return "skip"

    table = pa_csv.read_csv(
        pa.BufferReader(data),
        # Arrow numbers refused rows only where it does not use threads.
        pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=refuse),
        pa_csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.binary()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    rows = len(table) + len(bad)
    numbers = np.delete(
        np.arange(first_row, first_row + rows, dtype=np.int64), [number - 1 for number, _ in bad]
    )
    return numbered_text(table, numbers, [malformed for _, malformed in bad], rows)
