"""The keys of a scan.

Redis has no order, so each tile that may exist is asked for by its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ...errors import StoreError
from ...tiles.keys import Range, Ranges, level_name, text_key, text_prefix, tile_id
from ..base import ScanRequest
from .commands import CALL_KEYS, Commands, Exchange, values_of
from .packing import Run, single

#: The end of the key under which the start of an entity's first tile is kept, for lifetimes.
FIRST = "first"
#: A longer range that is no lifetime is no cover; to enumerate its keys would take the
#: memory of both sides.
_LONGEST_RANGE = 1_000_000

_WRONG_INDEX = (
    "store {}: {} does not name the first tile of its entity, so some would be left out. Empty the "
    "database; the next write fills it again."
)


class Scan(NamedTuple):
    """The keys of a scan, and where its records lie.

    They lie among the values of the keys.
    """

    keys: list[list[Run]]
    """For each entity, a run for each of its ranges."""
    firsts: list[str]
    """The indexes of lifetimes, whose first tiles are the last keys, in this order."""

    @property
    def key_count(self) -> int:
        """How many keys there are."""
        return sum(len(run.ids) for runs in self.keys for run in runs)

    def records(self, values: Sequence[bytes | None]) -> list[list[list[bytes]]]:
        """Sort the values that are there by entity and range."""
        records = []
        end = 0
        for runs in self.keys[: len(self.keys) - len(self.firsts)]:
            of_entity = []
            for _, ids in runs:
                begin, end = end, end + len(ids)
                of_entity.append(_present(values[begin:end]))
            records.append(of_entity)
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
    scan = Scan([], [])
    first_tiles: dict[str, Run] = {}
    for entity, ranges in requests:
        named = _named(commands.url, ranges)
        if named is not None:
            runs = [Run(text_key(table, entity, level, ""), ids) for level, ids in named]
            scan.keys.append(runs)
            continue
        runs = []
        for wanted in ranges:
            prefix = text_prefix(table, entity, wanted.size_ms, wanted.kind)
            if wanted.lifetime:
                first_ms = firsts[prefix]
                wanted = _from_first(wanted, first_ms)
                if first_ms is not None:
                    first_tile = tile_id(first_ms, wanted.size_ms).encode()
                    first_tiles[prefix + FIRST] = Run(prefix, (first_tile,))
            runs.append(Run(prefix, _ids(commands.url, wanted)))
        scan.keys.append(runs)
    # Read once more, behind all others: the first tile may lie after the range that is asked.
    for index, first in first_tiles.items():
        scan.firsts.append(index)
        scan.keys.append([first])
    return scan


def _named(url: str, ranges: Sequence[Range]) -> Sequence[tuple[str, Sequence[bytes]]] | None:
    """Name the levels and the tiles of ranges.

    Many requests share them. None if one is a lifetime, whose begin has to be read.
    """
    known: Sequence[tuple[str, Sequence[bytes]]] | None = getattr(ranges, "texts", None)
    if known is None and not any(wanted.lifetime for wanted in ranges):
        known = [(level_name(wanted.kind, wanted.size_ms), _ids(url, wanted)) for wanted in ranges]
        if isinstance(ranges, Ranges):
            ranges.texts = known
    return known


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
    indexes = [[single(prefix + FIRST)] for prefix in prefixes]
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


def _present(values: Sequence[bytes | None]) -> list[bytes]:
    return [value for value in values if value is not None]


def _ids(url: str, wanted: Range) -> Sequence[bytes]:
    """List the ids of the tiles of a range.

    Raises StoreError for a range that cannot be enumerated.
    """
    size_ms, start_ms, end_ms = wanted[:3]
    count = (end_ms - start_ms) // size_ms
    if count > _LONGEST_RANGE:
        raise StoreError(
            f"store {url}: a range of {count:,} tiles cannot be read, since Redis keeps "
            "no order. Ask for a shorter one, or for a lifetime."
        )
    # The covers of all entities ask for the same ids. What is kept of them is bounded.
    make = _known_ids if count <= CALL_KEYS else _new_ids
    return make(size_ms, start_ms, end_ms)


def _new_ids(size_ms: int, start_ms: int, end_ms: int) -> Sequence[bytes]:
    return [tile_id(start, size_ms).encode() for start in range(start_ms, end_ms, size_ms)]


_known_ids = lru_cache(256)(_new_ids)
