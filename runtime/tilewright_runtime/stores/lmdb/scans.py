"""Scans of an LMDB table: the records of some ranges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from ...tiles.keys import Range, ordered_tail

#: Records that a scan reads before it looks how far it is.
_SCANNED_AT_ONCE = 64


def scan(cursor: Any, prefix: bytes, ranges: Sequence[Range]) -> list[list[bytes]]:
    """Read an entity's records by range, oldest first."""
    found: list[list[bytes]] = []
    for size_ms, start_ms, end_ms, kind, _ in ranges:
        begin = prefix + ordered_tail(size_ms, start_ms, kind)
        end = prefix + ordered_tail(size_ms, end_ms, kind)
        found.append(_scan_range(cursor, begin, end, (end_ms - start_ms) // size_ms))
    return found


def _scan_range(cursor: Any, begin: bytes, end: bytes, most: int) -> list[bytes]:
    """Read the records of [begin, end), of which there are at most so many.

    The values are read without their keys, which takes half the time. The last key of each part
    tells whether it went beyond the end.
    """
    records: list[bytes] = []
    there = most > 0 and cursor.set_range(begin)
    while there:
        wanted = min(most - len(records), _SCANNED_AT_ONCE)
        part = list(islice(cursor.iternext(False, True), wanted))
        records += part
        if len(part) < wanted:  # the table ends here
            cursor.last()
        if cursor.key() >= end:
            _drop_after(cursor, end, records)
            break
        there = len(records) < most and len(part) == wanted and cursor.next()
    return records


def _drop_after(cursor: Any, end: bytes, records: list[bytes]) -> None:
    """Drop the records at the end that lie beyond a key, back from the cursor."""
    while records and cursor.key() >= end:
        records.pop()
        cursor.prev()
