"""What a cache has of an entity and a request.

An entity is asked for with the same ranges again and again, as long as the query time moves within
a tile. So what its spans hold of the last request is remembered, and a hit is one look-up. If the
store numbers its changes, the tiles that may still change are remembered until the next change.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from ..states.kernel import kernel
from ..stores.base import Records
from ..stores.checked import Checked
from ..tiles.cover import floor
from ..tiles.header import HEADER_WORDS, start_of
from ..tiles.keys import Range, Ranges
from .cache_entries import Place, Span, places

#: What the records that are not finished may take, if they are remembered; they may also take a
#: part of what the finished ones take.
_OPEN_BYTES, _OPEN_SHARE = 2048, 8
#: What an entity takes beside its records, about.
_ENTITY_BYTES = 400


def _open_bytes(size: int) -> int:
    """Say what unfinished records may take beside finished ones."""
    return _OPEN_BYTES + size // _OPEN_SHARE


@dataclass(slots=True, weakref_slot=True)
class View:
    """What there is of the ranges of one request."""

    ranges: Sequence[Range]
    spans: Sequence[Span | None]
    """The span that each range begins in."""
    cached: Sequence[Sequence[bytes]]
    """The records of each range that are there."""
    rest: Sequence[Range]
    """What is to be read."""
    hits: int
    """The ranges of which a part is there."""
    grows_ms: float
    """The time up to which tiles have to be finished for more to be kept."""
    checked: Checked
    """Whether the records that are there were found sound."""
    remembered: tuple[int | None, list[list[bytes]]] = (None, [])
    """The last change of the store when all records were read, and they.

    Threads share a view, so both are replaced at once.
    """

    @classmethod
    def of(cls, ranges: Sequence[Range], spans: Sequence[Span | None]) -> View:
        """Look at ranges, each with its span."""
        hits = len(spans) - spans.count(None)
        grows_ms = min(map(_grows_ms, ranges, spans), default=math.inf)
        if not hits:
            return cls(ranges, spans, (), ranges, 0, grows_ms, Checked(()))
        cached, rest = list(map(_part, ranges, spans)), Ranges(map(_rest, ranges, spans))
        if isinstance(ranges, Ranges) and ranges.native and (native := kernel()):
            rest.prepare(native)
        checked = Checked(list(map(len, cached)))
        return cls(ranges, spans, cached, rest, hits, grows_ms, checked)

    def lacking(self, finished_ms: int) -> list[Place]:
        """List the places of ranges that began to be finished.

        Nothing is there of them.
        """
        lacking: list[Place] = []
        for place, wanted, span in zip(places(self.ranges), self.ranges, self.spans, strict=True):
            if span is None and wanted.start_ms + wanted.size_ms <= finished_ms:
                lacking.append(place)
        return lacking

    def joined(self, read: Sequence[Records]) -> list[list[bytes]]:
        """Put the records that are there before the others."""
        if not self.hits:
            return list(map(list, read))
        return [[*part, *rest] for part, rest in zip(self.cached, read, strict=True)]

    def remember(self, change: int, read: Sequence[Records], records: list[list[bytes]]) -> None:
        """Remember all records, unless those read are large."""
        size = sum(span.size for span in self.spans if span is not None)
        if self.hits and sum(map(len, chain.from_iterable(read))) <= _open_bytes(size):
            self.remembered = change, records
            self.checked.kept = records

    def grown(
        self, finished_ms: int, records: Sequence[Sequence[bytes]]
    ) -> tuple[dict[Place, Span], int]:
        """Make spans of what is finished of all records.

        Also returns of how many ranges nothing was there. What is there already is left out, and
        so are records that are not in order, as after a damage.
        """
        spans: dict[Place, Span] = {}
        misses = 0
        parts = zip(places(self.ranges), self.ranges, self.spans, records, strict=True)
        for place, wanted, span, part in parts:
            end_ms = min(wanted.end_ms, floor(finished_ms, wanted.size_ms))
            misses += span is None and end_ms > wanted.start_ms
            if end_ms > (span.end_ms if span else wanted.start_ms):
                one = _span(wanted, end_ms, part)
                spans |= {} if one is None else {place: one}
        return spans, misses


class EntitySpans:
    """The spans of one entity.

    They never change; what was looked at last is remembered beside them.
    """

    def __init__(self, spans: Mapping[Place, Span]) -> None:
        self.spans = spans
        size = sum(span.size for span in spans.values())
        blocks = sum(span.block_bytes for span in spans.values())
        self.size = _ENTITY_BYTES + size + blocks + _open_bytes(size)
        self._last: View | None = None

    def view(self, ranges: Sequence[Range]) -> View:
        """Look at some ranges."""
        last = self._last
        if last is not None and (last.ranges is ranges or last.ranges == ranges):
            return last
        own = [self.spans.get(place) for place in places(ranges)]
        self._last = view = View.of(ranges, list(map(fitting, own, ranges)))
        return view

    def with_spans(self, spans: Mapping[Place, Span]) -> EntitySpans:
        """Add spans, or replace them."""
        return EntitySpans({**self.spans, **spans})


#: What there is of an entity that nothing is kept of.
NOTHING = EntitySpans({})


def fitting(span: Span | None, wanted: Range) -> Span | None:
    """Give the span if a range begins in it."""
    is_fitting = span is not None and span.start_ms <= wanted.start_ms < span.end_ms
    return span if is_fitting else None


def _grows_ms(wanted: Range, span: Span | None) -> float:
    """Find when the next tile of a range is finished."""
    end_ms = wanted.start_ms if span is None else span.end_ms
    return end_ms + wanted.size_ms if end_ms < wanted.end_ms else math.inf


def _rest(wanted: Range, span: Span | None) -> Range:
    """Find what a span leaves of a range."""
    if span is None:
        return wanted
    start_ms = min(span.end_ms, wanted.end_ms)
    return wanted._replace(start_ms=start_ms, lifetime=False)


def _part(wanted: Range, span: Span | None) -> Sequence[bytes]:
    """Find the records of a range in a span."""
    if span is None:
        return ()
    begin = bisect_left(span.starts_ms, wanted.start_ms)
    return span.records[begin : bisect_left(span.starts_ms, wanted.end_ms, begin)]


def _span(wanted: Range, end_ms: int, records: Sequence[bytes]) -> Span | None:
    """Make a span of the records before an end.

    It has those that begin before it. None if they are not in order, as after a damage.
    """
    if any(len(record) < 8 * HEADER_WORDS for record in records):
        return None
    starts_ms = list(map(start_of, records))
    bounds = [wanted.start_ms - 1, *starts_ms, wanted.end_ms]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        return None
    return Span.of(wanted.start_ms, end_ms, records[: bisect_left(starts_ms, end_ms)])
