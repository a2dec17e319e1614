"""Reading columns: Parquet files and Arrow tables, positions counted in rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from xxhash import xxh3_128

from ..errors import InputError
from .batch import Batch, Position
from .checks import changed, require_columns, shrunk

#: Rows of a batch: large enough that the cost of a batch disappears, small enough to bound memory.
BATCH_ROWS = 1 << 20
_READ_ROWS = 1 << 17


#: Integers of a width, as which numbers and times of that width are hashed.
_INTEGERS = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}


class _ColumnDigest:
    """A digest of one column; validity, lengths and content are hashed apart, the elements of lists
    as a column of their own.
    """

    def __init__(self) -> None:
        self._valid, self._lengths, self._content = (xxh3_128() for _ in range(3))
        self._elements: _ColumnDigest | None = None

    def add(self, chunk: pa.Array) -> None:
        """Adds values."""
        self._valid.update(pc.is_valid(chunk).cast(pa.uint8()).to_numpy(zero_copy_only=False))
        if pa.types.is_dictionary(chunk.type):
            chunk = chunk.dictionary_decode()
        if pa.types.is_list(chunk.type) or pa.types.is_large_list(chunk.type):
            self._elements = self._elements or _ColumnDigest()
            self._lengths.update(_lengths(pc.list_value_length(chunk)))
            self._elements.add(chunk.flatten())
        elif pa.types.is_primitive(chunk.type) and not pa.types.is_boolean(chunk.type):
            bits = chunk.view(_INTEGERS[chunk.type.bit_width])
            self._content.update(pc.fill_null(bits, 0).to_numpy())
        else:
            text = _as_binary(chunk)
            self._lengths.update(_lengths(pc.binary_length(text)))
            self._content.update(_content(text))

    def digest(self) -> bytes:
        """The digest of all values so far."""
        own = b"".join(part.digest() for part in (self._valid, self._lengths, self._content))
        return own + (self._elements.digest() if self._elements else b"")


def _lengths(lengths: pa.Array) -> Any:
    return lengths.fill_null(0).to_numpy(zero_copy_only=False).astype("<i8")


class _Digest:
    """A digest of rows by their values, the same however the rows are cut into batches."""

    def __init__(self, columns: list[str]) -> None:
        self._columns = {name: _ColumnDigest() for name in columns}

    def add(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Adds rows."""
        for name, digest in self._columns.items():
            column = rows.column(name)
            for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                digest.add(chunk)

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        return xxh3_128(b"".join(digest.digest() for digest in self._columns.values())).hexdigest()


def _as_binary(chunk: pa.Array) -> pa.Array:
    if pa.types.is_nested(chunk.type):
        return pa.array(
            [None if value is None else repr(value).encode() for value in chunk.to_pylist()],
            pa.large_binary(),
        )
    if (
        pa.types.is_string(chunk.type)
        or pa.types.is_large_string(chunk.type)
        or pa.types.is_binary(chunk.type)
    ):
        return chunk.cast(pa.large_binary())
    try:
        return chunk.cast(pa.large_string()).cast(pa.large_binary())
    except pa.ArrowNotImplementedError:  # views of text, before pyarrow could cast them
        return pa.array(
            [None if value is None else str(value).encode() for value in chunk.to_pylist()],
            pa.large_binary(),
        )


def _content(chunk: pa.Array) -> Any:
    if chunk.null_count:
        chunk = pc.fill_null(chunk, b"")
    offsets = chunk.buffers()[1]
    bounds = memoryview(offsets).cast("q")
    first, last = bounds[chunk.offset], bounds[chunk.offset + len(chunk)]
    return memoryview(chunk.buffers()[2])[first:last] if last > first else b""


def read_parquet(path: Path, columns: list[str], position: Position) -> Iterator[Batch]:
    """Batches of a Parquet file's rows after a position.

    Raises InputError if it is damaged, changed, or lacks a column.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, pa.ArrowIOError) as wrong:
        raise InputError(
            f"not a whole Parquet file ({_first_line(wrong)}). Is it still being written?"
        ) from wrong
    with file:
        require_columns(columns, file.schema_arrow.names)
        try:
            yield from _read(
                file.iter_batches(_READ_ROWS, columns=columns),
                columns,
                position,
                file.metadata.num_rows,
            )
        except (pa.ArrowInvalid, OSError) as wrong:
            raise InputError(
                f"cannot be read on ({_first_line(wrong)}). What was read before is kept."
            ) from wrong


def read_arrow(
    table: Any, columns: list[str], position: Position, rows: int = 0
) -> Iterator[Batch]:
    """Batches of anything that Arrow can stream, after a position."""
    reader = pa.RecordBatchReader.from_stream(table)
    require_columns(columns, reader.schema.names)
    yield from _read((batch.select(columns) for batch in reader), columns, position, rows)


def _read(
    pieces: Iterable[pa.RecordBatch], columns: list[str], position: Position, total: int
) -> Iterator[Batch]:
    digest, seen = _Digest(columns), 0
    pending: list[pa.RecordBatch] = []
    waiting = 0
    for whole in pieces:
        piece = whole
        if seen < position.offset:
            known = piece.slice(0, position.offset - seen)
            digest.add(known)
            seen += len(known)
            piece = piece.slice(len(known))
            if seen == position.offset and digest.hexdigest() != position.digest:
                raise changed(f"{seen:,} rows")
        if len(piece):
            digest.add(piece)
            pending.append(piece)
            waiting += len(piece)
        if waiting >= BATCH_ROWS:
            yield _batch(pending, position.uri, seen, waiting, digest, total)
            seen, pending, waiting = seen + waiting, [], 0
    if seen < position.offset:
        raise shrunk(f"{seen:,} rows", f"{position.offset:,}")
    if waiting:
        yield _batch(pending, position.uri, seen, waiting, digest, total)


def _batch(
    pieces: list[pa.RecordBatch], uri: str, seen: int, count: int, digest: _Digest, total: int
) -> Batch:
    numbers = pa.array(np.arange(seen + 1, seen + count + 1, dtype=np.int64))
    table = pa.Table.from_batches(pieces).append_column("__row", numbers)
    position = Position(uri, seen + count, seen + count, digest.hexdigest())
    return Batch(table, position, progress=(seen + count) / total if total else 0.0)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
