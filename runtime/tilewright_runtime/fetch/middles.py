"""Finished middles of covers, whose fields are kept put together.

A field of a sketch is put together losslessly, so an answer is the same whether its tiles are read
one by one or as one part. Most of a long cover can no longer change, and is put together once:

#  tiles     |....|....|....|....|....|..T
#  finished                      |
#  read      |======= middle ====|....|..T
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..states.fields import FieldCodec
from ..stores.progress import Finished
from ..tiles.cover import WHOLE, Segment, floor
from ..tiles.keys import TILES
from .schedule import Covers, SharedCover, Split

if TYPE_CHECKING:
    from .cache import CachedTable
    from .cache_entries import Middle, MiddleKey

Cover = Sequence[Segment]

#: The fields of a middle, None for those that no tile has.
Joined = tuple[bytes | None, ...]

#: What was read of the tiles of a cover: a list of those that are there for each field.
Fields = Sequence[Sequence[bytes]]

#: Reads some fields of the tiles of a cover; None if that cannot be done here.
Gather = Callable[[Cover, Sequence[str]], Fields | None]


#: Reads the fields of each cover; None if that cannot be done here.
GatherAll = Callable[[Covers], Sequence[Fields] | None]


def gathered(
    middles: Middles | None, cover: Cover, codecs: Mapping[str, FieldCodec], gather: Gather
) -> Fields | None:
    """Read fields of a cover's tiles.

    A finished middle comes as one part. None if that cannot be done here.
    """
    if middles is None or not codecs:
        return gather(cover, list(codecs))
    return middles.gather(cover, codecs, gather)


class Middles:
    """The middles of one entity's covers, in a cache."""

    def __init__(self, cached: CachedTable, finished: Finished, entity: str) -> None:
        self._cached = cached
        self._version, self._until_ms = finished
        self._entity = entity

    def gather(
        self, cover: Cover, codecs: Mapping[str, FieldCodec], gather: Gather
    ) -> Fields | None:
        """Read fields of a cover with its middle joined."""
        names = list(codecs)
        middle, rest, spans = _split(cover, self._until_ms)
        if not middle:
            return gather(cover, names)
        key = self._cached.middle_key(self._version, self._entity, tuple(names), spans)
        middle_parts = self._cached.cache.find_middle(key) or self._make(
            key, middle, codecs, gather
        )
        newest = gather(rest, names)
        if middle_parts is None or newest is None:
            return None
        return list(map(_with_middle, middle_parts.parts, newest))

    def find_all(
        self, covers: Covers, codecs: Sequence[Mapping[str, FieldCodec]], gather: Gather
    ) -> tuple[list[Joined | None], Covers] | None:
        """Find the middle of each cover, and what is not finished.

        `codecs` has the fields of each cover. A cover without a middle, or without fields, has
        None. Nothing if fields cannot be read here.
        """
        splits, rests = _split_all(covers, self._until_ms)
        middles: list[Joined | None] = []
        for (middle, _, spans), own in zip(splits, codecs, strict=True):
            if not middle or not own:
                middles.append(None)
                continue
            key = self._cached.middle_key(self._version, self._entity, tuple(own), spans)
            one = self._cached.cache.find_middle(key) or self._make(key, middle, own, gather)
            if one is None:
                return None
            middles.append(one.parts)
        return middles, rests

    def gather_all(
        self,
        covers: Covers,
        codecs: Sequence[Mapping[str, FieldCodec]],
        gather: Gather,
        gather_rests: GatherAll,
    ) -> Sequence[Fields] | None:
        """Read fields of each cover, each with its middle joined.

        `codecs` has the fields of each cover, and `gather_rests` reads them of what is not
        finished. None if that cannot be done here.
        """
        found = self.find_all(covers, codecs, gather)
        newest = None if found is None else gather_rests(found[1])
        if found is None or newest is None:
            return None
        joined = []
        for middle, own in zip(found[0], newest, strict=True):
            joined.append(own if middle is None else list(map(_with_middle, middle, own)))
        return joined

    def _make(
        self,
        key: MiddleKey,
        middle: Cover,
        codecs: Mapping[str, FieldCodec],
        gather: Gather,
    ) -> Middle | None:
        """Put a middle together, and keep it."""
        parts = gather(middle, list(codecs))
        if parts is None:
            return None
        return self._cached.keep_middle(key, tuple(map(_joined, codecs.values(), parts)))


def _split_all(covers: Covers, until_ms: int) -> tuple[Sequence[Split], Covers]:
    """Split all covers, once for a query time.

    The second covers are what is not finished.
    """
    known = covers.split
    if known is None or known[0] != until_ms:
        splits = [_split(cover, until_ms) for cover in covers]
        rests = Covers([list(rest) for _, rest, _ in splits])
        known = covers.split = until_ms, splits, rests
    return known[1:]


def _split(cover: Cover, until_ms: int) -> Split:
    """Split a cover, once for a query time."""
    known = cover.split if isinstance(cover, SharedCover) else None
    if known is not None and known[0] == until_ms:
        return known[1]
    middle, rest = split(cover, until_ms)
    spans = tuple((segment.size_ms, segment.start_ms, segment.end_ms) for segment in middle)
    if isinstance(cover, SharedCover):
        cover.split = until_ms, (middle, rest, spans)
    return middle, rest, spans


def split(cover: Cover, until_ms: int) -> tuple[tuple[Segment, ...], Cover]:
    """Split a cover at its last finished boundary.

    The boundary is one of the coarsest tiles. The first part is empty unless it has several tiles,
    all of which count in full.
    """
    coarsest_ms = max((segment.size_ms for segment in cover if segment.kind == TILES), default=1)
    end_ms = floor(until_ms, coarsest_ms)
    middle: list[Segment] = []
    rest: list[Segment] = []
    for segment in cover:
        is_whole = segment.kind == TILES and segment.part == WHOLE
        if rest or not is_whole or segment.start_ms >= end_ms:
            rest.append(segment)
        elif segment.end_ms <= end_ms:
            middle.append(segment)
        else:
            middle.append(segment._replace(end_ms=end_ms))
            rest.append(segment._replace(start_ms=end_ms))
    if sum(segment.tiles for segment in middle) < 2:
        return (), cover
    return tuple(middle), rest


def _joined(codec: FieldCodec, parts: Sequence[bytes]) -> bytes | None:
    return codec.join(list(parts)) if parts else None


def _with_middle(middle: bytes | None, newest: Any) -> Sequence[bytes]:
    """Put a middle before newer parts.

    Those of the kernel are not copied.
    """
    joined: Sequence[bytes] = newest
    if middle is not None:
        joined = [middle, *newest] if isinstance(newest, list) else newest.with_first(middle)
    return joined
