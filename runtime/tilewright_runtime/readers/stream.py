"""Reading bytes in chunks that end with a whole record, from after a position whose prefix is
verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from xxhash import xxh3_128

from ..errors import InputError
from .batch import Batch, Malformed, Position
from .checks import changed, shrunk

#: Bytes that are read at a time; a batch is what of them ends with a whole record.
CHUNK_BYTES = 1 << 25
#: What is longer is no record, but the rest of a file after a quote that nothing closes.
LONGEST_RECORD_BYTES = 1 << 28


class Parsed(NamedTuple):
    """Rows of a chunk, those that could not be read, and how many rows or lines the chunk has in
    all.
    """

    table: pa.Table
    malformed: list[Malformed]
    rows: int


def read_chunks(
    stream: BinaryIO,
    header: bytes,
    start: Position,
    cut: Callable[[bytes], int],
    parse: Callable[[bytes, int], Parsed],
    total: int,
    final: bool,
) -> Iterator[Batch]:
    """Batches of a stream that stands after its header, from a position on.

    `cut` tells where the last whole record of some bytes ends; `parse` reads whole records, given
    the number of the first. What follows the last whole record waits for its end, unless `final`:
    then it is read as it is, and where a quote is never closed only its line is spoilt.
    """
    digest = xxh3_128(header)
    offset, rows = max(start.offset, len(header)), start.rows
    _skip(stream, start, len(header), digest)
    pending = b""
    while True:
        block = stream.read(CHUNK_BYTES)
        pending += block
        while end := _forced_end(pending, cut) if final and not block else cut(pending):
            data, pending = pending[:end], pending[end:]
            digest.update(data)
            offset += end
            parsed = parse(data, rows + 1)
            rows += parsed.rows
            position = Position(start.uri, offset, rows, digest.hexdigest())
            yield Batch(
                parsed.table, position, parsed.malformed, progress=offset / total if total else 0.0
            )
        if len(pending) > LONGEST_RECORD_BYTES:
            raise InputError(
                f"the record after row {rows:,} is longer than {LONGEST_RECORD_BYTES:,} bytes. Is "
                "there a quote that is never closed?"
            )
        if not block:
            if pending:
                yield Batch(
                    pa.table({}),
                    Position(start.uri, offset, rows, digest.hexdigest()),
                    waiting=len(pending),
                )
            return


def _forced_end(pending: bytes, cut: Callable[[bytes], int]) -> int:
    """Where to end when nothing follows: after the last whole record, else after a line that can
    never be one.
    """
    whole = min(cut(pending if pending.endswith(b"\n") else pending + b"\n"), len(pending))
    return whole or pending.find(b"\n") + 1 or len(pending)


def _skip(stream: BinaryIO, start: Position, seen: int, digest: xxh3_128) -> None:
    """Reads over what was read before and makes sure that it is still the same."""
    if not start.offset:
        return
    left = start.offset - seen
    while left > 0 and (block := stream.read(min(left, CHUNK_BYTES))):
        digest.update(block)
        left -= len(block)
    if left > 0:
        raise shrunk(f"{start.offset - left:,} bytes", f"{start.offset:,}")
    if left < 0 or digest.hexdigest() != start.digest:
        raise changed(f"{start.offset:,} bytes")


def numbered_text(
    table: pa.Table, numbers: NDArray[np.int64], malformed: list[Malformed], rows: int
) -> Parsed:
    """Binary columns as text beside their row numbers; rows that are not UTF-8 join the malformed
    ones.
    """
    numbered = table.append_column("__row", pa.array(numbers))
    try:
        return Parsed(_as_text(numbered), malformed, rows)
    except pa.ArrowInvalid:
        values = table.to_pylist()
        good = [all(_is_utf8(value) for value in row.values()) for row in values]
        refused = [
            Malformed(number, "not UTF-8 text", repr(row))
            for number, row, ok in zip(numbers.tolist(), values, good, strict=True)
            if not ok
        ]
        return Parsed(
            _as_text(numbered.filter(pa.array(good, pa.bool_()))), malformed + refused, rows
        )


def _as_text(table: pa.Table) -> pa.Table:
    fields = [
        (field.name, pa.string() if pa.types.is_binary(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _is_utf8(value: bytes | None) -> bool:
    try:
        return value is None or value.decode() is not None
    except UnicodeDecodeError:
        return False
