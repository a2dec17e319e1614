"""Records: the bytes of tiles in a store.

from __future__ import annotations

A record is little-endian: a header of six words of 8 bytes, the fixed block (one word a number),
the lengths of the variable fields (one word each, -1 for none), then those fields one after the
other, compressed where that saves bytes.

    word 0   bytes 0-3 XXH32 of every byte from 4 on (seed: XXH32 of version and fingerprint), byte
    4 record version, byte 5
             flags (1 complete, 2 approximate), byte 6 compression (0 none, 1 snappy), byte 7 words
             of the header
    word 1   storage fingerprint         word 2   sequence: the number of events in the tile, which
    only grows word 3   time of the newest event    word 4   start of the tile word 5   bytes of the
    variable fields: low half as stored, high half uncompressed
"""

import struct
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from xxhash import xxh32_intdigest

from ..errors import CorruptRecordError
from ..states.base import Rows
from ..states.fields import Bytes
from .block import COMPLETE, Block
from .layout import FINGERPRINT, HEADER_WORDS, SIZES, STAMP, Layout

_FLAGS = 0xFF << 40
_SNAPPY = 1
_COMPLETE = COMPLETE >> 40
_CHECKSUM = struct.Struct("<I")

#: Shorter variable parts are left as they are: snappy cannot save enough of them to pay for itself.
_WORTH_COMPRESSING = 64

NameOf = Callable[[int], str]


class RecordCodec:
    """Encodes blocks to records and back, for the layout of one plan."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        if layout.variable and layout.compression == "snappy":
            _snappy()  # loaded now, so that no fetch waits for it
        self._seed = xxh32_intdigest(struct.pack("<BQ", layout.record_version, layout.fingerprint))
        self._stamp = (layout.record_version << 32) | (HEADER_WORDS << 56)
        self._fingerprint = int(np.uint64(layout.fingerprint).astype(np.int64))

    def encode(self, block: Block) -> list[bytes]:
        """One record for every tile of a block."""
        rows = block.rows.copy()
        rows[:, STAMP] = (rows[:, STAMP] & _FLAGS) | self._stamp
        rows[:, FINGERPRINT] = self._fingerprint
        self.layout.carry(rows)
        parts = self._encode_variable(rows, block) if self.layout.variable else None
        size, seed, buffer = (
            self.layout.fixed_bytes,
            self._seed,
            rows.astype("<i8", copy=False).tobytes(),
        )
        bodies = [buffer[at + 4 : at + size] for at in range(0, len(buffer), size)]
        if parts is not None:
            bodies = [body + part for body, part in zip(bodies, parts, strict=True)]
        pack = _CHECKSUM.pack
        return [pack(xxh32_intdigest(body, seed)) + body for body in bodies]

    def completed(self, records: Sequence[bytes], which: Sequence[bool]) -> list[bytes]:
        """The same records, some of them marked as complete: what is known only after all of them
        were encoded.
        """
        pack, seed = _CHECKSUM.pack, self._seed

        def complete(record: bytes) -> bytes:
            body = record[4:5] + bytes([record[5] | _COMPLETE]) + record[6:]
            return pack(xxh32_intdigest(body, seed)) + body

        return [
            complete(record) if is_complete else record
            for record, is_complete in zip(records, which, strict=True)
        ]

    def _encode_variable(self, rows: Rows, block: Block) -> list[bytes]:
        """The variable part of each record; writes its sizes and its compression into the rows."""
        fields = [block.variable[field.name] for field in self.layout.variable]
        for field, values in zip(self.layout.variable, fields, strict=True):
            rows[:, field.length] = [-1 if value is None else len(value) for value in values]
        plain = [b"".join(filter(None, values)) for values in zip(*fields, strict=True)]
        stored = [self._compress(part) for part in plain]
        rows[:, SIZES] = [
            len(kept) | len(part) << 32 for kept, part in zip(stored, plain, strict=True)
        ]
        packed = np.array(
            [len(kept) < len(part) for kept, part in zip(stored, plain, strict=True)],
            dtype=np.int64,
        )
        rows[:, STAMP] |= packed * (_SNAPPY << 48)
        return stored

    def _compress(self, part: bytes) -> bytes:
        if self.layout.compression == "none" or len(part) < _WORTH_COMPRESSING:
            return part
        packed: bytes = _snappy().compress(part, asbytes=True)
        return packed if len(packed) < len(part) else part

    def decode(self, records: Sequence[bytes], name_of: NameOf, padding: int = 0) -> Rows:
        """The header and fixed block of some records as (records + padding, words), read-only;
        padding rows are zero.

        `name_of` names a record in an error. Raises CorruptRecordError for one that is damaged, of
        another version or plan.
        """
        if self.layout.variable:
            fixed = b"".join(
                [
                    *(record[: self.layout.fixed_bytes] for record in records),
                    bytes(padding * self.layout.fixed_bytes),
                ]
            )
        else:
            fixed = b"".join([*records, bytes(padding * self.layout.fixed_bytes)])
        seed = self._seed
        sums = [xxh32_intdigest(record[4:], seed) for record in records]
        if len(fixed) == (len(records) + padding) * self.layout.fixed_bytes:
            stored = np.frombuffer(fixed, "<u4")[
                : len(records) * self.layout.words * 2 : self.layout.words * 2
            ]
            if sums == stored.tolist():
                rows: Rows = np.frombuffer(fixed, "<i8").reshape(-1, self.layout.words)
                return rows
        raise self._refusal(records, name_of)

    def _refusal(self, records: Sequence[bytes], name_of: NameOf) -> CorruptRecordError:
        for i, record in enumerate(records):
            if (
                len(record) >= HEADER_WORDS * 8
                and (version := record[4]) != self.layout.record_version
            ):
                return CorruptRecordError(
                    f"{name_of(i)}: record version {version}, but this plan writes "
                    f"{self.layout.record_version}."
                )
            found = int.from_bytes(record[8:16], "little")
            if len(record) >= HEADER_WORDS * 8 and found != self.layout.fingerprint:
                return CorruptRecordError(
                    f"{name_of(i)}: written by a plan with storage fingerprint {found:016x}, not "
                    f"{self.layout.fingerprint:016x}."
                )
            if (
                len(record) < self.layout.fixed_bytes
                or xxh32_intdigest(record[4:], self._seed) != _CHECKSUM.unpack_from(record)[0]
            ):
                return CorruptRecordError(
                    f"{name_of(i)}: the checksum of this tile is wrong, so its bytes are not what "
                    "was written. "
                    "Nothing was merged from it. Write its events into a new store, or restore a "
                    "copy of this one."
                )
        return CorruptRecordError(f"{name_of(0)}: a record is longer than its header says.")

    def variable(self, record: bytes, row: Rows) -> list[Bytes]:
        """The variable fields of a record that `decode` accepted, in the layout's order; `row` is
        its own.
        """
        if not self.layout.variable:
            return []
        words: list[int] = row.tolist()
        part = record[self.layout.fixed_bytes :]
        if (words[STAMP] >> 48) & 0xFF == _SNAPPY:
            part = _snappy().decompress(part, decompressed_size=words[SIZES] >> 32, asbytes=True)
        lengths = words[self.layout.words - len(self.layout.variable) :]
        ends = accumulate(max(length, 0) for length in lengths)
        return [
            None if length < 0 else part[end - length : end]
            for length, end in zip(lengths, ends, strict=True)
        ]

    def decode_block(self, records: Sequence[bytes], name_of: NameOf) -> Block:
        """Whole tiles, ready to be merged."""
        rows = self.decode(records, name_of)
        fields = [self.variable(record, row) for record, row in zip(records, rows, strict=True)]
        return Block(
            rows,
            {
                one.name: [values[i] for values in fields]
                for i, one in enumerate(self.layout.variable)
            },
        )


@cache
def _snappy() -> Any:
    import pyarrow as pa

    return pa.Codec("snappy")


#: Byte 5 of word 0 is the flags, word 2 the sequence.
_HEADER = struct.Struct("<5xB10xQ")


def precedence(record: bytes) -> tuple[int, int]:
    """What orders the records of one tile: (sequence, flags); the larger is the newer, and equal
    ones are the same tile.

    The sequence is the number of events in the tile, which only grows. At the same sequence flags
    are only ever added (1 complete, 2 approximate), so the record with more of them is the later
    one; compared as a number they are a total order, in which puts may be repeated and come in any
    order. What is too short for a header is older than every record.
    """
    if len(record) < _HEADER.size:
        return (-1, 0)
    flags, sequence = _HEADER.unpack_from(record)
    return (sequence, flags)
