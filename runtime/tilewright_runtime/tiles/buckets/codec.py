"""The bytes of tables of bucket values.

They are little-endian: the number of values (4 bytes); for each value the words of its small
record, which has no header (the fixed block, then the lengths of its variable fields); the values,
ascending as SQL orders them, stored as in exact_values.py (texts after the lengths of all, 4 bytes
each); then the variable fields of one value after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from ...states.base import Rows
from ...states.fields import Bytes, Fields
from ..block import Block
from ..header import HEADER_WORDS
from ..layout import Layout
from .values import Table, Values


class TableCodec:
    """Encodes and decodes the tables of one bucket column."""

    def __init__(self, layout: Layout, dtype: str) -> None:
        """Take the small records' layout and the values' type."""
        self._layout = layout
        self._dtype = dtype
        self._words = layout.words - HEADER_WORDS
        self._names = [field.name for field in layout.variable]

    def encode(self, table: Table, tiles: NDArray[np.int64]) -> Iterator[tuple[int, bytes]]:
        """Yield each tile with the bytes of its values.

        The values of a tile are neighbours.
        """
        rows = table.rows.copy()
        self._layout.carry(rows)
        columns = [self._merge_parts(name, table.parts[name]) for name in self._names]
        for field, column in zip(self._layout.variable, columns, strict=True):
            rows[:, field.length] = [-1 if part is None else len(part) for part in column]
        width = 8 * self._words
        words = np.ascontiguousarray(rows[:, HEADER_WORDS:], dtype="<i8").tobytes()
        firsts = np.flatnonzero(np.diff(tiles, prepend=-1))
        for begin, end in pairwise([*firsts.tolist(), len(tiles)]):
            content = [
                (end - begin).to_bytes(4, "little"),
                words[begin * width : end * width],
                self._encode_values(table.values[begin:end]),
            ]
            for i in range(begin, end):
                content += [column[i] or b"" for column in columns]
            yield int(tiles[begin]), b"".join(content)

    def _merge_parts(self, name: str, parts: list[list[bytes]]) -> list[Bytes]:
        codec = self._layout.codecs[name]
        return [codec.merge_run(part) for part in parts]

    def _encode_values(self, values: Values) -> bytes:
        if self._dtype != "object":
            return values.tobytes()
        texts: list[bytes] = values.tolist()
        lengths = np.fromiter(map(len, texts), "<u4", len(texts))
        return b"".join([lengths.tobytes(), *texts])

    def decode(self, parts: Sequence[bytes]) -> tuple[Values, Block, list[int]]:
        """Decode the values and small records of tables.

        They come one table after the other; the sizes say how many each table has.
        """
        sizes = [int.from_bytes(part[:4], "little") for part in parts]
        ends = [4 + 8 * self._words * size for size in sizes]
        content = b"".join([part[4:end] for part, end in zip(parts, ends, strict=True)])
        rows = np.zeros((sum(sizes), self._layout.words), dtype=np.int64)
        rows[:, HEADER_WORDS:] = np.frombuffer(content, "<i8").reshape(-1, self._words)
        if self._dtype == "object":
            values, ends = _decode_texts(parts, ends, sizes)
        else:
            values, ends = self._decode_numbers(parts, ends, sizes)
        return values, Block(rows, self._decode_variable(parts, ends, sizes, rows)), sizes

    def _decode_numbers(
        self, parts: Sequence[bytes], starts: list[int], sizes: list[int]
    ) -> tuple[Values, list[int]]:
        """Decode the numbers of tables, and find their ends."""
        numbers, ends = [], []
        for part, start, size in zip(parts, starts, sizes, strict=True):
            end = start + 8 * size
            numbers.append(part[start:end])
            ends.append(end)
        return np.frombuffer(b"".join(numbers), self._dtype), ends

    def _decode_variable(
        self, parts: Sequence[bytes], starts: list[int], sizes: list[int], rows: Rows
    ) -> dict[str, Fields]:
        count = len(self._names)
        if not count:
            return {}
        lengths, first = rows[:, -count:].ravel().tolist(), 0
        fields: list[Bytes] = []
        for part, start, size in zip(parts, starts, sizes, strict=True):
            own = lengths[first : first + size * count]
            bounds = pairwise(accumulate((max(length, 0) for length in own), initial=start))
            for length, (begin, end) in zip(own, bounds, strict=True):
                fields.append(None if length < 0 else part[begin:end])
            first += len(own)
        return {name: fields[i::count] for i, name in enumerate(self._names)}


def _decode_texts(
    parts: Sequence[bytes], starts: list[int], sizes: list[int]
) -> tuple[Values, list[int]]:
    """Decode the texts of tables, and find their ends."""
    texts: list[bytes] = []
    ends = []
    for part, start, size in zip(parts, starts, sizes, strict=True):
        lengths = np.frombuffer(part, "<u4", size, start).tolist()
        offsets = list(accumulate(lengths, initial=start + 4 * size))
        texts += [part[begin:end] for begin, end in pairwise(offsets)]
        ends.append(offsets[-1])
    return np.array(texts, dtype=object), ends
