"""Scans of an LMDB table: the records of some ranges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from ...tiles.keys import Range, ordered_prefix, ordered_tail
from ..base import ScanRequest

#: The ends of the keys that bound a range, and how many records it may have.
_Bounds = tuple[bytes, bytes, int]

#: Records that a scan reads before it looks how far it is.
_SCANNED_AT_ONCE = 64
#: Ranges whose bounds are kept: the next request mostly has the same ones.
_REMEMBERED = 256


def scan(cursor: Any, table: str, requests: Sequence[ScanRequest]) -> list[list[list[bytes]]]:
    """Read each entity's records by range, oldest first.

    Requests of one batch mostly share their ranges, so the ends of keys are made once for those.
    """
    bounds_of: dict[int, list[_Bounds]] = {}
    records: list[list[list[bytes]]] = []
    for entity, ranges in requests:
        bounds = bounds_of.get(id(ranges))
        if bounds is None:
            bounds = bounds_of[id(ranges)] = list(map(_bounds, ranges))
        prefix = ordered_prefix(table, entity)
        by_range = []
        for begin, end, most in bounds:
            by_range.append(_scan_range(cursor, prefix + begin, prefix + end, most))
        records.append(by_range)
    return records


@lru_cache(_REMEMBERED)
def _bounds(wanted: Range) -> _Bounds:
    size_ms, start_ms, end_ms, kind, _ = wanted
    begin, end = ordered_tail(size_ms, start_ms, kind), ordered_tail(size_ms, end_ms, kind)
    return begin, end, (end_ms - start_ms) // size_ms


def _scan_range(cursor: Any, begin: bytes, end: bytes, most: int) -> list[bytes]:
    """Read the records of [begin, end).

    There are at most `most` of them. The values are read without their keys, which takes half the
    time. The last key of each part tells whether it went beyond the end.
    """
    records: list[bytes] = []
    there = most > 0 and cursor.set_range(begin) and cursor.key() < end
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
    """Drop the last records, those that lie beyond a key.

    It goes back from the cursor.
    """
    while records and cursor.key() >= end:
        records.pop()
        cursor.prev()
