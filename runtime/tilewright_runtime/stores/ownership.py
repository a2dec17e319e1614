"""Whose tiles a store holds.

It says of which plan, and from which writer or stream.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from tilewright_compiler.plan.model import Plan

from ..errors import PlanError, StoreError, shown
from ..tiles.keys import Kind
from .base import Store
from .checked_store import CheckedStore
from .cutover import cutover_ms
from .kept import Kept, merging_ttls_ms, ttls_by_name, ttls_ms

#: What the owner of tiles begins with that come from a stream; then comes the name of it.
STREAM = b"stream "


class PlanDocument(NamedTuple):
    """What a store says of a plan.

    It says what its tiles were made by, and how long they are kept.
    """

    storage_fingerprint: str
    parts: Mapping[str, str]
    """Stores of version 0.1 know the fingerprint only."""
    kept: Kept

    @classmethod
    def of(cls, plan: Plan, kept: Kept) -> Self:
        """Make the document of a plan's store."""
        return cls(plan.storage_fingerprint, plan.storage_parts(), kept)

    @classmethod
    def from_bytes(cls, plan: Plan, document: bytes, store: Store) -> Self:
        """Read the document of a plan.

        Raises StoreError if it is damaged, or of another plan.
        """
        try:
            content = json.loads(document)
            kept_spans = Kept.from_json(content.get("kept", {}), content.get("gone"))
            fingerprint = str(content["storage_fingerprint"])
            read = cls(fingerprint, dict(content.get("parts", {})), kept_spans)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
            advice = "Write the events into a new store"
            if isinstance(store, CheckedStore):
                advice = "Empty the database; the next write fills it again"
            raise StoreError(
                f"store {store.url}: what it says of the plan {plan.name} is damaged "
                f"({type(wrong).__name__}: {wrong}). {advice}."
            ) from wrong
        read._require_same(plan, store)
        return read

    def to_bytes(self) -> bytes:
        """Write the document that is stored."""
        content: dict[str, Any] = {
            "storage_fingerprint": self.storage_fingerprint,
            "parts": self.parts,
        }
        if self.kept.levels:
            content["kept"] = self.kept.to_json()
        if self.kept.gone_ms:
            content["gone"] = dict(self.kept.gone_ms)
        return json.dumps(content).encode()

    def _require_same(self, plan: Plan, store: Store) -> None:
        if self.storage_fingerprint == plan.storage_fingerprint:
            return
        parts = self.parts
        others = [name for name, own in plan.storage_parts().items() if parts.get(name) != own]
        *most, last = others if parts and others else ["keys", "states", "levels", "expressions"]
        named = f"{', '.join(most)}{' or ' if not parts else ' and '}{last}" if most else last
        raise StoreError(
            f"store {store.url} has tiles of {plan.name} made by a plan with other {named} "
            f"(storage fingerprint {self.storage_fingerprint}, this plan has "
            f"{plan.storage_fingerprint}). Write the events into a new store, or use the plan "
            "that made this one."
        )


def register_plan(
    plan: Plan,
    store: Store,
    ttls: Mapping[str, int | None] | None = None,
    since_ms: int | None = None,
) -> PlanDocument:
    """Make the store one of this plan.

    Returns what it says of the plan now. In a store that expires that includes how long each level
    is kept from `since_ms` on, or from now on: as the plan says, or `ttls`. Raises StoreError if
    its tiles were made by another plan.
    """
    if since_ms is None:
        since_ms = time.time_ns() // 1_000_000
    if not store.expires:
        ttls = {}
    elif ttls is None:
        ttls = ttls_by_name(ttls_ms(plan))
    document = PlanDocument.of(plan, Kept.since(since_ms, ttls)).to_bytes()
    stored = PlanDocument.from_bytes(plan, store.put_first(_plan(plan), document), store)
    kept_spans = stored.kept.after(since_ms, ttls)
    if kept_spans == stored.kept:
        return stored
    changed = PlanDocument.of(plan, kept_spans)
    store.put(_plan(plan), changed.to_bytes())
    return changed


def note_gone(plan: Plan, store: Store, gone_ms: Mapping[str, int]) -> None:
    """Say what was swept of tiles that are put now.

    `gone_ms` has for a level the start before which none is there to be put.
    """
    kept_spans = require_plan(plan, store).kept.copied(gone_ms=gone_ms)
    store.put(_plan(plan), PlanDocument.of(plan, kept_spans).to_bytes())


def keep_since(
    plan: Plan,
    store: Store,
    since_ms: int,
    ttls: Mapping[str, int | None] | None = None,
    gone_ms: Mapping[str, int] | None = None,
) -> None:
    """Say that all tiles were put since then.

    They are kept as the plan says, or `ttls`, but for those that were gone already.
    """
    ttls = ttls_by_name(ttls_ms(plan)) if ttls is None else ttls
    kept_spans = Kept.since(since_ms, ttls, gone_ms)
    store.put(_plan(plan), PlanDocument.of(plan, kept_spans).to_bytes())


def require_opened(plan: object, *stores: object) -> None:
    """Refuse paths of plans and URLs of stores.

    Raises PlanError or StoreError.
    """
    if not isinstance(plan, Plan):
        raise PlanError(f"plan {shown(plan)} is none. Load it with load_plan(path).")
    for store in stores:
        if not isinstance(getattr(store, "url", None), str):
            raise StoreError(f"store {shown(store)} is none. Open it with open_store(url).")


def require_plan(plan: Plan, store: Store) -> PlanDocument:
    """Read what the store says of this plan.

    Raises StoreError unless it holds tiles of it.
    """
    document = store.get(_plan(plan))
    if document is None:
        raise StoreError(
            f"store {store.url} has no tiles of {plan.name}: nothing was written yet. Write its "
            "events first (tilewright write)."
        )
    return PlanDocument.from_bytes(plan, document, store)


def require_no_other_plan(plan: Plan, store: Store) -> None:
    """Require that a store has no tiles of another plan.

    Raises StoreError if it has some of one with this plan's name.
    """
    if store.get(_plan(plan)) is not None:
        require_plan(plan, store)


def require_stream(plan: Plan, store: Store, stream: str) -> None:
    """Require that this stream fills the store.

    Raises StoreError if it does not: the store has then lost the stream's first tiles.
    """
    if store.get(owner_name(plan)) != STREAM + stream.encode():
        raise StoreError(
            f"store {store.url} has lost the tiles of {plan.name} that this stream has put: it "
            "was emptied, or it came back without its data, and a stream that goes on puts only "
            "what is new. Start the job anew, which reads its events from their beginning."
        )


def claim_for_state(plan: Plan, store: Store, state: Store, own: bytes) -> None:
    """Claim the store for tiles of one state folder.

    Raises StoreError if they come from elsewhere.
    """
    owner = store.put_first(owner_name(plan), own)
    if owner != own:
        is_stream = owner.startswith(STREAM)
        whence = "a stream" if is_stream else f"another state folder than {state.url}"
        advice = "Send the events by the stream" if is_stream else "Use that folder (--state)"
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} from {whence}, and whole tiles of "
            f"two would replace each other. {advice}, or another database."
        )


def require_no_stream(plan: Plan, store: Store) -> None:
    """Require that no stream of whole tiles fills the store.

    Raises StoreError if one does: it would replace what is added to them.
    """
    if comes_from_stream(plan.name, store.get):
        raise StoreError(
            f"store {store.url} gets the tiles of {plan.name} whole from a stream, which would "
            "replace what is added here. Send the events by the stream, or use another store."
        )


def note_load(plan: Plan, store: Store) -> None:
    """Note that a load of history puts a plan's tiles."""
    store.put(f"loading/{plan.name}", plan.storage_fingerprint.encode())


def require_no_load(plan: Plan, store: Store) -> None:
    """Require that no load of history was left unfinished.

    Raises StoreError if one was: its tiles would be mixed with others.
    """
    if store.get(f"loading/{plan.name}") and store.get(f"progress/{plan.name}") is None:
        raise StoreError(
            f"store {store.url} has a part of a history of {plan.name}, of a load that did not "
            "end. Load it again, or write into a new store."
        )


def lifetimes_ms(
    plan: Plan, get: Callable[[str], bytes | None]
) -> dict[tuple[Kind, int], int | None]:
    """List how long a store keeps tiles.

    They are listed by kind and size. Where a stream merges levels, or may go on after a cut-over,
    they are kept for longer than a plan says.
    """
    merges = cutover_ms(plan, get) is not None or comes_from_stream(plan.name, get)
    return merging_ttls_ms(plan) if merges else ttls_ms(plan)


def comes_from_stream(table: str, get: Callable[[str], bytes | None]) -> bool:
    """Tell whether a stream fills the store with whole tiles."""
    return (get(f"writer/{table}") or b"").startswith(STREAM)


def owner_name(plan: Plan) -> str:
    """Name the document of whose tiles a store has."""
    return f"writer/{plan.name}"


def _plan(plan: Plan) -> str:
    return f"plan/{plan.name}"
