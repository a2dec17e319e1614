"""How far a store has a plan's events."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tilewright_compiler.plan.model import Plan

from ..plans.frozen import Frozen
from .base import Store, Transaction
from .documents import reading_document

Get = Callable[[str], bytes | None]


def progress_name(plan: Plan) -> str:
    """Name the document of a plan's progress."""
    return f"progress/{plan.name}"


class Finished(NamedTuple):
    """The tiles that can no longer change."""

    version: str
    """Another one once such a tile changed all the same."""
    until_ms: int
    """Tiles that end at or before it are finished."""


class Progress(Frozen):
    """The count of written events, and the watermark.

    All events up to the watermark are there. A tile is finished once the watermark has passed its
    end and the allowed lateness, whether or not anything touches it again. `repairs` grows whenever
    a finished tile changes all the same.
    """

    newest_ms: int | None = None
    """The time of the newest event."""
    events: int = 0
    watermark_ms: int | None = None
    """The time up to which events have come, but for late ones; None before anything is known."""
    repairs: int = 0
    """How often finished tiles have changed: whoever keeps copies drops them when this changes."""
    too_late: int = 0
    """How many events were refused, or left out, because they came too late."""
    corrections: int = 0
    """How many late events were merged into tiles that had ended."""
    streams: Mapping[str, int] = {}
    """The watermark of each source, or partition of it, that is written as a stream."""
    origin: str = ""
    """What tells the tiles from those of another store at the same place, once it is saved."""

    @classmethod
    def load(cls, plan: Plan, get: Get) -> Progress:
        """Load the progress that a store has of a plan."""
        return cls.read(plan, get(progress_name(plan)))

    @classmethod
    def read(cls, plan: Plan, document: bytes | None) -> Progress:
        """Read a plan's document, if there is one.

        Raises StoreError if it is damaged.
        """
        with reading_document(progress_name(plan)):
            return cls.from_bytes(document) if document else cls()

    @classmethod
    def from_bytes(cls, document: bytes) -> Progress:
        """Read the document of a progress."""
        progress = cls(**json.loads(document))
        if not progress._is_sound():
            raise TypeError("a number or a time is of another type")
        return progress

    def _is_sound(self) -> bool:
        counts = (self.events, self.repairs, self.too_late, self.corrections)
        times = [time for time in (self.newest_ms, self.watermark_ms) if time is not None]
        return (
            isinstance(self.streams, dict)
            and isinstance(self.origin, str)
            and all(type(one) is int for one in (*counts, *times, *self.streams.values()))
        )

    def after(self, newest_ms: int | None, events: int) -> Progress:
        """Add some more events to the progress."""
        newest = _later(self.newest_ms, newest_ms)
        return self.copied(newest_ms=newest, events=self.events + events)

    def head_ms(self, plan: Plan) -> int | None:
        """Compute the newest time less the allowed disorder.

        The plan says by how much events may be out of order.
        """
        return None if self.newest_ms is None else self.newest_ms - plan.late.out_of_orderness_ms

    def moved(self, watermark_ms: int | None) -> Progress:
        """Move the watermark on; it never goes back."""
        return self.copied(watermark_ms=_later(self.watermark_ms, watermark_ms))

    def moved_stream(self, stream: str, watermark_ms: int) -> Progress:
        """Move the watermark of a stream.

        With it moves the watermark of all sources. Of a source with partitions it is the one that
        is behind that counts.
        """
        streams = {**self.streams, stream: watermark_ms}
        source, has_partition, _ = stream.rpartition("[")
        if has_partition:
            watermark_ms = min(
                time_ms for name, time_ms in streams.items() if name.startswith(f"{source}[")
            )
        return self.moved(watermark_ms).copied(streams=streams)

    def refused(self, too_late: int) -> Progress:
        """Note events that came too late."""
        return self.copied(too_late=self.too_late + too_late)

    def repaired(self, step: int = 1) -> Progress:
        """Note that finished tiles have changed."""
        return self.copied(repairs=self.repairs + step)

    def corrected(self, events: int) -> Progress:
        """Note late events that were merged."""
        return self.copied(corrections=self.corrections + events)

    @property
    def version(self) -> str:
        """Name the finished tiles as they are now.

        The name is another one once one of them changes.
        """
        return f"{self.origin}-{self.repairs}"

    def finished_until_ms(self, plan: Plan) -> int | None:
        """Find the time up to which tiles are finished.

        All tiles that end at or before it are, those that nothing ever touched too; None if none
        is known to be.
        """
        if self.watermark_ms is None:
            return None
        return self.watermark_ms + 1 - plan.late.allowed_lateness_ms

    def finished(self, plan: Plan) -> Finished | None:
        """Say which tiles are finished, if known."""
        until_ms = self.finished_until_ms(plan)
        return None if until_ms is None else Finished(self.version, until_ms)

    def save(self, plan: Plan, to: Transaction | Store) -> None:
        """Write the progress.

        It is written in the transaction of its tiles, if there is one.
        """
        named = self if self.origin else self.copied(origin=os.urandom(16).hex())
        to.put(progress_name(plan), named.to_bytes())

    def to_bytes(self) -> bytes:
        """Write the document that is stored."""
        return json.dumps(self.values(), sort_keys=True).encode()


def stream_name(source: str, partition: int | None) -> str:
    """Name a source: a stream, or a partition of it."""
    return source if partition is None else f"{source}[{partition}]"


def _later(time_ms: int | None, other_ms: int | None) -> int | None:
    return max((one for one in (time_ms, other_ms) if one is not None), default=None)
