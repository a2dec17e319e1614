"""Reads bytes in chunks that end with a whole record.

Reading starts after a position, once the bytes before it are verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from xxhash import xxh3_128

from tilewright_compiler.plan.files import FileError, FileFormat, text_of
from tilewright_compiler.plan.model import Source

from ..errors import InputError
from .arrow_types import NOT_TEXT, is_utf8
from .batch import Batch, Malformed, Position, RowsAt
from .checks import changed, cut_line, shrunk

#: Bytes that are read at a time; a batch is what of them ends with a whole record.
CHUNK_BYTES = 1 << 25
#: What is longer is no record, but the rest of a file after a quote that nothing closes.
LONGEST_RECORD_BYTES = 1 << 28
_NO_ROWS = pa.table({"__row": pa.array([], pa.int64())})


def _is_whole() -> bool:
    """Tell that nothing will be appended."""
    return False


class Opened(NamedTuple):
    """A stream of bytes, and how far it was read.

    `progress` tells the part of it at an offset, or 0 if unknown. While `grows` is true, more may
    follow what is there. A pipe sends again what was read before, too.
    """

    stream: BufferedReader
    progress: Callable[[int], float]
    grows: Callable[[], bool] = _is_whole
    is_pipe: bool = False


ReadText = Callable[[Opened, FileFormat, Source, Position], Iterator[Batch]]
ReadFile = Callable[[Path, FileFormat, Source, Position, bool], Iterator[Batch]]


class Parsed(NamedTuple):
    """Rows of a chunk, and what could not be read.

    It also counts the rows or lines of the chunk in all.
    """

    table: pa.Table
    malformed: list[Malformed]
    rows: int
    as_written: RowsAt | None = None
    """As of a batch."""

    def batch(self, position: Position, progress: float) -> Batch:
        """Make a batch that ends at a position."""
        table, malformed, as_written = self.table, self.malformed, self.as_written
        return Batch(table, position, malformed, progress=progress, as_written=as_written)


def read_chunks(
    opened: Opened,
    header: bytes,
    start: Position,
    cut: Callable[[bytes], int],
    parse: Callable[[bytes, int], Parsed],
) -> Iterator[Batch]:
    """Read batches of a stream from a position on.

    The stream stands after its header. `cut` tells where the last whole record of some bytes ends;
    `parse` reads whole records, given the number of the first. The last line is whole, with or
    without its newline, unless the stream grows: then it waits, and an idle batch says that nothing
    more is there. If a quote is never closed, only its line is spoilt.
    """
    offset, rows, digest, pending = yield from _resume(opened, start, header)
    while True:
        block = _read_lines(opened.stream)
        pending += block
        is_end = not block and not opened.grows()
        while end := cut(pending) or (_forced_end(pending, cut) if is_end else 0):
            data, pending = pending[:end], pending[end:]
            digest.update(data)
            offset += end
            parsed = parse(data, rows + 1)
            is_row = len(parsed.table) > 0
            is_tail = not data.endswith(b"\n")
            rows += parsed.rows if is_row or not is_tail else 0
            position = Position(start.uri, offset, rows, digest.hexdigest())
            if is_tail:
                position = replace(position, tail=len(data), tail_is_row=is_row)
            yield parsed.batch(position, opened.progress(offset))
            del data, parsed  # a stream that waits holds no rows
        _require_record_end(pending, rows)
        if is_end:
            return
        if not block:
            yield idle(replace(start, offset=offset, rows=rows), len(pending))


def idle(position: Position, waiting_bytes: int = 0) -> Batch:
    """Say that an input has nothing more for now."""
    return Batch(_NO_ROWS, position, is_idle=True, waiting_bytes=waiting_bytes)


def _read_lines(stream: BinaryIO) -> bytes:
    """Read a chunk, and its last line whole.

    So there are mostly whole records, and no part of the chunk is copied to leave off the rest.
    """
    block = _read(stream.read, CHUNK_BYTES)
    if len(block) < CHUNK_BYTES or block.endswith(b"\n"):
        return block
    return block + _read(stream.readline, LONGEST_RECORD_BYTES)


def _read(read: Callable[[int], bytes | None], count: int) -> bytes:
    try:
        return read(count) or b""  # None where a pipe has nothing yet
    except (OSError, EOFError, pa.ArrowException) as wrong:
        raise InputError(
            f"cannot be read on ({wrong}). What was read before is kept; once it is whole, the "
            "same write goes on there."
        ) from wrong


def _require_record_end(pending: bytes, rows: int) -> None:
    """Refuse what is too long to be a record.

    Raises InputError.
    """
    if len(pending) > LONGEST_RECORD_BYTES:
        raise InputError(
            f"the record after row {rows:,} is longer than {LONGEST_RECORD_BYTES:,} bytes. Is "
            "there a quote that is never closed?"
        )


def _forced_end(pending: bytes, cut: Callable[[bytes], int]) -> int:
    """Find where to end if nothing follows.

    That is after the last record, or after a line that can never be one.
    """
    whole = min(cut(pending + b"\n"), len(pending))
    return whole or pending.find(b"\n") + 1 or len(pending)


class _Begun(NamedTuple):
    """Where reading goes on."""

    offset: int
    rows: int
    digest: xxh3_128
    """Of all up to the offset."""
    pending: bytes
    """What was read already of what follows."""


def _resume(opened: Opened, start: Position, header: bytes) -> Generator[Batch, None, _Begun]:
    """Read over what was read before, and verify it."""
    digest = xxh3_128(header)
    if not start.offset:
        return _Begun(len(header), 0, digest, b"")
    prior, tail, at = start.offset - start.tail, b"", len(header)
    while at < start.offset:
        count = (prior if at < prior else start.offset) - at
        block = yield from _next(opened, start, min(count, CHUNK_BYTES), opened.is_pipe)
        if not block:
            raise shrunk(f"{at:,} bytes", f"{start.offset:,}")
        if at < prior:
            digest.update(block)
        else:
            tail += block
        at += len(block)
    whole = digest.copy()
    whole.update(tail)
    if len(header) > prior or whole.hexdigest() != start.digest:
        raise changed(f"{start.offset:,} bytes")
    return (yield from _after_tail(opened, start, _Begun(start.offset, start.rows, digest, tail)))


def _after_tail(opened: Opened, start: Position, begun: _Begun) -> Generator[Batch, None, _Begun]:
    """Go on after a last line that no newline ended.

    `begun` has it as pending, and the digest of what is before it.
    """
    offset, rows, digest, tail = begun
    whole = digest.copy()
    whole.update(tail)
    more = (yield from _next(opened, start, CHUNK_BYTES)) if tail else b""
    if more == b"\r":
        more += yield from _next(opened, start, CHUNK_BYTES)
    if not more:
        return _Begun(offset, rows, whole, b"")
    if not start.tail_is_row:
        return _Begun(offset - len(tail), rows, digest, tail + more)
    newline = re.match(rb"\r?\n", more)
    if newline is None:
        raise cut_line(rows)
    whole.update(newline[0])
    return _Begun(offset + newline.end(), rows, whole, more[newline.end() :])


def _next(
    opened: Opened, start: Position, count: int, waits: bool = True
) -> Generator[Batch, None, bytes]:
    """Read bytes, and wait for them if the stream grows."""
    while not (block := _read(opened.stream.read, count)) and waits and opened.grows():
        yield idle(start)
    return block


def numbered_text(
    table: pa.Table, numbers: NDArray[np.int64], malformed: list[Malformed], rows: int
) -> Parsed:
    """Decode binary columns beside their row numbers.

    Rows that are not UTF-8 join the malformed ones.
    """
    numbered = table.append_column("__row", pa.array(numbers))
    try:
        return Parsed(_as_text(numbered), malformed, rows)
    except pa.ArrowInvalid:
        values = table.to_pylist()
        good = [all(map(is_utf8, row.values())) for row in values]
        refused = []
        for number, row, is_good in zip(numbers.tolist(), values, good, strict=True):
            if not is_good:
                refused.append(Malformed(number, NOT_TEXT, repr(row)))
        sound = numbered.filter(pa.array(good, pa.bool_()))
        return Parsed(_as_text(sound), malformed + refused, rows)


@contextmanager
def open_text(path: Path, kind: FileFormat, grows: bool = False) -> Iterator[Opened]:
    """Open a file's text, decompressed if its ending says so.

    `grows` says that more may be appended to it.
    """
    try:
        raw = path.open("rb")
    except OSError as wrong:
        raise InputError(f"cannot be opened ({wrong.strerror}).") from wrong
    with raw:
        size = max(path.stat().st_size, 1)
        text = text_in(raw, kind.codec)
        yield Opened(
            text,
            lambda offset: raw.tell() / size if kind.codec else offset / size,
            lambda: grows,
        )


def reading_files(read_text: ReadText) -> ReadFile:
    """Make the `read` of a text format from its `read_text`."""

    def read(
        path: Path, kind: FileFormat, source: Source, position: Position, grows: bool = False
    ) -> Iterator[Batch]:
        """Read the batches of a file after a position."""
        with open_text(path, kind, grows) as opened:
            yield from read_text(opened, kind, source, position)

    return read


def text_in(raw: BufferedReader, codec: str | None) -> BufferedReader:
    """Read the text of an open stream.

    Raises InputError if it is none.
    """
    try:
        return text_of(raw, codec)
    except FileError as wrong:
        raise InputError(str(wrong)) from None
    except OSError as wrong:
        raise InputError(f"cannot be read ({wrong}). Is it whole?") from wrong


def _as_text(table: pa.Table) -> pa.Table:
    fields = [
        (field.name, pa.string() if pa.types.is_binary(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
