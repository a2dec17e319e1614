"""The keys of a scan.

Redis has no order, so each tile that may exist is asked for by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from ...errors import StoreError
from ...tiles.keys import Range, text_prefix, tile_id
from ..base import ScanRequest
from .commands import Commands, Exchange, values_of

#: The end of the key under which the start of an entity's first tile is kept, for lifetimes.
FIRST = "first"
#: A longer range that is no lifetime is no cover; to enumerate its keys would take the
#: memory of both sides.
_LONGEST_RANGE = 1_000_000

#: The covers of all entities ask for the same ids, and to make one takes longer than to look it up.
_tile_id = lru_cache(1 << 16)(tile_id)

_WRONG_INDEX = (
    "store {}: {} does not name the first tile of its entity, so some would be left out. Empty the "
    "database; the next write fills it again."
)


class Scan(NamedTuple):
    """The keys of a scan, and where its records lie.

    They lie among the values of the keys.
    """

    keys: list[list[str]]
    """For each entity."""
    counts: list[list[int]]
    """How many of its keys belong to each of an entity's ranges."""
    firsts: list[str]
    """The indexes of lifetimes, whose first tiles are the last keys, in this order."""

    def records(self, values: Iterable[bytes | None]) -> list[list[list[bytes]]]:
        """Sort the values that are there by entity and range."""
        rest = iter(values)
        records = []
        for counts in self.counts:
            records.append([_present(islice(rest, count)) for count in counts])
        return records

    def require_firsts(self, url: str, values: Sequence[bytes | None]) -> None:
        """Require the first tile of each lifetime.

        Tiles without a time to live stay, so if one is missing, the index is wrong, and tiles may
        be before it. Raises StoreError for such an index.
        """
        for index, first in zip(self.firsts, values[len(values) - len(self.firsts) :], strict=True):
            if first is None:
                raise StoreError(_WRONG_INDEX.format(url, index))


def begin_scan(commands: Commands, table: str, requests: Sequence[ScanRequest]) -> Exchange[Scan]:
    """Name all tiles that the ranges may hold.

    For lifetimes their index is read.
    """
    firsts = yield from _firsts(commands, table, requests)
    scan = Scan([], [], [])
    ids_of = _Ids(commands.url)
    first_tiles: dict[str, str] = {}
    for entity, ranges in requests:
        keys: list[str] = []
        counts: list[int] = []
        for wanted in ranges:
            prefix = text_prefix(table, entity, wanted.size_ms, wanted.kind)
            if wanted.lifetime:
                first_ms = firsts[prefix]
                wanted = _from_first(wanted, first_ms)
                if first_ms is not None:
                    first_tiles[prefix + FIRST] = prefix + _tile_id(first_ms, wanted.size_ms)
            ids = ids_of.tiles(wanted)
            keys += [prefix + tile for tile in ids]
            counts.append(len(ids))
        scan.keys.append(keys)
        scan.counts.append(counts)
    # Read once more, behind all others: the first tile may lie after the range that is asked.
    for index, key in first_tiles.items():
        scan.firsts.append(index)
        scan.keys.append([key])
    return scan


def _firsts(
    commands: Commands, table: str, requests: Sequence[ScanRequest]
) -> Exchange[dict[str, int | None]]:
    """Read the first starts of lifetimes, by prefix.

    They are kept beside the tiles.
    """
    prefixes = []
    for entity, ranges in requests:
        for wanted in ranges:
            if wanted.lifetime:
                prefixes.append(text_prefix(table, entity, wanted.size_ms, wanted.kind))
    if not prefixes:
        return {}
    indexes = [[prefix + FIRST] for prefix in prefixes]
    _, starts = yield from values_of(indexes, commands.is_cluster)
    return {
        prefix: _first_ms(commands.url, prefix, start)
        for prefix, start in zip(prefixes, starts, strict=True)
    }


def _first_ms(url: str, prefix: str, start: bytes | None) -> int | None:
    if start is None:
        return None
    if not re.fullmatch(rb"-?[0-9]{1,14}", start):
        raise StoreError(_WRONG_INDEX.format(url, prefix + FIRST))
    return int(start)


def _from_first(wanted: Range, first_ms: int | None) -> Range:
    """Cut a lifetime to where tiles may be.

    None if nothing was put.
    """
    start_ms = wanted.end_ms if first_ms is None else max(wanted.start_ms, first_ms)
    return wanted._replace(start_ms=start_ms, end_ms=max(wanted.end_ms, start_ms))


def _present(values: Iterable[bytes | None]) -> list[bytes]:
    return [value for value in values if value is not None]


class _Ids:
    """The ids of the tiles of ranges.

    Requests of one batch mostly ask for the same ranges, so their ids are made once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[Range, list[str]] = {}

    def tiles(self, wanted: Range) -> list[str]:
        """List the ids of the tiles of a range.

        Raises StoreError for a range that cannot be enumerated.
        """
        ids = self._known.get(wanted)
        if ids is not None:
            return ids
        size_ms, start_ms, end_ms = wanted[:3]
        count = (end_ms - start_ms) // size_ms
        if count > _LONGEST_RANGE:
            raise StoreError(
                f"store {self._url}: a range of {count:,} tiles cannot be read, since Redis keeps "
                "no order. Ask for a shorter one, or for a lifetime."
            )
        ids = [_tile_id(start, size_ms) for start in range(start_ms, end_ms, size_ms)]
        self._known[wanted] = ids
        return ids
