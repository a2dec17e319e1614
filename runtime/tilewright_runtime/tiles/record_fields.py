"""Fields of changing length, the end of a record.

They stand one after the other, compressed where that saves a quarter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ..lazily import np
from ..states.base import Rows
from ..states.fields import Bytes, BytesColumn, Fields
from ..states.kernel import kernel
from .block import Block
from .header import SIZES, STAMP
from .layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SNAPPY = 1

#: Shorter parts are left as they are: snappy cannot save enough of them to pay for itself.
_WORTH_COMPRESSING = 256


def encode_fields(layout: Layout, rows: Rows, block: Block) -> list[bytes]:
    """Encode the fields of each record.

    Their sizes and their compression are written into the rows.
    """
    fields = [block.variable[field.name] for field in layout.variable]
    for field, values in zip(layout.variable, fields, strict=True):
        rows[:, field.length] = _lengths(values)
    packed = packed_parts(layout, fields)
    plain = [b"".join(filter(None, values)) for values in zip(*fields, strict=True)]
    stored = [packed.get(i, part) for i, part in enumerate(plain)]
    plain_sizes = np.fromiter(map(len, plain), np.int64, len(plain))
    stored_sizes = np.fromiter(map(len, stored), np.int64, len(stored))
    rows[:, SIZES] = stored_sizes | plain_sizes << 32
    rows[list(packed), STAMP] |= _SNAPPY << 48
    return stored


def encode_natively(
    native: Any, layout: Layout, rows: Rows, block: Block, seed: int
) -> list[bytes]:
    """Encode whole records by the kernel, from complete rows."""
    fields = [block.variable[field.name] for field in layout.variable]
    packed = packed_parts(layout, fields)
    columns = [_arguments(values) for values in fields]
    records: list[bytes] = native.encode_records(rows, seed, columns, packed)
    return records


def _joined(fields: Sequence[Fields], chosen: NDArray[np.intp]) -> Iterable[bytes]:
    """Join the fields of the chosen records."""
    if not len(chosen):
        return []
    if (native := kernel()) is not None:
        joined: list[bytes] = native.join_fields(
            [_arguments(values) for values in fields], len(fields[0]), chosen.astype(np.int64)
        )
        return joined
    rows = zip(*fields, strict=True)
    wanted = set(chosen.tolist())
    return [b"".join(filter(None, row)) for i, row in enumerate(rows) if i in wanted]


def _arguments(values: Fields) -> Any:
    if not isinstance(values, BytesColumn):
        return values
    return values.content, values.bounds, values.is_there.view(np.uint8), values.others


def _lengths(values: Fields) -> Any:
    if isinstance(values, BytesColumn):
        return values.lengths()
    return np.array([-1 if value is None else len(value) for value in values], np.int64)


def packed_parts(layout: Layout, fields: Sequence[Fields]) -> dict[int, bytes]:
    """Compress the fields of the records where it pays.

    The result is by record.
    """
    packed: dict[int, bytes] = {}
    if layout.compression == "none" or not fields:
        return packed
    sizes = sum(np.maximum(_lengths(values), 0) for values in fields)
    large = np.flatnonzero(sizes >= _WORTH_COMPRESSING)
    for i, part in zip(large.tolist(), _joined(fields, large), strict=True):
        smaller: bytes = snappy().compress(part, asbytes=True)
        # Sketches shrink by a twentieth, and each fetch would pay for it: bytes stay as they are
        # unless a quarter of them is saved.
        if 4 * len(smaller) <= 3 * len(part):
            packed[i] = smaller
    return packed


def decode_fields(layout: Layout, record: bytes, row: Rows) -> list[Bytes]:
    """Read the fields of a record, in the layout's order.

    The record is sound, and `row` is its own.
    """
    if not layout.variable:
        return []
    words: list[int] = row.tolist()
    part = record[layout.fixed_bytes :]
    if (words[STAMP] >> 48) & 0xFF == _SNAPPY:
        part = snappy().decompress(part, decompressed_size=words[SIZES] >> 32, asbytes=True)
    lengths = words[layout.words - len(layout.variable) :]
    ends = accumulate(max(length, 0) for length in lengths)
    return [
        None if length < 0 else part[end - length : end]
        for length, end in zip(lengths, ends, strict=True)
    ]


@cache
def snappy() -> Any:
    """Load the codec, which takes some milliseconds the first time."""
    import pyarrow as pa

    return pa.Codec("snappy")
