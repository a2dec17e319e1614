"""The ids of events that were counted.

They keep an event from counting twice. An id is kept as the 128 bits of its hash, with the event's
time, in segments of a span of time. The newest segment of a span grows by merging with those that
are not much larger, so that a batch writes little and a span has few. A span is forgotten as a
whole, once the newest event is the horizon later than its end. A document per source lists the
segments; it is committed with the tiles and must still be the one that the batch was compared with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.plan.model import Plan, Source

from ..errors import StoreError
from ..stores import Transaction, TransactionalStore
from ..stores.documents import reading_document

#: A row each: the two halves of a hash, and the time in milliseconds.
Ids = NDArray[np.uint64]

#: Into how many spans of time the horizon is cut.
_SPANS = 8
#: A segment is merged with one that is no more than this many times as large.
_MOST_TIMES = 2
_COLUMNS = 3
NO_IDS: Ids = np.empty((0, _COLUMNS), dtype=np.uint64)


class Segment(NamedTuple):
    """Some ids of one span."""

    number: int
    """Its document's; freed numbers are used again."""
    span: int
    ids: int
    """How many."""


@dataclass(frozen=True)
class Manifest:
    """Which segments there are."""

    segments: tuple[Segment, ...] = ()
    free: tuple[int, ...] = ()

    @classmethod
    def from_bytes(cls, document: bytes | None) -> Manifest:
        """Read the document of a source's segments."""
        content = json.loads(document or "{}")
        segments = [Segment(*map(int, segment)) for segment in content.get("segments", [])]
        return cls(tuple(segments), tuple(map(int, content.get("free", []))))

    def to_bytes(self) -> bytes:
        """Write the document."""
        return json.dumps({"segments": self.segments, "free": self.free}).encode()


class EventIds:
    """The ids of one source's events in a store."""

    def __init__(self, plan: Plan, source: Source, state: TransactionalStore) -> None:
        if source.event_id_horizon_ms is None:
            raise ValueError("the source has no ids")
        self.horizon_ms = source.event_id_horizon_ms
        self._span_ms = max(1, -(-self.horizon_ms // _SPANS))
        self._name = f"ids/{plan.name}/{source.name}"
        self._state = state
        self._seen: bytes | None = None

    def load(self) -> Ids:
        """Read all ids that are kept."""

        def read(transaction: Transaction) -> Ids:
            self._seen = transaction.get(self._name)
            parts = [NO_IDS]
            for segment in self._manifest().segments:
                parts.append(self._segment(transaction, segment))
            return np.concatenate(parts)

        return self._state.transact(read)

    def add(self, transaction: Transaction, ids: Ids, newest_ms: int) -> Callable[[], None]:
        """Keep some more ids, in the transaction of their events.

        Returns what is to be called once that is committed. Raises StoreError if another writer has
        added ids since the batch was compared with them.
        """
        if transaction.get(self._name) != self._seen:
            raise StoreError(
                f"store {self._state.url}: another writer wrote events of the same source "
                "meanwhile, which may be these, so this batch was not added. Write it again, one "
                "writer after the other."
            )
        merging = _Merging(self._manifest(), (newest_ms - self.horizon_ms) // self._span_ms)
        for span, new in _by_span(ids, self._span_ms):
            parts = [new]
            for segment in merging.taken(span, len(new)):
                parts.append(self._segment(transaction, segment))
            merged = np.concatenate(parts)
            number = merging.number()
            transaction.put(f"{self._name}/{number}", _written(merged))
            merging.kept.append(Segment(number, span, len(merged)))
        for number in merging.freed:
            transaction.put(f"{self._name}/{number}", _written(NO_IDS))
        document = merging.manifest().to_bytes()
        transaction.put(self._name, document)

        def committed() -> None:
            self._seen = document

        return committed

    def _manifest(self) -> Manifest:
        with reading_document(self._name):
            return Manifest.from_bytes(self._seen)

    def _segment(self, transaction: Transaction, segment: Segment) -> Ids:
        name = f"{self._name}/{segment.number}"
        with reading_document(name):
            _, _, content = (transaction.get(name) or b"").partition(b"\n")
            ids = np.frombuffer(content, dtype="<u8").reshape(segment.ids, _COLUMNS)
        return ids


class _Merging:
    """Segments while a batch is added."""

    def __init__(self, before: Manifest, oldest_span: int) -> None:
        self.kept = [segment for segment in before.segments if segment.span >= oldest_span]
        #: What can be used again, and what has to be emptied.
        self._free = list(before.free)
        self.freed = [one.number for one in before.segments if one.span < oldest_span]
        self._next = 1 + max((*before.free, *(one.number for one in before.segments)), default=-1)

    def taken(self, span: int, count: int) -> Iterator[Segment]:
        """Take out the segments that new ids merge with."""
        for segment in reversed([one for one in self.kept if one.span == span]):
            if segment.ids > _MOST_TIMES * count:
                return
            count += segment.ids
            self.kept.remove(segment)
            self.freed.append(segment.number)
            yield segment

    def number(self) -> int:
        """Choose the number of a new segment."""
        if self._free:
            return self._free.pop()
        self._next += 1
        return self._next - 1

    def manifest(self) -> Manifest:
        """List the segments that there are now."""
        return Manifest(tuple(self.kept), (*self._free, *self.freed))


def _written(ids: Ids) -> bytes:
    """Write a segment: a line of JSON, then the ids."""
    line = json.dumps({"ids": len(ids)}).encode()
    return line + b"\n" + ids.astype("<u8").tobytes()


def _by_span(ids: Ids, span_ms: int) -> Iterator[tuple[int, Ids]]:
    """Part ids by the span of their events' times."""
    spans = ids[:, 2].astype(np.int64) // span_ms
    for span in np.unique(spans).tolist():
        yield span, ids[spans == span]
