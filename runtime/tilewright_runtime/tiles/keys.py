"""Keys of tiles, as text and as ordered bytes.

Ranges of tiles are here too.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tilewright.windows import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, format_duration
from tilewright_compiler.plan.model import EVENTS_NAME

from ..lazily import np
from ..plans.frozen import Frozen
from ..states.kernel import kernel
from .integers import Integers

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The records of a range that are read at first, before it is known how many there are about.
_FIRST_SCANNED = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGN = 1 << 63
_ORDERED_TAIL = struct.Struct(">qQ")
#: Bytes of an ordered key after those of its entity.
TAIL_BYTES = _ORDERED_TAIL.size
#: The times that an id can show: those of the years 1 to 9999.
_FIRST_MS, _END_MS = -62_135_596_800_000, 253_402_300_800_000

#: What a record holds: the states of a tile, or a chunk of raw events.
Kind = Literal["tiles", "events"]
TILES: Kind = "tiles"
EVENTS: Kind = "events"


class Range(NamedTuple):
    """The records that begin in [start_ms, end_ms).

    They are of one kind and size.
    """

    size_ms: int
    start_ms: int
    end_ms: int
    kind: Kind = TILES
    lifetime: bool = False
    """Whether it reaches back to an entity's first record, of a level that never expires.

    `start_ms` is then no later than any event may be.
    """


#: The ends of the ordered keys of a range, and how many records it may have at most.
Bounds = tuple[bytes, bytes, int]


class Ranges(list[Range]):
    """The ranges of a request, which do not change.

    Many requests share them, and what is known of them in advance.
    """

    native: Any = None
    """What the kernel knows of them, if it is to read them."""
    texts: Any = None
    """What a store of text keys knows of them."""

    def prepare(self, module: ModuleType) -> Any:
        """Tell the kernel of them, once."""
        if self.native is None:
            self.native = module.Ranges(self, self.levels)
        return self.native

    @cached_property
    def levels(self) -> list[bytes]:
        """The part of ordered keys for the level of each range."""
        return levels_of(self)

    @cached_property
    def standings(self) -> dict[Any, Any]:
        """Where numpy found the tiles to stand, by how many there are and by their starts."""
        return {}

    @cached_property
    def expected(self) -> list[int]:
        """How many records a scan of each range begins with."""
        return [_FIRST_SCANNED] * len(self)

    @cached_property
    def bounds(self) -> list[Bounds]:
        """The bounds of each range."""
        return list(map(bounds_of, self))


def levels_of(ranges: Sequence[Range]) -> list[bytes]:
    """Write the part of ordered keys for the level of each range."""
    return [level_bytes(wanted.kind, wanted.size_ms) for wanted in ranges]


class TileKeys(Frozen):
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
    def prefixes(self) -> list[bytes]:
        """What the ordered keys of each entity begin with."""
        head, tail = f"{self.table}\0".encode(), b"\0" + level_bytes(self.kind, self.size_ms)
        return [head + text.encode() + tail for text in self.entities]

    @cached_property
    def ordered(self) -> list[bytes]:
        """The keys as ordered bytes, made only once."""
        prefixes = self.prefixes
        if (native := kernel()) is not None:
            entity, starts_ms = (np.asarray(one, np.int64) for one in (self.entity, self.starts_ms))
            keys: list[bytes] = native.ordered_keys(prefixes, entity, starts_ms)
            return keys
        starts = np.asarray(self.starts_ms, dtype=np.int64) ^ np.int64(-_SIGN)
        packed = starts.astype(">i8").tobytes()
        return [
            prefixes[which] + packed[at : at + 8]
            for which, at in zip(self.entity, range(0, len(packed), 8), strict=True)
        ]

    @cached_property
    def texts(self) -> list[str]:
        """The keys as text, made only once."""
        prefixes = [
            text_prefix(self.table, text, self.size_ms, self.kind) for text in self.entities
        ]
        ids = {start: tile_id(start, self.size_ms) for start in set(self.starts_ms)}
        return [
            prefixes[which] + ids[start]
            for which, start in zip(self.entity, self.starts_ms, strict=True)
        ]

    def of_entities(self, begin: int, end: int) -> tuple[slice, TileKeys]:
        """Choose the keys of neighbouring entities, which ascend.

        Also returns where they stand.
        """
        entity = np.asarray(self.entity)
        first, last = np.searchsorted(entity, (begin, end)).tolist()
        own = self.copied(
            entities=self.entities[begin:end],
            entity=Integers(entity[first:last] - begin),
            starts_ms=self.starts_ms[first:last],
        )
        return slice(first, last), own

    def name(self, i: int) -> str:
        """Write the text key of the i-th record."""
        entity = self.entities[self.entity[i]]
        return tile_key(self.table, entity, self.size_ms, self.starts_ms[i], self.kind)

    def take(self, indices: NDArray[np.intp]) -> TileKeys:
        """Choose the keys of some tiles."""
        if len(indices) == len(self.starts_ms):
            return self
        return self.copied(
            entity=Integers(np.asarray(self.entity)[indices]),
            starts_ms=Integers(np.asarray(self.starts_ms)[indices]),
        )


def tile_id(start_ms: int, size_ms: int) -> str:
    """Write a tile's start in UTC.

    It is as short as the size of the tile allows.
    """
    return f"{_EPOCH + timedelta(milliseconds=start_ms):{tile_id_format(size_ms)}}"


def parse_tile_id(text: str, size_ms: int) -> int:
    """Read the start of a tile from its id.

    Raises ValueError for a text that is no id.
    """
    moment = datetime.strptime(text, tile_id_format(size_ms)).replace(tzinfo=UTC)
    start_ms = (moment - _EPOCH) // timedelta(milliseconds=1)
    if tile_id(start_ms, size_ms) != text:
        raise ValueError(f"{text!r} is no id of a tile")
    return start_ms


def tile_id_format(size_ms: int) -> str:
    """Choose the strftime format of a level's ids."""
    for unit_ms, form in ((DAY_MS, "%Y%m%d"), (HOUR_MS, "%Y%m%d%H"), (MINUTE_MS, "%Y%m%d%H%M")):
        if size_ms % unit_ms == 0:
            return form
    return "%Y%m%d%H%M%S"


def text_key(group_by: str, entity: str, size: str, tile: str) -> str:
    """Write a whole key for stores of text keys.

    The braces make a Redis Cluster keep all tiles of an entity together.
    """
    return f"tiles::{group_by}::{{{entity}}}::{size}::{tile}"


@lru_cache(1024)
def level_name(kind: Kind, size_ms: int) -> str:
    """Name a level in text keys.

    Chunks of raw events have one name, whatever their size.
    """
    return EVENTS_NAME if kind == EVENTS else format_duration(size_ms)


def tile_key(group_by: str, entity: str, size_ms: int, start_ms: int, kind: Kind = TILES) -> str:
    """Write the whole key of a record as text."""
    return text_prefix(group_by, entity, size_ms, kind) + tile_id(start_ms, size_ms)


def text_prefix(group_by: str, entity: str, size_ms: int, kind: Kind = TILES) -> str:
    """Write what text keys of a level begin with.

    They are those of one entity's records.
    """
    return text_key(group_by, entity, level_name(kind, size_ms), "")


def ordered_prefix(group_by: str, entity: str) -> bytes:
    """Write what an entity's ordered keys begin with.

    Neither part can hold a NUL.
    """
    return f"{group_by}\0{entity}\0".encode()


def ordered_tail(size_ms: int, start_ms: int, kind: Kind = TILES) -> bytes:
    """Write the end of an ordered key, in 16 bytes.

    The level comes before the start. So the tiles of a cover are neighbours, and chunks of raw
    events come after all levels.
    """
    return _ORDERED_TAIL.pack(signed_size(kind, size_ms), start_ms + _SIGN)


def bounds_of(wanted: Range) -> Bounds:
    """Find the ends of the ordered keys of a range."""
    size_ms, start_ms, end_ms, kind, _ = wanted
    begin, end = ordered_tail(size_ms, start_ms, kind), ordered_tail(size_ms, end_ms, kind)
    return begin, end, (end_ms - start_ms) // size_ms


def parse_ordered_key(key: bytes) -> tuple[str, str, Kind, int, int]:
    """Split an ordered key into its parts.

    They are table, entity, kind, size and start.

    Raises ValueError for bytes that are no key of a tile.
    """
    head, tail = key[:-TAIL_BYTES], key[-TAIL_BYTES:]
    group_by, entity, after = head.decode().split("\0")
    signed, shifted = _ORDERED_TAIL.unpack(tail)
    start_ms = shifted - _SIGN
    kind, size_ms = kind_and_size(signed)
    if after or not size_ms or size_ms % SECOND_MS or not _FIRST_MS <= start_ms < _END_MS:
        raise ValueError(f"{key!r} is no key of a tile")
    if start_ms % size_ms:
        raise ValueError(f"{key!r} is no key of a tile, which begins at a multiple of its size")
    return group_by, entity, kind, size_ms, start_ms


def signed_size(kind: Kind, size_ms: int) -> int:
    """Write kind and size as one number, negative for events.

    Stored keys hold this number.
    """
    return -size_ms if kind == EVENTS else size_ms


def kind_and_size(signed: int) -> tuple[Kind, int]:
    """Undo `signed_size`."""
    return (EVENTS, -signed) if signed < 0 else (TILES, signed)


@lru_cache(1024)
def level_bytes(kind: Kind, size_ms: int) -> bytes:
    """Write the part of an ordered key for a level."""
    return signed_size(kind, size_ms).to_bytes(8, "big", signed=True)
