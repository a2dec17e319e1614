"""What a store knows of a plan: that it is the plan's store, and how far its events have come."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from tilewright_compiler.plan import Plan

from .errors import FetchError, StoreError
from .keys import size_name
from .stores import Range, Store, Transaction
from .times import iso

Get = Callable[[str], bytes | None]

#: What the owner of tiles begins with that come from a stream; then comes the name of it.
_STREAM = b"stream "


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

    def save(self, plan: Plan, to: Transaction | Store) -> None:
        """Writes the progress, in the transaction of the tiles that it speaks of where there is one."""
        to.put(f"progress/{plan.name}", json.dumps(asdict(self), sort_keys=True).encode())


def register_plan(plan: Plan, store: Store) -> None:
    """Makes the store one of this plan, or raises StoreError if its tiles were made by another one."""
    document = json.dumps({"storage_fingerprint": plan.storage_fingerprint}).encode()
    _require_same(plan, store.put_first(f"plan/{plan.name}", document), store)
    if store.expires:
        store.put_first(f"since/{plan.name}", str(time.time_ns() // 1_000_000).encode())


def require_plan(plan: Plan, store: Store) -> None:
    """Raises StoreError unless the store holds tiles of this plan."""
    found = store.get(f"plan/{plan.name}")
    if found is None:
        raise StoreError(
            f"store {store.url} has no tiles of {plan.name}: nothing was written yet. Write its events first (tilewright write)."
        )
    _require_same(plan, found, store)


def claim_for_stream(plan: Plan, store: Store) -> str:
    """Makes the store one whose tiles of the plan come whole from a stream, and returns the name that it has given the stream.

    Raises StoreError for one that has them from elsewhere: whole tiles of two would replace each other.
    """
    owner = store.get(_owner(plan))
    if owner is None and store.get(f"progress/{plan.name}") is None:
        owner = store.put_first(_owner(plan), _STREAM + uuid.uuid4().hex.encode())
    if owner is None or not owner.startswith(_STREAM):
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} from elsewhere (tilewright write, or a load of history), and whole "
            "tiles of two would replace each other. Use another one."
        )
    return owner.removeprefix(_STREAM).decode()


def claim_for_state(plan: Plan, store: Store, state: Store, own: bytes) -> None:
    """Makes the store one whose tiles of the plan come from one state folder. Raises StoreError if they come from elsewhere."""
    owner = store.put_first(_owner(plan), own)
    if owner != own:
        is_stream = owner.startswith(_STREAM)
        whence = "a stream" if is_stream else f"another state folder than {state.url}"
        advice = "Send the events by the stream" if is_stream else "Use that folder (--state)"
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} from {whence}, and whole tiles of two would replace each other. "
            f"{advice}, or another database."
        )


def require_no_stream(plan: Plan, store: Store) -> None:
    """Raises StoreError for a store whose tiles come whole from a stream, which would replace what is added to them."""
    if (store.get(_owner(plan)) or b"").startswith(_STREAM):
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} whole from a stream, which would replace what is added here. "
            "Send the events by the stream, or use another store."
        )


def _owner(plan: Plan) -> str:
    return f"writer/{plan.name}"


def ttls_ms(plan: Plan) -> dict[int, int | None]:
    """How long the tiles of each size are kept, and under their negative size chunks of raw events; None for ever."""
    kept = {level.size_ms: level.ttl_ms for level in plan.levels}
    return kept if plan.events is None else kept | {-plan.events.size_ms: plan.events.ttl_ms}


class Expiry:
    """Which tiles an expiring store may have let go: those that were put longer ago than their time to live.

    A tile is put at its start or later where events are written as they happen, and in a history that is loaded no earlier than
    the store's first put. So it is there until its level's time to live has passed since the later of the two.
    """

    def __init__(self, plan: Plan, store: Store) -> None:
        self._store = store
        self._since_ms = int(store.get(f"since/{plan.name}") or 0)
        self._ttl_ms = ttls_ms(plan)

    def require_kept(self, ranges: Sequence[Range], now_ms: int) -> None:
        """Raises FetchError if a tile of a range may be gone: what is missing would be taken for no events."""
        for size_ms, start_ms, _ in ranges:
            ttl_ms = self._ttl_ms[size_ms]
            if ttl_ms is not None and max(start_ms, self._since_ms) + ttl_ms < now_ms:
                until = iso(max(start_ms, self._since_ms) + ttl_ms)
                raise FetchError(
                    f"store {self._store.url} keeps tiles for a time only: those of {size_name(size_ms)} from {iso(start_ms)} on, "
                    f"which this answer needs, may be gone since {until}. Ask for a later time, or ask the store that keeps all (the "
                    "folder of tilewright write --state, as lmdb:DIR)."
                )


def _require_same(plan: Plan, found: bytes, store: Store) -> None:
    fingerprint = json.loads(found)["storage_fingerprint"]
    if fingerprint != plan.storage_fingerprint:
        raise StoreError(
            f"store {store.url} has tiles of {plan.name} made by a plan with other keys, states, levels or expressions "
            f"(storage fingerprint {fingerprint}, this plan has {plan.storage_fingerprint}). "
            "Write the events into a new store, or use the plan that made this one."
        )
