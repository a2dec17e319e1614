"""The calls that put newer tiles, and swap expected ones.

Before them comes where an entity begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Any

import numpy as np

from ...tiles.keys import TileKeys, text_prefix, tile_id
from .commands import CALL_KEYS
from .functions import PUT, PUT_FIRST, SWAP
from .packing import Command, bulk, bulks, key_head
from .scan import FIRST

#: Bytes of one call.
_CALL_BYTES = 1 << 20
#: Tiles of one call that puts some. What the server makes of more than that does not stay in a
#: processor's cache, and a tile takes a third longer.
_PUT_TILES = 128
_LINE = b"\r\n"


def put_rounds(
    keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None
) -> Iterator[list[Command]]:
    """Make the calls that put some tiles on one server.

    Each group of calls is one round. The calls are packed here, without a step for each tile.
    """
    for first_calls in _first_calls(keys, ttl_ms, CALL_KEYS):
        yield [*first_calls]
    names, values = _packed_names(keys), bulks(records)
    ttl = bulk(ttl_ms or "")
    for part in _parts(records, _PUT_TILES):
        count = part.stop - part.start
        head = b"*%d\r\n" % (count * 2 + 4) + b"".join(map(bulk, ("FCALL", PUT, count)))
        own = names[2 * part.start : 2 * part.stop]
        yield [b"".join([head, *own, ttl, *values[part]])]


def _packed_names(keys: TileKeys) -> list[bytes]:
    """Pack the keys of tiles, each of two parts."""
    ends = {start: _end(start, keys.size_ms) for start in set(keys.starts_ms)}
    id_bytes = len(next(iter(ends.values()), _LINE)) - len(_LINE)
    heads = []
    for entity in keys.entities:
        prefix = text_prefix(keys.table, entity, keys.size_ms, keys.kind)
        heads.append(key_head(prefix.encode(), id_bytes))
    pairs = zip(
        map(heads.__getitem__, keys.entity), map(ends.__getitem__, keys.starts_ms), strict=True
    )
    return list(chain.from_iterable(pairs))


@lru_cache(1 << 16)
def _end(start_ms: int, size_ms: int) -> bytes:
    """Write the end of a packed key."""
    return tile_id(start_ms, size_ms).encode() + _LINE


def put_calls(
    keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None
) -> Iterator[list[list[Any]]]:
    """Make the calls that put some tiles in a cluster.

    Each group of calls is one round trip, and each call of one entity.
    """
    yield from _first_calls(keys, ttl_ms, 1)
    texts = keys.texts
    for part in _parts(records, CALL_KEYS):
        calls = []
        for own in _by_entity(keys, part):
            names, put = texts[own], records[own]
            calls.append(["FCALL", PUT, len(names), *names, ttl_ms or "", *put])
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
    yield from _first_calls(keys, ttl_ms, 1 if is_cluster else CALL_KEYS)
    texts = keys.texts
    for part in _parts(records, CALL_KEYS):
        calls = []
        for own in _by_entity(keys, part) if is_cluster else [part]:
            names, pairs = texts[own], []
            for version, record in zip(expected[own], records[own], strict=True):
                pairs += ["" if version is None else b"=" + version, record]
            calls.append(["FCALL", SWAP, len(names), *names, ttl_ms or "", *pairs])
        yield calls


def _first_calls(keys: TileKeys, ttl_ms: int | None, together: int) -> Iterator[list[list[Any]]]:
    """Note the first tile of each entity.

    That comes before the tiles are there, so that no reader misses one. Tiles with a time to live
    need none.
    """
    if ttl_ms is not None:
        return
    entity, start_ms = (np.asarray(one) for one in (keys.entity, keys.starts_ms))
    order = np.lexsort((start_ms, entity))
    which, at = np.unique(entity[order], return_index=True)
    names = [
        text_prefix(keys.table, keys.entities[own], keys.size_ms, keys.kind) + FIRST
        for own in which.tolist()
    ]
    starts_ms = start_ms[order][at].tolist()
    calls = []
    for begin in range(0, len(names), together):
        own = slice(begin, begin + together)
        calls.append(["FCALL", PUT_FIRST, len(names[own]), *names[own], *starts_ms[own]])
    for begin in range(0, len(calls), CALL_KEYS):
        yield calls[begin : begin + CALL_KEYS]


def _by_entity(keys: TileKeys, part: slice) -> list[slice]:
    """Part tiles by entity, for the nodes of a cluster."""
    runs = []
    begin = part.start
    for _, run in groupby(keys.entity[part]):
        end = begin + sum(1 for _ in run)
        runs.append(slice(begin, end))
        begin = end
    return runs


def _parts(records: Sequence[bytes], most: int) -> Iterator[slice]:
    """Cut records into runs for one call each.

    A large record goes alone.
    """
    ends = np.cumsum(np.fromiter(map(len, records), np.int64, len(records)))
    start = size = 0
    while start < len(records):
        stop = int(np.searchsorted(ends, size + _CALL_BYTES, side="right"))
        stop = min(max(stop, start + 1), start + most, len(records))
        yield slice(start, stop)
        start, size = stop, int(ends[stop - 1])
