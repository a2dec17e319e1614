"""Entries of a cache: spans of tiles, and merged middles."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import NamedTuple, Self

from tilewright_compiler.plan.model import Plan

from ..stores import Store
from ..tiles.header import start_of
from ..tiles.keys import Kind, Range

#: What an entry and a record take beside their bytes, about.
_ENTRY_BYTES, _RECORD_BYTES = 400, 100

_SPAN = struct.Struct("<qqI")
#: The length of a field that no tile has.
_NO_PART = -1
_NAME_BYTES, _DIGEST_BYTES = 8, 20


class Table(NamedTuple):
    """A plan's tiles in a store."""

    store: Store
    plan: str
    digest: bytes
    """What tells it from other tables on this host."""

    @classmethod
    def of(cls, plan: Plan, store: Store) -> Self:
        """Name the table of a plan."""
        scheme, _, place = store.url.partition(":")
        if scheme == "lmdb":  # the same folder, wherever a process was started
            place = os.path.realpath(place)
        name = repr((scheme, place, plan.name, plan.storage_fingerprint)).encode()
        return cls(store, plan.name, blake2b(name, digest_size=_NAME_BYTES).digest())


class SpanKey(NamedTuple):
    """What a span is of.

    It is the n-th run of a level of an entity, of a table whose finished tiles are of a version.
    """

    table: Table
    version: str
    entity: str
    kind: Kind
    size_ms: int
    run: int


class EntityKey(NamedTuple):
    """What the spans of an entity are of, in memory."""

    table: Table
    version: str
    entity: str


#: The size, the begin and the end of each segment.
MiddleCover = tuple[tuple[int, int, int], ...]


class MiddleKey(NamedTuple):
    """Fields in a part of an entity's cover."""

    table: Table
    version: str
    entity: str
    fields: tuple[str, ...]
    cover: MiddleCover


Key = SpanKey | MiddleKey
#: Where a span is among those of its entity: the kind and the size of its level, and which run.
Place = tuple[Kind, int, int]


@dataclass(slots=True, frozen=True)
class Span:
    """All records that begin in [start_ms, end_ms), oldest first."""

    start_ms: int
    end_ms: int
    starts_ms: Sequence[int]
    records: Sequence[bytes]
    size: int
    """How many bytes it takes, about."""

    @property
    def block_bytes(self) -> int:
        """How many bytes the fixed blocks take at most."""
        return min(map(len, self.records), default=0) * len(self.records)

    @classmethod
    def of(cls, start_ms: int, end_ms: int, records: Sequence[bytes]) -> Self:
        """Make a span of its records."""
        size = _ENTRY_BYTES + sum(map(len, records)) + _RECORD_BYTES * len(records)
        return cls(start_ms, end_ms, list(map(start_of, records)), records, size)

    def to_bytes(self) -> bytes:
        """Write what `from_bytes` reads."""
        lengths = struct.pack(f"<{len(self.records)}I", *map(len, self.records))
        head = _SPAN.pack(self.start_ms, self.end_ms, len(self.records))
        return b"".join([head, lengths, *self.records])

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read a span."""
        start_ms, end_ms, count = _SPAN.unpack_from(content)
        lengths = struct.unpack_from(f"<{count}I", content, _SPAN.size)
        begin = _SPAN.size + 4 * count
        bounds = pairwise(accumulate(lengths, initial=begin))
        return cls.of(start_ms, end_ms, [content[first:last] for first, last in bounds])


@dataclass(slots=True, frozen=True)
class Middle:
    """Fields of many finished tiles, each put together."""

    parts: tuple[bytes | None, ...]
    """None for a field that no tile has."""

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        return _ENTRY_BYTES + sum(len(part or b"") for part in self.parts)

    def to_bytes(self) -> bytes:
        """Write what `from_bytes` reads."""
        lengths = [_NO_PART if part is None else len(part) for part in self.parts]
        head = struct.pack(f"<I{len(lengths)}q", len(lengths), *lengths)
        return b"".join([head, *(part or b"" for part in self.parts)])

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read a middle."""
        (count,) = struct.unpack_from("<I", content)
        lengths = struct.unpack_from(f"<{count}q", content, 4)
        begin = 4 + 8 * count
        parts: list[bytes | None] = []
        for length in lengths:
            parts.append(None if length == _NO_PART else content[begin : begin + length])
            begin += max(length, 0)
        return cls(tuple(parts))


Entry = Span | Middle


def key_digest(key: Key) -> bytes:
    """Make the name of an entry in a folder.

    Names of a table begin alike.
    """
    content = repr((type(key).__name__, *key[1:])).encode()
    return key.table.digest + blake2b(content, digest_size=_DIGEST_BYTES).digest()


def places(ranges: Sequence[Range]) -> list[Place]:
    """Find the places of the spans of some ranges.

    The ranges of a level follow one another.
    """
    all_places: list[Place] = []
    run = 0
    for index, wanted in enumerate(ranges):
        before = ranges[index - 1] if index else None
        is_same = before is not None and before[0] == wanted.size_ms and before[3] == wanted.kind
        run = run + 1 if is_same else 0
        all_places.append((wanted.kind, wanted.size_ms, run))
    return all_places
