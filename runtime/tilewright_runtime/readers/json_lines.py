"""Reading JSON Lines, an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import duckdb
import pyarrow as pa

from tilewright_compiler.plan.model import Source

from .batch import Batch, Position
from .checks import require_columns
from .json_objects import JsonParser
from .stream import CHUNK_BYTES, Opened, Parsed, read_chunks
from .texts import Texts

#: Of an input that grows, fewer lines do not tell which members its objects have.
_SAMPLE_LINES = 100


def read_json_lines(opened: Opened, source: Source, position: Position) -> Iterator[Batch]:
    """Read batches of JSON Lines after a position.

    Raises InputError if no row has a column.
    """
    with duckdb.connect() as connection:
        parser = JsonParser(connection, source)

        def parse(data: bytes, first_row: int) -> Parsed:
            lines = Texts.lines(data)
            parsed = parser.parse(lines, first_row)
            if first_row == 1 and (len(lines) >= _SAMPLE_LINES or not opened.grows()):
                require_members(parser, parsed.table, lines, opened.stream)
            return parsed

        yield from read_chunks(opened, b"", position, lambda data: data.rfind(b"\n") + 1, parse)


def require_members(
    parser: JsonParser, table: pa.Table, texts: Texts, stream: BinaryIO | None
) -> None:
    """Raise InputError if no object has a column.

    A rare member is searched for to the end.
    """
    empty = [name for name in parser.names if table[name].null_count == len(table)]
    if not empty or not len(table):
        return
    absent, members = parser.absent([text.decode(errors="replace") for text in texts.cut()])
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
