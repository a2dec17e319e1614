"""Fields of changing length, the end of a record.

They stand one after the other, compressed where that saves a quarter.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np

from ..states.base import Rows
from ..states.fields import Bytes
from .block import Block
from .header import SIZES, STAMP
from .layout import Layout

_SNAPPY = 1

#: Shorter parts are left as they are: snappy cannot save enough of them to pay for itself.
_WORTH_COMPRESSING = 256


def encode_fields(layout: Layout, rows: Rows, block: Block) -> list[bytes]:
    """Encode the fields of each record.

    Their sizes and their compression are written into the rows.
    """
    fields = [block.variable[field.name] for field in layout.variable]
    for field, values in zip(layout.variable, fields, strict=True):
        rows[:, field.length] = [-1 if value is None else len(value) for value in values]
    plain = [b"".join(filter(None, values)) for values in zip(*fields, strict=True)]
    stored = [_compress(layout, part) for part in plain]
    plain_sizes = np.fromiter(map(len, plain), np.int64, len(plain))
    stored_sizes = np.fromiter(map(len, stored), np.int64, len(stored))
    rows[:, SIZES] = stored_sizes | plain_sizes << 32
    is_packed = (stored_sizes < plain_sizes).astype(np.int64)
    rows[:, STAMP] |= is_packed * (_SNAPPY << 48)
    return stored


def _compress(layout: Layout, part: bytes) -> bytes:
    if layout.compression == "none" or len(part) < _WORTH_COMPRESSING:
        return part
    packed: bytes = snappy().compress(part, asbytes=True)
    # Sketches shrink by a twentieth, and each fetch would pay for it: bytes stay as they are
    # unless a quarter of them is saved.
    return packed if 4 * len(packed) <= 3 * len(part) else part


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
