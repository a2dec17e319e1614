"""Reads columns of Parquet files and Arrow tables.

Positions are counted in rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from .arrow_types import is_text
from .batch import Batch, Position
from .checks import changed, require_columns, require_once, shrunk
from .digests import RowsDigest

#: Rows and bytes of a batch. In any order each batch changes nearly all tiles, so a batch is as
#: large as memory allows.
BATCH_ROWS = 1 << 22
_BATCH_BYTES = 1 << 28
_READ_ROWS = 1 << 17
#: Arrow has one pool of memory for all threads, which is the one that a file takes when it opens.
_POOLS = Lock()


def read_parquet(
    path: Path, columns: list[str], position: Position, texts: Sequence[str] = ()
) -> Iterator[Batch]:
    """Batches of a Parquet file's rows after a position.

    Columns of `texts` stay dictionaries where the file has them so. Raises InputError if it is
    damaged, changed, or lacks a column.
    """
    file = _open(path, texts)
    with file:
        require_columns(columns, file.schema_arrow.names)
        require_once(columns, file.schema_arrow.names)
        try:
            yield from _read(
                file.iter_batches(_READ_ROWS, columns=columns),
                columns,
                position,
                file.metadata.num_rows,
            )
        except (pa.ArrowException, OSError) as wrong:
            raise _cut_off(wrong) from wrong


def _cut_off(wrong: Exception) -> InputError:
    return InputError(
        f"cannot be read on ({_first_line(wrong)}). What was read before is kept; once it is "
        "whole, the same write goes on there."
    )


def _open(path: Path, texts: Sequence[str] = ()) -> pq.ParquetFile:
    options: dict[str, Any] = {
        # INT96 counts nanoseconds of a day: as nanoseconds of an epoch they end in 2262.
        "coerce_int96_timestamp_unit": "us",
        "pre_buffer": False,
        # Of files whose writer made checksums: other bytes are other values, if they are any.
        "page_checksum_verification": True,
    }
    try:
        with _small_pages():
            file = pq.ParquetFile(path, **options)
            repeated = [name for name in texts if _is_dictionary(file, name)]
            if repeated:
                file.close()
                file = pq.ParquetFile(path, **options, read_dictionary=repeated)
            return file
    except PermissionError:
        raise InputError("cannot be opened (Permission denied).") from None
    except (pa.ArrowInvalid, pa.ArrowIOError) as wrong:
        raise InputError(
            f"not a whole Parquet file ({_first_line(wrong)}). Is it still being written?"
        ) from wrong


@contextmanager
def _small_pages() -> Iterator[None]:
    """Have files that are opened meanwhile take their memory from the C library.

    Arrow's own allocator asks for pages of megabytes. A batch is new memory, and to clear and find
    such pages for it takes longer than to read a file.
    """
    with _POOLS:
        before = pa.default_memory_pool()
        pa.set_memory_pool(pa.system_memory_pool())
        try:
            yield
        finally:
            pa.set_memory_pool(before)


def _is_dictionary(file: pq.ParquetFile, name: str) -> bool:
    """Tell whether a file has a column of texts as a dictionary.

    Its writer gave that up where there were too many texts: to make one of those costs more than it
    saves. A text by itself takes four bytes more than its own.
    """
    if file.schema_arrow.names.count(name) != 1 or not file.num_row_groups:
        return False
    if not is_text(file.schema_arrow.field(name).type):
        return False
    paths = [file.schema.column(index).path for index in range(len(file.schema.names))]
    index = paths.index(name)
    for group in (0, file.num_row_groups - 1):
        chunk = file.metadata.row_group(group).column(index)
        if not chunk.has_dictionary_page or chunk.total_uncompressed_size >= 4 * chunk.num_values:
            return False
    return True


def first_row(path: Path, columns: list[str]) -> str:
    """Digest the first row of a Parquet file.

    The digest is empty if it has none, or lacks a column.
    """
    with _open(path) as file:
        if not file.metadata.num_rows or not set(columns) <= set(file.schema_arrow.names):
            return ""
        digest = RowsDigest(columns)
        try:
            digest.add(next(file.iter_batches(1, columns=columns)))
        except (pa.ArrowInvalid, OSError):
            return ""  # reading it says why
        return digest.hexdigest()


def read_arrow(
    table: Any, columns: list[str], position: Position, rows: int = 0
) -> Iterator[Batch]:
    """Batches of anything that Arrow can stream, after a position.

    Raises InputError if it has no columns, lacks one, or ends in an error of its own.
    """
    try:
        reader = pa.RecordBatchReader.from_stream(table)
    except pa.ArrowException as wrong:
        raise InputError(f"is no table that Arrow can stream ({_first_line(wrong)}).") from wrong
    require_columns(columns, reader.schema.names)
    require_once(columns, reader.schema.names)
    try:
        batches = (batch.select(columns) for batch in reader)
        yield from _read(batches, columns, position, rows)
    except (pa.ArrowException, OSError) as wrong:
        raise _cut_off(wrong) from wrong


def _read(
    pieces: Iterable[pa.RecordBatch], columns: list[str], position: Position, total: int
) -> Iterator[Batch]:
    digest, seen = RowsDigest(columns), 0
    pending: list[pa.RecordBatch] = []
    waiting = waiting_bytes = 0
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
            waiting_bytes += piece.nbytes
        if waiting >= BATCH_ROWS or waiting_bytes >= _BATCH_BYTES:
            yield _batch(pending, position.uri, seen, waiting, digest, total)
            seen, pending, waiting, waiting_bytes = seen + waiting, [], 0, 0
    if seen < position.offset:
        raise shrunk(f"{seen:,} rows", f"{position.offset:,}")
    if waiting:
        yield _batch(pending, position.uri, seen, waiting, digest, total)


def _batch(
    pieces: list[pa.RecordBatch], uri: str, seen: int, count: int, digest: RowsDigest, total: int
) -> Batch:
    numbers = pa.array(np.arange(seen + 1, seen + count + 1, dtype=np.int64))
    table = pa.Table.from_batches(pieces).append_column("__row", numbers)
    position = Position(uri, seen + count, seen + count, digest.hexdigest())
    return Batch(table, position, progress=(seen + count) / total if total else 0.0)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
