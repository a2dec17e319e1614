"""The header of a record, and which record is newer.

A record begins with six words of 8 bytes, little-endian:

    word 0   bytes 0-3  XXH32 of every byte from 4 on (seed: XXH32 of version and fingerprint)
             byte 4     record version
             byte 5     flags (1 complete, 2 approximate)
             byte 6     compression (0 none, 1 snappy)
             byte 7     words of the header
    word 1   identity: storage fingerprint XOR XXH64 of table, entity, kind and size
    word 2   sequence: the number of events in the tile, which only grows
    word 3   time of the newest event
    word 4   start of the tile
    word 5   bytes of the variable fields: low half as stored, high half uncompressed
"""

from __future__ import annotations

import struct

#: The words, by what they hold. The first, the stamp, holds several numbers.
STAMP, FINGERPRINT, SEQUENCE, NEWEST, START, SIZES = range(6)
HEADER_WORDS = 6

VERSION_AT = 4
FLAGS_AT = 5

_SEQUENCE_AT = 8 * SEQUENCE
#: Bytes of a header that tell the contents of one tile apart.
VERSION_BYTES = 8 * (SEQUENCE + 1)
#: The flags and the sequence, and nothing else of a header.
PRECEDENCE = struct.Struct(f"<{FLAGS_AT}xB{_SEQUENCE_AT - FLAGS_AT - 1}xQ")
_START = struct.Struct(f"<{8 * START}xq")
_NEWEST = struct.Struct(f"<{8 * NEWEST}xq")
_HEADER = struct.Struct(f"<{HEADER_WORDS}q")


def precedence(record: bytes) -> tuple[int, int]:
    """Rank the records of one tile, the newest highest.

    The rank is (sequence, flags); records of equal rank are the same tile. The sequence is the
    number of events in the tile, which only grows. At the same sequence flags are only ever added,
    so the record with more of them is the later one. Compared as numbers they are a total order,
    so puts may be repeated and may come in any order. What is too short for a header is older than
    every record.
    """
    if len(record) < PRECEDENCE.size:
        return (-1, 0)
    flags, sequence = PRECEDENCE.unpack_from(record)
    return (sequence, flags)


def version_of(record: bytes | None) -> bytes | None:
    """Read which content of its tile a record has.

    That is said by its checksum, identity and sequence. What is shorter than those says it by all
    its bytes, and a record that is not there by None.
    """
    return None if record is None else record[:VERSION_BYTES]


def header_of(record: bytes) -> tuple[int, ...]:
    """Read the words of a record's header."""
    return _HEADER.unpack_from(record)


def newest_of(record: bytes) -> int:
    """Read when the newest event of a record was, in epoch milliseconds."""
    newest_ms: int = _NEWEST.unpack_from(record)[0]
    return newest_ms


def start_of(record: bytes) -> int:
    """Read the start of a record's tile, in epoch milliseconds."""
    start_ms: int = _START.unpack_from(record)[0]
    return start_ms
