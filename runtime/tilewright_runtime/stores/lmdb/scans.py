"""Scans of an LMDB table: the records of some ranges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from ...tiles.keys import Ranges, bounds_of, ordered_prefix
from ..base import ScanRequest

#: Records that a scan reads before it looks how far it is.
_SCANNED_AT_ONCE = 64


def scan(cursor: Any, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
    """Read each entity's records by range, oldest first."""
    records: list[list[list[bytes]]] = []
    for entity, ranges in requests:
        bounds = ranges.bounds if isinstance(ranges, Ranges) else map(bounds_of, ranges)
        prefix = ordered_prefix(table, entity)
        by_range = []
        for begin, end, most in bounds:
            by_range.append(_scan_range(cursor, prefix + begin, prefix + end, most))
        records.append(by_range)
    return records


def _scan_range(cursor: Any, begin: bytes, end: bytes, most: int) -> list[bytes]:
    """Read the records of [begin, end).

    There are at most `most` of them. The values are read without their keys, which takes half the
    time. The last key of each part tells whether it went beyond the end.
    """
    if most <= 0 or not cursor.set_range(begin) or cursor.key() >= end:
        return []
    wanted = min(most, _SCANNED_AT_ONCE)
    records = list(islice(cursor.iternext(False, True), wanted))
    while True:
        if len(records) < wanted:  # the table ends here
            cursor.last()
        if cursor.key() >= end:
            _drop_after(cursor, end, records)
            return records
        if len(records) < wanted or wanted == most or not cursor.next():
            return records
        part = min(most - wanted, _SCANNED_AT_ONCE)
        records += islice(cursor.iternext(False, True), part)
        wanted += part


def _drop_after(cursor: Any, end: bytes, records: list[bytes]) -> None:
    """Drop the last records, those that lie beyond a key.

    It goes back from the cursor.
    """
    while records and cursor.key() >= end:
        records.pop()
        cursor.prev()
