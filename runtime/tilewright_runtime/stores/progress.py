"""How far a store has a plan's events."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tilewright_compiler.plan.model import Plan

from .base import Store, Transaction
from .documents import reading_document

Get = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Progress:
    """How many events were written, and the newest's time."""

    newest_ms: int | None = None
    events: int = 0

    @classmethod
    def load(cls, plan: Plan, get: Get) -> Progress:
        """Load the progress that a store has of a plan."""
        name = f"progress/{plan.name}"
        document = get(name)
        with reading_document(name):
            return cls(**json.loads(document)) if document else cls()

    def after(self, newest_ms: int | None, events: int) -> Progress:
        """Add some more events to the progress."""
        times = [time for time in (self.newest_ms, newest_ms) if time is not None]
        return Progress(max(times, default=None), self.events + events)

    def watermark_ms(self, plan: Plan) -> int | None:
        """Compute the newest time less the allowed disorder.

        The plan says by how much events may be out of order.
        """
        return None if self.newest_ms is None else self.newest_ms - plan.late.out_of_orderness_ms

    def save(self, plan: Plan, to: Transaction | Store) -> None:
        """Write the progress.

        It is written in the transaction of its tiles, if there is one.
        """
        to.put(f"progress/{plan.name}", json.dumps(asdict(self), sort_keys=True).encode())
