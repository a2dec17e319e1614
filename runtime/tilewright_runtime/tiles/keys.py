"""Keys of tiles in their two forms, text and ordered bytes, and ranges of tiles."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, format_duration
from tilewright_compiler.plan.model import EVENTS_NAME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGN = 1 << 63
_ORDERED_TAIL = struct.Struct(">qQ")

#: What a record holds: the states of a tile, or a chunk of raw events.
Kind = Literal["tiles", "events"]
TILES: Kind = "tiles"
EVENTS: Kind = "events"


class Range(NamedTuple):
    """The records of one kind and size whose starts lie in [start_ms, end_ms)."""

    size_ms: int
    start_ms: int
    end_ms: int
    kind: Kind = TILES
    lifetime: bool = False
    """Whether it reaches back to an entity's first record, of a level that is kept for ever.

    `start_ms` is then no later than any event may be.
    """


@dataclass(frozen=True)
class TileKeys:
    """The keys of many records of one kind and size.

    Record i belongs to `entities[entity[i]]` and begins at `starts_ms[i]`.
    """

    table: str
    size_ms: int
    entities: Sequence[str]
    entity: Sequence[int]
    starts_ms: Sequence[int]
    kind: Kind = TILES

    @cached_property
    def ordered(self) -> list[bytes]:
        """The keys as ordered bytes, made once however often they are used."""
        level = level_bytes(self.kind, self.size_ms)
        prefixes = [ordered_prefix(self.table, text) + level for text in self.entities]
        starts = np.asarray(self.starts_ms, dtype=np.int64) ^ np.int64(-_SIGN)
        packed = starts.astype(">i8").tobytes()
        return [
            prefixes[which] + packed[at : at + 8]
            for which, at in zip(self.entity, range(0, len(packed), 8), strict=True)
        ]

    @cached_property
    def texts(self) -> list[str]:
        """The keys as text, made once however often they are used."""
        prefixes = [
            text_prefix(self.table, text, self.size_ms, self.kind) for text in self.entities
        ]
        ids = {start: tile_id(start, self.size_ms) for start in set(self.starts_ms)}
        return [
            prefixes[which] + ids[start]
            for which, start in zip(self.entity, self.starts_ms, strict=True)
        ]

    def name(self, i: int) -> str:
        """The text key of the i-th record."""
        entity = self.entities[self.entity[i]]
        return tile_key(self.table, entity, self.size_ms, self.starts_ms[i], self.kind)

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


def level_name(kind: Kind, size_ms: int) -> str:
    """Name a level in text keys: chunks of raw events have one name, whatever their size."""
    return EVENTS_NAME if kind == EVENTS else format_duration(size_ms)


def tile_key(group_by: str, entity: str, size_ms: int, start_ms: int, kind: Kind = TILES) -> str:
    """The whole key of a record as text."""
    return text_prefix(group_by, entity, size_ms, kind) + tile_id(start_ms, size_ms)


def text_prefix(group_by: str, entity: str, size_ms: int, kind: Kind = TILES) -> str:
    """What the text keys of an entity's records of one kind and size begin with."""
    return text_key(group_by, entity, level_name(kind, size_ms), "")


def ordered_prefix(group_by: str, entity: str) -> bytes:
    """What all ordered keys of an entity begin with; neither part can hold a NUL."""
    return f"{group_by}\0{entity}\0".encode()


def ordered_tail(size_ms: int, start_ms: int, kind: Kind = TILES) -> bytes:
    """The end of an ordered key (16 bytes): level, then start.

    So the tiles of a cover are neighbours, and chunks of raw events come after all levels.
    """
    return _ORDERED_TAIL.pack(signed_size(kind, size_ms), start_ms + _SIGN)


def parse_ordered_key(key: bytes) -> tuple[str, str, Kind, int, int]:
    """(group_by, entity, kind, size_ms, start_ms) of an ordered key."""
    group_by, entity = key[:-17].decode().split("\0")
    signed, shifted = _ORDERED_TAIL.unpack(key[-16:])
    return group_by, entity, *kind_and_size(signed), shifted - _SIGN


def signed_size(kind: Kind, size_ms: int) -> int:
    """Kind and size as the one number that stored keys hold: negative for raw events."""
    return -size_ms if kind == EVENTS else size_ms


def kind_and_size(signed: int) -> tuple[Kind, int]:
    """Kind and size of a number that `signed_size` made."""
    return (EVENTS, -signed) if signed < 0 else (TILES, signed)


def level_bytes(kind: Kind, size_ms: int) -> bytes:
    """Makes the part of an ordered key that stands for a level."""
    return signed_size(kind, size_ms).to_bytes(8, "big", signed=True)
