"""Digests of columns that depend on their values alone.

They are the same however rows are cut into batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128

from .arrow_types import is_bytes, is_list, is_text, stored

#: Integers of a width, as which numbers and times of that width are hashed.
_INTEGERS = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}


class RowsDigest:
    """A digest of rows by their values."""

    def __init__(self, columns: list[str]) -> None:
        self._columns = {name: _ColumnDigest() for name in columns}

    def add(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Add rows."""
        for name, digest in self._columns.items():
            column = rows.column(name)
            for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                digest.add(chunk)

    def hexdigest(self) -> str:
        """Return the digest of all rows so far."""
        return xxh3_128(b"".join(digest.digest() for digest in self._columns.values())).hexdigest()


class _ColumnDigest:
    """A digest of one column.

    It digests validity, lengths and content apart, and also what the column nests.
    """

    def __init__(self) -> None:
        self._valid, self._lengths, self._content = xxh3_128(), xxh3_128(), xxh3_128()
        self._nested: list[_ColumnDigest] = []

    def add(self, chunk: pa.Array) -> None:
        """Add values."""
        self._valid.update(_validity(chunk))
        chunk = chunk if _is_of_texts(chunk) else stored(chunk)
        kind = chunk.type
        if is_list(kind):
            self._lengths.update(_lengths(pc.list_value_length(chunk)))
            self._add_nested([chunk.flatten()])
        elif pa.types.is_struct(kind):
            self._add_nested(chunk.flatten())
        elif pa.types.is_primitive(kind) and kind.bit_width in _INTEGERS:
            bits = chunk.view(_INTEGERS[kind.bit_width])
            bits = pc.fill_null(bits, 0) if bits.null_count else bits
            self._content.update(bits.to_numpy())
        else:
            binary = _as_binary(chunk)
            self._lengths.update(_byte_lengths(binary))
            self._content.update(_content(binary))

    def _add_nested(self, parts: list[pa.Array]) -> None:
        self._nested = self._nested or [_ColumnDigest() for _ in parts]
        for digest, part in zip(self._nested, parts, strict=True):
            digest.add(part)

    def digest(self) -> bytes:
        """Return the digest of all values so far."""
        own = self._valid.digest() + self._lengths.digest() + self._content.digest()
        return own + b"".join(part.digest() for part in self._nested)


def _is_of_texts(chunk: pa.Array) -> bool:
    """Tell whether a dictionary has texts, which need not be made before they are bytes."""
    return bool(pa.types.is_dictionary(chunk.type)) and (
        pa.types.is_string(chunk.type.value_type) or pa.types.is_large_string(chunk.type.value_type)
    )


def _validity(chunk: pa.Array) -> Any:
    """Write 1 for each value, and 0 for each null."""
    if chunk.null_count:
        return pc.is_valid(chunk).cast(pa.uint8()).to_numpy(zero_copy_only=False)
    return np.ones(len(chunk), np.uint8)


def _byte_lengths(binary: pa.Array) -> Any:
    if binary.null_count:
        return _lengths(pc.binary_length(binary))
    bounds = np.frombuffer(binary.buffers()[1], np.int64, len(binary) + 1, 8 * binary.offset)
    return np.diff(bounds).astype("<i8", copy=False)


def _lengths(lengths: pa.Array) -> Any:
    return lengths.fill_null(0).to_numpy(zero_copy_only=False).astype("<i8")


def _as_binary(chunk: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(chunk.type):
        return chunk.dictionary.cast(pa.large_binary()).take(chunk.indices)
    if is_text(chunk.type) or is_bytes(chunk.type):
        return chunk.cast(pa.large_binary())
    if not pa.types.is_nested(chunk.type):
        try:
            return chunk.cast(pa.large_string()).cast(pa.large_binary())
        except pa.ArrowNotImplementedError:
            pass  # as Python has it
    values = [None if value is None else repr(value).encode() for value in chunk.to_pylist()]
    return pa.array(values, pa.large_binary())


def _content(chunk: pa.Array) -> Any:
    if chunk.null_count:
        chunk = pc.fill_null(chunk, b"")
    bounds = memoryview(chunk.buffers()[1]).cast("q")
    first, last = bounds[chunk.offset], bounds[chunk.offset + len(chunk)]
    return memoryview(chunk.buffers()[2])[first:last] if last > first else b""
