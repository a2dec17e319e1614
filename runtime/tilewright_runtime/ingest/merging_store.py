"""Chooses the store in which tiles merge, and claims it."""

from __future__ import annotations

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..stores import CheckedStore, Store, TransactionalStore
from ..stores.cutover import cut_over
from ..stores.ownership import register_plan, require_no_load, require_no_stream, require_opened
from ..times import Moment, moment_ms


def merging_store(plan: Plan, store: Store, state: Store | None) -> TransactionalStore:
    """Choose where tiles merge: the store, or its state.

    The state stands beside a store of whole tiles. Raises StoreError if there is a state too many,
    or too few, and PlanError for what is no plan.
    """
    require_opened(plan, store, store if state is None else state)
    if isinstance(store, TransactionalStore):
        if state is not None:
            raise StoreError(
                f"store {store.url} merges tiles and keeps positions itself, so it needs no "
                "state. Leave --state out."
            )
        return store
    if not isinstance(state, TransactionalStore):
        raise StoreError(
            f"store {store.url} takes whole tiles only. Name a folder in which they are merged, "
            "and where the positions of their sources are kept, with --state DIR (in Python: "
            "state=open_store('lmdb:DIR'))."
        )
    if not isinstance(store, CheckedStore):
        raise StoreError(
            f"store {store.url} takes whole tiles only, and cannot say what it has lost of them. "
            "Whoever wrote it adds the methods of CheckedStore; until then only streams and loads "
            "of history can fill it."
        )
    return state


def claim(plan: Plan, state: TransactionalStore, store: Store, until: Moment) -> None:
    """Register the plan, and cut history over to a stream.

    `until` is when, if it is said. Raises StoreError if the tiles are of another plan, of a stream
    or of a load.
    """
    register_plan(plan, state)
    require_no_stream(plan, state)
    for place in (state, store):
        require_no_load(plan, place)
    if until is not None:
        cut_over(plan, state, moment_ms(until))
