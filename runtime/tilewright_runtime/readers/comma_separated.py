"""Reads CSV: delimiter, double quotes, a header line.

Every column arrives as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from tilewright_compiler.humanize import counted
from tilewright_compiler.plan.files import CsvHeader, FileError, read_csv_header

from ..errors import InputError
from .arrow_types import is_utf8
from .batch import Batch, Malformed, Position
from .checks import require_columns, require_once
from .stream import Opened, Parsed, numbered_text, read_chunks


def read_csv(
    opened: Opened, columns: list[str], position: Position, delimiter: str
) -> Iterator[Batch]:
    """Read batches of a CSV stream after a position.

    An unquoted empty field is null.

    Raises InputError if the header lacks a column or the part that was read before has changed.
    """
    header = _header(opened.stream, columns, delimiter)
    yield from read_chunks(
        opened,
        header.record,
        position,
        lambda data: last_record_end(data, delimiter),
        lambda data, row: _parse(data, row, header, columns),
    )


def _header(text: BinaryIO, columns: list[str], delimiter: str) -> CsvHeader:
    try:
        header = read_csv_header(text, delimiter)
    except FileError as wrong:
        raise InputError(str(wrong)) from None
    except OSError as wrong:
        raise InputError(f"cannot be read ({wrong}). Is it whole?") from wrong
    require_columns(columns, header.names, header.guess(columns))
    require_once(columns, header.names)
    return header


@cache
def _field(delimiter: str) -> bytes:
    # A field that opens with a quote goes on to its closing one (`""` is one quote inside it), then
    # to the delimiter; any other is plain. If it has several lines, nothing may follow the closing
    # quote: else two quotes that are never closed would be the ends of one field, with the rows
    # between them. Nothing is ever given back (possessive repeats), so the time is proportional to
    # the length.
    return (
        rb'(?:"(?:[^"\n]++|"")*+"[^%(mark)s\n]*+'
        rb'|"(?:[^"]++|"")*+"(?=[%(mark)s\r\n]|\Z)[^%(mark)s\n]*+'
        rb'|[^"%(mark)s\n][^%(mark)s\n]*+)?+'
    ) % {b"mark": re.escape(delimiter.encode())}


@cache
def _record(delimiter: str) -> bytes:
    mark = re.escape(delimiter.encode())
    return rb"%(field)s(?:%(mark)s%(field)s)*+\n" % {b"field": _field(delimiter), b"mark": mark}


@cache
def _whole_records(delimiter: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?:%s)*+" % _record(delimiter))


@cache
def _spoilt_record(delimiter: str) -> re.Pattern[bytes]:
    """Match the begin of a record whose quote is closed lines later, with text after it."""
    mark = re.escape(delimiter.encode())
    return re.compile(
        rb'(?:%(field)s%(mark)s)*+"(?:[^"\n]++|"")*+\n(?:[^"]++|"")*+"[^"%(mark)s\r\n]'
        % {b"field": _field(delimiter), b"mark": mark}
    )


def last_record_end(data: bytes, delimiter: str = ",") -> int:
    """Find the end of the last whole record.

    It is after a newline outside quotes. Of a record that is spoilt whatever follows, its first
    line is one.
    """
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    end, is_spoilt = 0, True
    while is_spoilt:
        end = _end_of_whole(data, end, delimiter)
        is_spoilt = _spoilt_record(delimiter).match(data, end) is not None
        end = data.find(b"\n", end) + 1 if is_spoilt else end
    return end


def _end_of_whole(data: bytes, begin: int, delimiter: str) -> int:
    """Find where records end that are whole, one after the other."""
    records = _whole_records(delimiter).match(data, begin)
    return records.end() if records else begin


def _are_whole(data: bytes, delimiter: str) -> bool:
    """Tell whether all quotes are closed, also that of a last line without its newline.

    Arrow would not say: it takes any two for a pair, and what follows the last one for its value.
    """
    if b'"' not in data:
        return True
    end = _end_of_whole(data, 0, delimiter)
    return end == len(data) or re.fullmatch(_record(delimiter), data[end:] + b"\n") is not None


def _parse(data: bytes, first_row: int, header: CsvHeader, columns: list[str]) -> Parsed:
    bad: list[tuple[int, Malformed]] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        reason = _wrong_count(row.actual_columns, row.expected_columns)
        bad.append((row.number, Malformed(first_row + row.number - 1, reason, row.text)))
        return "skip"

    try:
        # Arrow cannot tell of a row that is not UTF-8.
        is_fit = is_utf8(data) and _are_whole(data, header.delimiter)
        table = _read(data, header, columns, refuse) if is_fit else None
    except pa.ArrowInvalid:
        table = None
    if table is None:
        data, bad = _without_bad_records(data, first_row, header)
        table = _read(data, header, columns, refuse)
    rows = len(table) + len(bad)
    numbers = np.delete(
        np.arange(first_row, first_row + rows, dtype=np.int64), [number - 1 for number, _ in bad]
    )
    return numbered_text(table, numbers, [malformed for _, malformed in bad], rows)


def _wrong_count(actual: int, expected: int) -> str:
    return f"has {counted(actual, 'field')}, the header {expected}: is the line cut?"


def _read(data: bytes, header: CsvHeader, columns: list[str], refuse: Any) -> pa.Table:
    if not data.strip(b"\r\n"):
        # Arrow takes nothing but lines without rows for a file without columns.
        return pa.table({name: pa.array([], pa.binary()) for name in columns})
    # Columns that nobody uses may share a name or have none.
    names = [name if name in columns else f"__unused:{i}" for i, name in enumerate(header.names)]
    return pa_csv.read_csv(
        pa.BufferReader(data),
        # Arrow numbers refused rows only where it does not use threads.
        pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        pa_csv.ParseOptions(
            delimiter=header.delimiter, newlines_in_values=True, invalid_row_handler=refuse
        ),
        pa_csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.binary()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _without_bad_records(
    data: bytes, first_row: int, header: CsvHeader
) -> tuple[bytes, list[tuple[int, Malformed]]]:
    """Part records by whether they fit the header.

    A record fits if it has as many fields.
    """
    good: list[bytes] = []
    bad: list[tuple[int, Malformed]] = []
    number = 0
    for record, is_whole in _records(data, header.delimiter):
        if not record.strip(b"\r\n"):
            continue  # Arrow passes over empty lines
        number += 1
        count = _count_fields(record, header.delimiter)
        # Arrow ends a row at a CR alone, and fails if it then cannot show what it refuses.
        is_lost = b"\r" in record.rstrip(b"\r\n") and not is_utf8(record)
        if is_whole and count == len(header.names) and not is_lost:
            good.append(record)
            continue
        reason = _wrong_count(count, len(header.names)) if is_whole else "has an open quote"
        if is_lost:
            reason = "not UTF-8 text"
        text = record.decode(errors="backslashreplace").rstrip("\r\n")
        bad.append((number, Malformed(first_row + number - 1, reason, text)))
    return b"".join(good), bad


def _records(data: bytes, delimiter: str) -> Iterator[tuple[bytes, bool]]:
    """Yield records, and whether their quotes are closed.

    If they are not, the record is a line.
    """
    record, at = re.compile(_record(delimiter)), 0
    data = data if data.endswith(b"\n") else data + b"\n"
    while at < len(data):
        whole = record.match(data, at)
        end = whole.end() if whole else data.find(b"\n", at) + 1
        yield data[at:end], whole is not None
        at = end


def _count_fields(record: bytes, delimiter: str) -> int:
    field, at, count = re.compile(_field(delimiter)), 0, 1
    record = record.rstrip(b"\r\n")
    while match := field.match(record, at):
        if match.end() >= len(record):
            break
        count, at = count + 1, match.end() + 1
    return count
