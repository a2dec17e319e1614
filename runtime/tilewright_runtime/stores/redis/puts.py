"""The calls that put newer tiles, and swap expected ones.

Before them comes where an entity begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

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
    firsts: dict[int, int] = {}
    for entity, start_ms in zip(keys.entity[part], keys.starts_ms[part], strict=True):
        firsts[entity] = min(firsts.get(entity, start_ms), start_ms)
    named = [
        (text_prefix(keys.table, keys.entities[entity], keys.size_ms, keys.kind) + FIRST, start)
        for entity, start in firsts.items()
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
    start, size = 0, 0
    for place, record in enumerate(records):
        if place > start and (place - start == CALL_KEYS or size + len(record) > _CALL_BYTES):
            yield slice(start, place)
            start, size = place, 0
        size += len(record)
    if start < len(records):
        yield slice(start, len(records))
