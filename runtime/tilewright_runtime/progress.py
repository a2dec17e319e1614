"""What a store knows of a plan: that it is the plan's store, and how far its events have come."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tilewright_compiler.plan import Plan

from .errors import StoreError
from .stores import Store, Transaction

Get = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Progress:
    """How many events were written, and the time of the newest."""

    newest_ms: int | None = None
    events: int = 0

    @classmethod
    def load(cls, plan: Plan, get: Get) -> Progress:
        """The progress that a store has of a plan."""
        found = get(f"progress/{plan.name}")
        return cls(**json.loads(found)) if found else cls()

    def after(self, newest_ms: int | None, events: int) -> Progress:
        """The progress after some more events."""
        times = [time for time in (self.newest_ms, newest_ms) if time is not None]
        return Progress(max(times, default=None), self.events + events)

    def watermark_ms(self, plan: Plan) -> int | None:
        """The newest event's time less the out-of-orderness that the plan allows."""
        return None if self.newest_ms is None else self.newest_ms - plan.late.out_of_orderness_ms

    def save(self, plan: Plan, transaction: Transaction) -> None:
        """Writes the progress in the transaction of the tiles it speaks of."""
        transaction.put(f"progress/{plan.name}", json.dumps(asdict(self), sort_keys=True).encode())


def register_plan(plan: Plan, store: Store) -> None:
    """Makes the store one of this plan, or raises StoreError if its tiles were made by another one."""
    document = json.dumps({"storage_fingerprint": plan.storage_fingerprint}).encode()
    _require_same(plan, store.put_first(f"plan/{plan.name}", document), store)


def require_plan(plan: Plan, store: Store) -> None:
    """Raises StoreError unless the store holds tiles of this plan."""
    found = store.get(f"plan/{plan.name}")
    if found is None:
        raise StoreError(
            f"store {store.url} has no tiles of {plan.name}: nothing was written yet. Write its events first (tilewright write)."
        )
    _require_same(plan, found, store)


def _require_same(plan: Plan, found: bytes, store: Store) -> None:
    fingerprint = json.loads(found)["storage_fingerprint"]
    if fingerprint != plan.storage_fingerprint:
        raise StoreError(
            f"store {store.url} has tiles of {plan.name} made by a plan with other keys, states, levels or expressions "
            f"(storage fingerprint {fingerprint}, this plan has {plan.storage_fingerprint}). "
            "Write the events into a new store, or use the plan that made this one."
        )
