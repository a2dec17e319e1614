"""Scans of an LMDB table: the records of some ranges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from ...tiles.keys import Ranges, ordered_prefix
from ..base import ScanRequest

#: Records that a scan reads before it looks how far it is, at most.
_SCANNED_AT_ONCE = 64


def scan(cursor: Any, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
    """Read each entity's records by range, oldest first."""
    records: list[list[list[bytes]]] = []
    for entity, ranges in requests:
        if not isinstance(ranges, Ranges):
            ranges = Ranges(ranges)
        prefix, expected = ordered_prefix(table, entity), ranges.expected
        by_range = []
        for index, (begin, end, most) in enumerate(ranges.bounds):
            wanted = min(most, expected[index], _SCANNED_AT_ONCE)
            found = _scan_range(cursor, prefix + begin, prefix + end, most, wanted)
            expected[index] = len(found) + 1  # mostly another entity has about as many
            by_range.append(found)
        records.append(by_range)
    return records


def _scan_range(cursor: Any, begin: bytes, end: bytes, most: int, wanted: int) -> list[bytes]:
    """Read the records of [begin, end).

    There are at most `most` of them; `wanted` are read at first, then as many again. The values are
    read without their keys, which takes half the time. The last key of each part tells whether it
    went beyond the end.
    """
    if most <= 0 or not cursor.set_range(begin) or cursor.key() >= end:
        return []
    records = list(islice(cursor.iternext(False, True), wanted))
    while True:
        if len(records) < wanted:  # the table ends here
            cursor.last()
        if cursor.key() >= end:
            _drop_after(cursor, end, records)
            return records
        if len(records) < wanted or wanted == most or not cursor.next():
            return records
        part = min(most - wanted, wanted, _SCANNED_AT_ONCE)
        records += islice(cursor.iternext(False, True), part)
        wanted += part


def _drop_after(cursor: Any, end: bytes, records: list[bytes]) -> None:
    """Drop the last records, those that lie beyond a key.

    It goes back from the cursor.
    """
    while records and cursor.key() >= end:
        records.pop()
        cursor.prev()
