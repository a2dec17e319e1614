"""Keys of tiles in their two forms, text and ordered bytes, and ranges of tiles."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, format_duration
from tilewright_compiler.plan.model import EVENTS_NAME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGN = 1 << 63
_ORDERED_TAIL = struct.Struct(">qQ")


class Range(NamedTuple):
    """The tiles of one level whose starts lie in [start_ms, end_ms); of a negative size the chunks
    of raw events, which are so long.
    """

    size_ms: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class TileKeys:
    """The keys of many tiles of one level: tile i belongs to `entities[entity[i]]` and begins at
    `starts_ms[i]`.

    Of a negative size they are those of chunks of raw events, which are so long.
    """

    table: str
    size_ms: int
    entities: Sequence[str]
    entity: Sequence[int]
    starts_ms: Sequence[int]

    @cached_property
    def ordered(self) -> list[bytes]:
        """The keys as ordered bytes, made once however often they are used."""
        return ordered_keys(self.table, self.size_ms, self.entities, self.entity, self.starts_ms)

    @cached_property
    def texts(self) -> list[str]:
        """The keys as text, made once however often they are used."""
        return text_keys(self.table, self.size_ms, self.entities, self.entity, self.starts_ms)

    def take(self, places: NDArray[np.intp]) -> TileKeys:
        """The keys of some of the tiles."""
        if len(places) == len(self.starts_ms):
            return self
        return replace(
            self,
            entity=np.asarray(self.entity)[places].tolist(),
            starts_ms=np.asarray(self.starts_ms)[places].tolist(),
        )


def tile_id(start_ms: int, size_ms: int) -> str:
    """The id of a tile: its start in UTC, as short as its size allows."""
    return f"{_EPOCH + timedelta(milliseconds=start_ms):{tile_id_format(size_ms)}}"


def tile_id_format(size_ms: int) -> str:
    """The strftime form of the ids of a level."""
    for unit_ms, form in ((DAY_MS, "%Y%m%d"), (HOUR_MS, "%Y%m%d%H"), (MINUTE_MS, "%Y%m%d%H%M")):
        if size_ms % unit_ms == 0:
            return form
    return "%Y%m%d%H%M%S"


def text_key(group_by: str, entity: str, size: str, tile: str) -> str:
    """A whole key for stores of text keys; the braces make a Redis Cluster keep an entity's tiles
    together.
    """
    return f"tiles::{group_by}::{{{entity}}}::{size}::{tile}"


def size_name(size_ms: int) -> str:
    """What stands for a level in keys of text; a negative size is that of chunks of raw events,
    which all have one name.
    """
    return EVENTS_NAME if size_ms < 0 else format_duration(size_ms)


def tile_key(group_by: str, entity: str, size_ms: int, start_ms: int) -> str:
    """The whole key of a tile, or with a negative size of a chunk of raw events, as text."""
    return text_key(group_by, entity, size_name(size_ms), tile_id(start_ms, size_ms))


def text_prefix(group_by: str, entity: str, size_ms: int) -> str:
    """What the text keys of an entity's tiles of one level begin with."""
    return text_key(group_by, entity, size_name(size_ms), "")


def text_keys(
    group_by: str,
    size_ms: int,
    entities: Sequence[str],
    entity: Sequence[int],
    starts_ms: Sequence[int],
) -> list[str]:
    """The text keys of many tiles of one level: tile i belongs to `entities[entity[i]]` and begins
    at `starts_ms[i]`.
    """
    prefixes = [text_prefix(group_by, text, size_ms) for text in entities]
    ids = {start: tile_id(start, size_ms) for start in set(starts_ms)}
    return [prefixes[which] + ids[start] for which, start in zip(entity, starts_ms, strict=True)]


def ordered_prefix(group_by: str, entity: str) -> bytes:
    """What all ordered keys of an entity begin with; neither part can hold a NUL."""
    return f"{group_by}\0{entity}\0".encode()


def ordered_tail(size_ms: int, start_ms: int) -> bytes:
    """The end of an ordered key: level, then start, so that the tiles of a cover are neighbours (16
    bytes).

    Chunks of raw events, whose size is negative, come after all levels.
    """
    return _ORDERED_TAIL.pack(size_ms, start_ms + _SIGN)


def ordered_keys(
    group_by: str,
    size_ms: int,
    entities: Sequence[str],
    entity: Sequence[int],
    starts_ms: Sequence[int],
) -> list[bytes]:
    """The ordered keys of many tiles of one level: tile i belongs to `entities[entity[i]]` and
    begins at `starts_ms[i]`.
    """
    prefixes = [
        ordered_prefix(group_by, text) + size_ms.to_bytes(8, "big", signed=True)
        for text in entities
    ]
    starts = (np.asarray(starts_ms, dtype=np.int64) ^ np.int64(-_SIGN)).astype(">i8").tobytes()
    return [
        prefixes[which] + starts[at : at + 8]
        for which, at in zip(entity, range(0, len(starts), 8), strict=True)
    ]


def parse_ordered_key(key: bytes) -> tuple[str, str, int, int]:
    """(group_by, entity, size_ms, start_ms) of an ordered key."""
    group_by, entity = key[:-17].decode().split("\0")
    size_ms, shifted = _ORDERED_TAIL.unpack(key[-16:])
    return group_by, entity, size_ms, shifted - _SIGN
