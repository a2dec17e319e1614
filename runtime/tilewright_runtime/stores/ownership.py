"""Whose tiles a store holds: of which plan, and from which writer or stream."""

from __future__ import annotations

import json
import time
import uuid

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from .base import Store

#: What the owner of tiles begins with that come from a stream; then comes the name of it.
_STREAM = b"stream "


def register_plan(plan: Plan, store: Store) -> None:
    """Makes the store one of this plan, or raises StoreError if its tiles were made by another
    one.
    """
    content = {"storage_fingerprint": plan.storage_fingerprint, "parts": plan.storage_parts()}
    document = json.dumps(content).encode()
    _require_same(plan, store.put_first(f"plan/{plan.name}", document), store)
    if store.expires:
        store.put_first(f"since/{plan.name}", str(time.time_ns() // 1_000_000).encode())


def require_plan(plan: Plan, store: Store) -> None:
    """Raises StoreError unless the store holds tiles of this plan."""
    found = store.get(f"plan/{plan.name}")
    if found is None:
        raise StoreError(
            f"store {store.url} has no tiles of {plan.name}: nothing was written yet. Write its "
            "events first (tilewright write)."
        )
    _require_same(plan, found, store)


def claim_for_stream(plan: Plan, store: Store) -> str:
    """Makes the store one whose tiles of the plan come whole from a stream, and returns the name
    that it has given the stream.

    Raises StoreError for one that has them from elsewhere: whole tiles of two would replace each
    other.
    """
    owner = store.get(_owner(plan))
    if owner is None and store.get(f"progress/{plan.name}") is None:
        owner = store.put_first(_owner(plan), _STREAM + uuid.uuid4().hex.encode())
    if owner is None or not owner.startswith(_STREAM):
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} from elsewhere (tilewright write, "
            "or a load of history), and whole "
            "tiles of two would replace each other. Use another one."
        )
    return owner.removeprefix(_STREAM).decode()


def claim_for_state(plan: Plan, store: Store, state: Store, own: bytes) -> None:
    """Makes the store one whose tiles of the plan come from one state folder.

    Raises StoreError if they come from elsewhere.
    """
    owner = store.put_first(_owner(plan), own)
    if owner != own:
        is_stream = owner.startswith(_STREAM)
        whence = "a stream" if is_stream else f"another state folder than {state.url}"
        advice = "Send the events by the stream" if is_stream else "Use that folder (--state)"
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} from {whence}, and whole tiles of "
            "two would replace each other. "
            f"{advice}, or another database."
        )


def require_no_stream(plan: Plan, store: Store) -> None:
    """Raises StoreError for a store whose tiles come whole from a stream, which would replace what
    is added to them.
    """
    if (store.get(_owner(plan)) or b"").startswith(_STREAM):
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} whole from a stream, which would "
            "replace what is added here. "
            "Send the events by the stream, or use another store."
        )


def _owner(plan: Plan) -> str:
    return f"writer/{plan.name}"


def _require_same(plan: Plan, found: bytes, store: Store) -> None:
    document = json.loads(found)
    fingerprint = document["storage_fingerprint"]
    if fingerprint != plan.storage_fingerprint:
        # Stores of version 0.1 know the fingerprint only.
        parts = document.get("parts", {})
        others = [name for name, own in plan.storage_parts().items() if parts.get(name) != own]
        *most, last = others if parts and others else ["keys", "states", "levels", "expressions"]
        named = f"{', '.join(most)}{' or ' if not parts else ' and '}{last}" if most else last
        raise StoreError(
            f"store {store.url} has tiles of {plan.name} made by a plan with other {named} "
            f"(storage fingerprint {fingerprint}, this plan has {plan.storage_fingerprint}). "
            "Write the events into a new store, or use the plan that made this one."
        )
