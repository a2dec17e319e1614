"""Forget all that stores have of an entity.

There is a receipt of it. Where tiles are merged in a state folder and put into another store, both
hold them. What would be put again if only one forgot it is deleted first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..ingest.pending import Pending, outbox_name
from ..stores import Store, Transaction, TransactionalStore
from ..stores.base import EntityRecords
from ..stores.counts import TileCounts
from ..stores.documents import reading_document
from ..stores.ownership import comes_from_stream, require_plan
from ..stores.progress import Progress
from ..stores.sweeping import count_deleted, events_of
from ..tiles.entities import entity_encoder, key_values
from ..tiles.keys import level_name

_STREAM = (
    "the tiles come whole from a stream: its job holds what is still open of them, and will put "
    "it again"
)
_PAGES = (
    "pages that became free may hold the bytes until they are used again; a backup of the store "
    "(tilewright backup) has no such pages"
)


@dataclass(frozen=True)
class ForgottenLevel:
    """What a store had of an entity on one level."""

    level: str
    tiles: int
    events: int
    bytes: int


@dataclass(frozen=True)
class ForgottenStore:
    """What one store had of an entity."""

    store: str
    levels: Sequence[ForgottenLevel]
    notes: Sequence[str]


@dataclass(frozen=True)
class Receipt:
    """What was forgotten, where and when."""

    plan: str
    keys: Mapping[str, Any]
    forgotten_at_ms: int
    stores: Sequence[ForgottenStore]

    @property
    def tiles(self) -> int:
        """The records that were deleted, of all stores."""
        return sum(level.tiles for store in self.stores for level in store.levels)


def forget(
    plan: Plan, store: Store, keys: Mapping[str, Any], state: TransactionalStore | None = None
) -> Receipt:
    """Delete what a store has of an entity.

    `state` is the folder in which the tiles are merged before they are put, if there is one. No
    writer may be open meanwhile. Events that are written later count as usual. Raises KeyValueError
    for keys that the plan cannot have, and StoreError if a store has no tiles of the plan, is being
    written, or would get the tiles again.
    """
    entity = entity_encoder(plan.keys)(key_values(plan.keys, keys))
    require_plan(plan, store)
    _require_state(plan, store, state)
    stores = []
    if state is not None:
        require_plan(plan, state)
        stores.append(_forget_here(plan, state, entity))
    if isinstance(store, TransactionalStore):
        stores.append(_forget_here(plan, store, entity))
    else:
        stores.append(_forget_there(plan, store, entity, state))
    return Receipt(plan.name, dict(keys), time.time_ns() // 1_000_000, stores)


def _require_state(plan: Plan, store: Store, state: TransactionalStore | None) -> None:
    """Require the folder from which tiles would be put again."""
    owner = store.get(f"writer/{plan.name}")
    if state is None:
        if owner is not None and not comes_from_stream(plan.name, store.get):
            raise StoreError(
                f"store {store.url} gets the tiles of {plan.name} from a state folder, which would "
                "put them again. Name that folder too (--state DIR)."
            )
    elif owner != state.get("state"):
        raise StoreError(
            f"store {store.url} does not get the tiles of {plan.name} from {state.url}. Name the "
            "folder that it is written with, or none if it is written without."
        )


def _forget_here(plan: Plan, store: TransactionalStore, entity: str) -> ForgottenStore:
    """Delete an entity where tiles and documents change together."""

    def work(transaction: Transaction) -> EntityRecords:
        deleted = transaction.delete_entity(plan.name, entity)
        count_deleted(plan, transaction, transaction, deleted)
        _clear_outbox(plan, transaction, entity)
        return deleted

    deleted = store.transact(work)
    notes = [_PAGES] if deleted and store.url.startswith("lmdb:") else []
    return ForgottenStore(store.url, _levels(deleted), notes)


def _forget_there(
    plan: Plan, store: Store, entity: str, state: TransactionalStore | None
) -> ForgottenStore:
    """Delete an entity from a store of whole tiles."""
    deleted = store.delete_entity(plan.name, entity)
    if state is None:
        count_deleted(plan, store, store, deleted)
    else:
        for what in ("counts", "forgotten"):
            counts = TileCounts.load(plan.name, state.get, what)
            if counts is not None:
                counts.save(plan.name, store, what)
        Progress.load(plan, state.get).save(plan, store)
    is_stream = comes_from_stream(plan.name, store.get)
    return ForgottenStore(store.url, _levels(deleted), [_STREAM] if is_stream else [])


def _clear_outbox(plan: Plan, transaction: Transaction, entity: str) -> None:
    """Take the entity out of what the last commit changed."""
    name = outbox_name(plan)
    document = transaction.get(name)
    if document is None:
        return
    with reading_document(name):
        pending = Pending.from_bytes(document)
    if any(entity in keys.entities for keys in pending.changed):
        transaction.put(name, pending.without(entity).to_bytes())


def _levels(deleted: EntityRecords) -> list[ForgottenLevel]:
    levels = []
    for keys, records in deleted:
        name = level_name(keys.kind, keys.size_ms)
        size = sum(map(len, records))
        levels.append(ForgottenLevel(name, len(records), events_of(records), size))
    return levels
