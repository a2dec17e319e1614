"""The calls that put newer tiles, and swap expected ones.

Before them comes where an entity begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ...tiles.keys import TileKeys, text_prefix
from .commands import CALL_KEYS
from .functions import PUT, PUT_FIRST, SWAP
from .scan import FIRST

#: Bytes of one call.
_CALL_BYTES = 1 << 20


def put_calls(
    keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None, is_cluster: bool
) -> Iterator[list[list[Any]]]:
    """Make the calls that put some tiles.

    Each group of calls is one round trip.
    """
    texts = keys.texts
    for calls, groups in _rounds(keys, records, ttl_ms, is_cluster):
        for group in groups:
            names, put = [texts[i] for i in group], [records[i] for i in group]
            calls.append([PUT, len(names), *names, ttl_ms or "", *put])
        yield calls


def swap_calls(
    keys: TileKeys,
    expected: Sequence[bytes | None],
    records: Sequence[bytes],
    ttl_ms: int | None,
    is_cluster: bool,
) -> Iterator[list[list[Any]]]:
    """Make the calls that swap some tiles.

    Each group of calls is one round trip.
    """
    texts = keys.texts
    for calls, groups in _rounds(keys, records, ttl_ms, is_cluster):
        for group in groups:
            names, pairs = [texts[i] for i in group], []
            for i in group:
                version = expected[i]
                pairs += ["" if version is None else b"=" + version, records[i]]
            calls.append([SWAP, len(names), *names, ttl_ms or "", *pairs])
        yield calls


def _rounds(
    keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None, is_cluster: bool
) -> Iterator[tuple[list[list[Any]], list[list[int]]]]:
    """Part tiles into round trips.

    Each has the calls to begin with, and the tiles of each further call.
    """
    for part in _parts(records):
        calls = [] if ttl_ms is not None else _first_calls(keys, part, is_cluster)
        yield calls, _together(keys, part, is_cluster)


def _first_calls(keys: TileKeys, part: slice, is_cluster: bool) -> list[list[Any]]:
    """Note the first tile of each entity.

    That comes before the tiles are there, so that no reader misses one.
    """
    entity, start_ms = (np.asarray(one[part]) for one in (keys.entity, keys.starts_ms))
    order = np.lexsort((start_ms, entity))
    entity, firsts = np.unique(entity[order], return_index=True)
    named = [
        (text_prefix(keys.table, keys.entities[which], keys.size_ms, keys.kind) + FIRST, first)
        for which, first in zip(entity.tolist(), start_ms[order][firsts].tolist(), strict=True)
    ]
    calls = []
    for group in [[one] for one in named] if is_cluster else [named]:
        names, starts = zip(*group, strict=True)
        calls.append([PUT_FIRST, len(group), *names, *starts])
    return calls


def _together(keys: TileKeys, part: slice, is_cluster: bool) -> list[list[int]]:
    """Group the tiles that one call may put.

    On one server that is all of them, in a cluster those of one entity.
    """
    indices = range(part.start, part.stop)
    if not is_cluster:
        return [list(indices)]
    by_entity = groupby(indices, key=lambda i: keys.entity[i])
    return [list(group) for _, group in by_entity]


def _parts(records: Sequence[bytes]) -> Iterator[slice]:
    """Cut records into runs for one call each.

    A large record goes alone.
    """
    ends = np.cumsum(np.fromiter(map(len, records), np.int64, len(records)))
    start = size = 0
    while start < len(records):
        stop = int(np.searchsorted(ends, size + _CALL_BYTES, side="right"))
        stop = min(max(stop, start + 1), start + CALL_KEYS, len(records))
        yield slice(start, stop)
        start, size = stop, int(ends[stop - 1])
