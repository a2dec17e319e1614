"""Which of two records of a tile is the newer one, told from their headers alone (records.py says what stands where)."""

from __future__ import annotations

import struct

#: Byte 5 of word 0 is the flags, word 2 the sequence.
_HEADER = struct.Struct("<5xB10xQ")


def rank(record: bytes) -> tuple[int, int]:
    """What orders the records of one tile: (sequence, flags); the larger is the newer, and equal ones are the same tile.

    The sequence is the number of events in the tile, which only grows. At the same sequence flags are only ever added
    (1 complete, 2 approximate), so the record with more of them is the later one; compared as a number they are a total order,
    in which puts may be repeated and come in any order. What is too short for a header is older than every record.
    """
    if len(record) < _HEADER.size:
        return (-1, 0)
    flags, sequence = _HEADER.unpack_from(record)
    return (sequence, flags)
