"""Records: the bytes of tiles in a store.

A record is little-endian: the header (header.py says what is in it), the fixed block (one word a
number), the lengths of the variable fields (one word each, -1 for none), then those fields one
after the other, compressed where that saves a quarter.

The identity and the start bind a record to its key: under another key it is an error. Version 1
has the bare fingerprint in word 1; it is read, and written no more.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product, repeat
from typing import NamedTuple

from xxhash import xxh32_intdigest

from ..errors import CorruptRecordError
from ..lazily import np
from ..states.base import Rows
from ..states.fields import Bytes, Fields
from ..states.kernel import kernel
from ..times import iso
from .block import APPROXIMATE, COMPLETE, Block
from .header import FINGERPRINT, FLAGS_AT, HEADER_WORDS, SIZES, STAMP, START, VERSION_AT
from .identities import Identities
from .keys import Kind, Range, TileKeys, tile_key
from .layout import Columns, Layout, rows_of
from .record_fields import decode_fields, encode_fields, encode_natively

_FLAGS = 0xFF << 40
_COMPLETE = COMPLETE >> 40
#: The records whose bytes one call may cut out.
_UNPACKED_AT_ONCE = 256
#: The bytes of flags without that of an approximate tile.
_OTHER_FLAGS = bytes(flags for flags in range(256) if not flags & (APPROXIMATE >> 40))
_CHECKSUM = struct.Struct("<I")
_WORD = "<i8"

#: The version that is written, and the one before it, whose records are not bound to their keys.
RECORD_VERSION = 2
_UNBOUND_VERSION = 1


class Names(NamedTuple):
    """What errors need to name records.

    It names the records of a call, and the owners of misplaced ones.
    """

    name_of: Callable[[int], str]
    """Names the place of the i-th record."""
    table: str
    entities: Sequence[str]
    levels: Sequence[tuple[Kind, int]]
    owner_of: Callable[[bytes], str | None] | None = None
    """Names the tile of a record that is none of those, if the store can tell."""


#: The columns of some records, the words with the start of each tile and of the padding, and how
#: many are approximate. No named tuple, as each fetch makes one.
Decoded = tuple[Columns, bytes, int]


class RecordCodec:
    """Encodes blocks to records and back, for one plan."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._size = layout.fixed_bytes
        self.identities = Identities(layout.fingerprint)
        self.seed = _seed(RECORD_VERSION, layout.fingerprint)
        self._unbound_seed = _seed(_UNBOUND_VERSION, layout.fingerprint)
        self._stamp = (RECORD_VERSION << 32) | (HEADER_WORDS << 56)

    def encode(self, block: Block, keys: TileKeys) -> list[bytes]:
        """Encode a record for each tile, bound to its key."""
        rows = block.rows.copy()
        rows[:, STAMP] = (rows[:, STAMP] & _FLAGS) | self._stamp
        rows[:, FINGERPRINT] = self.identities.of(keys)
        self.layout.carry(rows)
        if (native := kernel()) is not None:
            return encode_natively(native, self.layout, rows, block, self.seed)
        parts = encode_fields(self.layout, rows, block) if self.layout.variable else None
        size, seed = self.layout.fixed_bytes, self.seed
        buffer = rows.astype("<i8", copy=False).tobytes()
        bodies = [buffer[at + 4 : at + size] for at in range(0, len(buffer), size)]
        if parts is not None:
            bodies = [body + part for body, part in zip(bodies, parts, strict=True)]
        pack = _CHECKSUM.pack
        return [pack(xxh32_intdigest(body, seed)) + body for body in bodies]

    def completed(self, records: Sequence[bytes], which: Sequence[bool]) -> list[bytes]:
        """Mark some of the records as complete.

        Which ones is known only after all were encoded.
        """
        return [
            self._complete(record) if is_complete else record
            for record, is_complete in zip(records, which, strict=True)
        ]

    def _complete(self, record: bytes) -> bytes:
        flags = bytes([record[FLAGS_AT] | _COMPLETE])
        body = record[VERSION_AT:FLAGS_AT] + flags + record[FLAGS_AT + 1 :]
        return _CHECKSUM.pack(xxh32_intdigest(body, self.seed)) + body

    def decode(
        self, records: Sequence[bytes], identities: Sequence[int], names: Names, padding: int = 0
    ) -> Rows:
        """Decode headers and fixed blocks, read-only.

        The rows are (records + padding, words); those of the padding are zero. `identities` says
        whose each record should be. Raises CorruptRecordError for one that is damaged, misplaced,
        or of another version or plan.
        """
        words = np.asarray(identities, _WORD).tobytes()
        sound = self.decode_sound(records, words, padding)
        columns, _, _ = sound or self.decode_each(records, words, names, padding)
        return rows_of(columns)

    def decode_sound(
        self, records: Sequence[bytes], identities: bytes, padding: int = 0
    ) -> Decoded | None:
        """Decode as `decode` does, if all records are sound.

        Identities are words, as the starts that are returned. Returns None if each record has to
        be looked at.
        """
        size, count = self._size, len(records)
        fixed = self._fixed_blocks(records, padding)
        if len(fixed) != (count + padding) * size:
            return None
        columns = np.frombuffer(fixed, self.layout.columns)
        is_sound = columns["identity"].tobytes() == identities + bytes(8 * padding)
        own = columns["checksum"].tolist()
        if not is_sound or own[:count] != self._checksums(records, fixed):
            return None
        approximate = len(fixed[FLAGS_AT::size].translate(None, _OTHER_FLAGS))
        return columns, columns["start"].tobytes(), approximate

    def _checksums(self, records: Sequence[bytes], fixed: bytes) -> list[int]:
        """Compute what records begin with if they are sound."""
        count = len(records)
        if self.layout.variable or count > _UNPACKED_AT_ONCE:
            return [xxh32_intdigest(record[4:], self.seed) for record in records]
        # All bodies are cut out by one call, which takes half as long as one by one.
        bodies = _bodies(count, self._size - 4).unpack_from(fixed)
        return list(map(xxh32_intdigest, bodies, repeat(self.seed)))

    def decode_each(
        self,
        records: Sequence[bytes],
        identities: bytes,
        names: Names,
        padding: int = 0,
    ) -> Decoded:
        """Decode as `decode_sound` does, and look at each record.

        Some may be of version 1, which has no identity.
        """
        own: list[int] = np.frombuffer(identities, _WORD).tolist()
        for i, (record, identity) in enumerate(zip(records, own, strict=True)):
            if reason := self._reason(record, identity, names):
                raise CorruptRecordError(f"{names.name_of(i)}: {reason}")
        fixed = self._fixed_blocks(records, padding)
        rows: Rows = np.frombuffer(fixed, _WORD).reshape(-1, self.layout.words)
        approximate = int(np.count_nonzero(rows[:, STAMP] & APPROXIMATE))
        columns = np.frombuffer(fixed, self.layout.columns)
        return columns, columns["start"].tobytes(), approximate

    def _fixed_blocks(self, records: Sequence[bytes], padding: int) -> bytes:
        size = self._size
        blocks = [record[:size] for record in records] if self.layout.variable else records
        return b"".join(blocks) + bytes(padding * size)

    def _reason(self, record: bytes, identity: int, names: Names) -> str:
        """Say why a record cannot be used, if it cannot."""
        if len(record) < HEADER_WORDS * 8:
            return _DAMAGED
        version, (checksum,) = record[VERSION_AT], _CHECKSUM.unpack_from(record)
        if version not in (RECORD_VERSION, _UNBOUND_VERSION):
            return (
                f"record version {version}, but this version of Tilewright reads "
                f"{_UNBOUND_VERSION} and {RECORD_VERSION}, or its bytes are damaged."
            )
        words = np.frombuffer(record, "<i8", HEADER_WORDS).tolist()
        is_bound = version == RECORD_VERSION
        own = self.layout.fingerprint
        if not is_bound and (of := words[FINGERPRINT] % (1 << 64)) != own:
            return f"written by a plan with storage fingerprint {of:016x}, not {own:016x}."
        if xxh32_intdigest(record[4:], self.seed if is_bound else self._unbound_seed) != checksum:
            # It may be whole, and another plan's.
            owner = names.owner_of(record) if is_bound and names.owner_of else None
            return _DAMAGED if owner is None else _MISPLACED.format(owner)
        if is_bound and words[FINGERPRINT] != identity:
            owner = self._owner(words[FINGERPRINT], words[START], names, record)
            return _MISPLACED.format(owner)
        variable = words[SIZES] & 0xFFFFFFFF if self.layout.variable else 0
        if len(record) != self.layout.fixed_bytes + variable:
            return "a record is longer or shorter than its header says."
        return ""

    def _owner(self, identity: int, start_ms: int, names: Names, record: bytes = b"") -> str:
        """Name the tile with an identity and a start.

        Of a record the store may know whose it is, if the names do not.
        """
        for entity, (kind, size_ms) in product(names.entities, names.levels):
            if self.identities.one(names.table, entity, size_ms, kind) == identity:
                return f"tile {tile_key(names.table, entity, size_ms, start_ms, kind)}"
        owner = names.owner_of(record) if record and names.owner_of else None
        return owner or _OF_ANOTHER.format(iso(start_ms))

    def require_starts(self, rows: Rows, starts_ms: Sequence[int], names: Names) -> None:
        """Require that each record begins where its key says.

        Raises CorruptRecordError for one that does not.
        """
        own = rows[: len(starts_ms), START]
        if (wrong := np.flatnonzero(own != np.asarray(starts_ms, dtype=np.int64))).size:
            i = int(wrong[0])
            owner = self._owner(int(rows[i, FINGERPRINT]), int(own[i]), names)
            raise CorruptRecordError(f"{names.name_of(i)}: {_MISPLACED.format(owner)}")

    def require_within(
        self, rows: Rows, first: int, count: int, wanted: Range, names: Names
    ) -> None:
        """Require that records lie in a range, in order.

        Raises CorruptRecordError for one that does not.
        """
        starts = rows[first : first + count, START].tolist()
        earliest_ms = wanted.start_ms
        for i, start_ms in enumerate(starts, first):
            if not earliest_ms <= start_ms < wanted.end_ms:
                owner = self._owner(int(rows[i, FINGERPRINT]), start_ms, names)
                raise CorruptRecordError(f"{names.name_of(i)}: {_MISPLACED.format(owner)}")
            earliest_ms = start_ms + 1

    def variable(self, record: bytes, row: Rows) -> list[Bytes]:
        """Read the variable fields of a record.

        They are in the layout's order. `decode` has accepted the record, and `row` is its own.
        """
        return decode_fields(self.layout, record, row)

    def decode_block(self, records: Sequence[bytes], keys: TileKeys, names: Names) -> Block:
        """Decode whole tiles that stand under these keys."""
        rows = self.decode(records, self.identities.of(keys).tolist(), names)
        self.require_starts(rows, keys.starts_ms, names)
        if not self.layout.variable:
            return Block(rows)
        fields = [self.variable(record, row) for record, row in zip(records, rows, strict=True)]
        variable: dict[str, Fields] = {}
        for i, field in enumerate(self.layout.variable):
            variable[field.name] = [values[i] for values in fields]
        return Block(rows, variable)


#: What is said of a record that stands in another's place, and of one whose bytes changed.
PLACE_OF_ANOTHER = "in its place stands {}"
_OF_ANOTHER = (
    "a tile of another entity or plan that begins at {}, which `tilewright verify` may name"
)
_MISPLACED = (
    f"{PLACE_OF_ANOTHER}. Nothing was merged from it. Write its events into a new store, or "
    "restore a copy of this one."
)
_DAMAGED = (
    "the checksum of this tile is wrong, so its bytes are not what was written. Nothing was merged "
    "from it. Write its events into a new store, or restore a copy of this one."
)


def is_intact(record: bytes, fingerprint: int) -> bool:
    """Tell whether a record's bytes are what was written.

    They are not if it is of another version or plan.
    """
    if len(record) < HEADER_WORDS * 8:
        return False
    checksum = xxh32_intdigest(record[4:], _seed(RECORD_VERSION, fingerprint))
    return record.startswith(_CHECKSUM.pack(checksum))


@lru_cache(_UNPACKED_AT_ONCE)
def _bodies(count: int, size: int) -> struct.Struct:
    """Prepare to cut out what is behind the checksum of some records."""
    return struct.Struct(f"4x{size}s" * count)


def _seed(version: int, fingerprint: int) -> int:
    return xxh32_intdigest(struct.pack("<BQ", version, fingerprint))
