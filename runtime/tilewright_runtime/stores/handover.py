"""Hands a store over to a stream of whole tiles.

A new store becomes the stream's, and so does one whose history ends at a cut-over. The tiles around
the cut-over are then merged from those of the history and of the stream. So all of the history must
be there, and no tile of the finest level may have events of both.
"""

from __future__ import annotations

import os
from itertools import pairwise

from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..tiles.keys import TILES, level_name
from ..times import iso
from .base import Store
from .checked_store import CheckedStore
from .cutover import cutover_ms
from .kept import merging_ttls_ms
from .ownership import (
    STREAM,
    owner_name,
    require_no_load,
    require_no_other_plan,
    require_plan,
)
from .progress import Progress
from .swept import swept_name, swept_until


def claim_for_stream(plan: Plan, store: Store) -> str:
    """Claim the store for a stream of whole tiles.

    Returns the name that it has given the stream. Raises StoreError for a store that has the plan's
    tiles from elsewhere, unless a history ends there that the stream can go on from.
    """
    require_no_other_plan(plan, store)
    owner = store.get(owner_name(plan))
    if owner is None or not owner.startswith(STREAM):
        require_no_load(plan, store)
        at_ms = cutover_ms(plan, store.get)
        if at_ms is not None:
            require_whole_tiles(plan, store, at_ms)
        if owner is None and Progress.load(plan, store.get) == Progress():
            owner = store.put_first(owner_name(plan), _new_owner())
        else:
            owner = _take_over(plan, store, owner, at_ms)
    if not owner.startswith(STREAM):
        raise _elsewhere(plan, store)
    return owner.removeprefix(STREAM).decode()


def require_whole_tiles(plan: Plan, store: Store, at_ms: int) -> None:
    """Require that a cut-over lies between two tiles.

    Raises StoreError if it cuts one of the finest level.
    """
    finest_ms = plan.levels[-1].size_ms
    if at_ms % finest_ms == 0:
        return
    before_ms = at_ms - at_ms % finest_ms
    raise StoreError(
        f"store {store.url}: the history of {plan.name} ends at {iso(at_ms)}, within a tile of "
        f"{format_duration(finest_ms)}, which a Flink job puts whole. Load the history into a new "
        f"store until {iso(before_ms)} or {iso(before_ms + finest_ms)}."
    )


def _take_over(plan: Plan, store: Store, owner: bytes | None, at_ms: int | None) -> bytes:
    """Make a history's store the stream's.

    Raises StoreError if the stream cannot go on from it.
    """
    if at_ms is None:
        raise _elsewhere(plan, store)
    newest_ms = Progress.load(plan, store.get).newest_ms
    if newest_ms is not None and newest_ms >= at_ms:
        raise StoreError(
            f"store {store.url}: a stream has written events of {plan.name} after its history, "
            f"which ends at {iso(at_ms)}. Go on with that stream, or load the history into a new "
            "store."
        )
    _require_kept(plan, store, at_ms)
    new = _new_owner()
    if owner is None:
        return store.put_first(owner_name(plan), new)
    if isinstance(store, CheckedStore):
        _require_whole(plan, store)
    store.put(owner_name(plan), new)
    return new


def _require_whole(plan: Plan, store: CheckedStore) -> None:
    """Require that a store has lost nothing of a history.

    Whoever has put it is told that it does so no longer. Raises StoreError if something was lost.
    """
    seen = store.filling(plan.name)
    if seen.is_complete and store.advance(seen, seen.events, "complete") is not None:
        return
    raise StoreError(
        f"store {store.url} lacks a part of the history of {plan.name}: it was restarted or "
        "emptied, or it evicts keys, or not all was put yet. Write the history once more, which "
        "puts it again, or load it into an empty database."
    )


def _require_kept(plan: Plan, store: Store, at_ms: int) -> None:
    """Require all finer tiles of those around a cut-over.

    Raises StoreError if some may be gone.
    """
    swept = swept_until(plan, store.get(swept_name(plan)))
    spans, wanted = require_plan(plan, store).kept.levels, merging_ttls_ms(plan)
    for coarser, finer in pairwise(plan.levels):
        name = level_name(TILES, finer.size_ms)
        kept_ms = [ttl_ms for _, ttl_ms in spans.get(name, ()) if ttl_ms is not None]
        wanted_ms = wanted[TILES, finer.size_ms]
        goes_early = bool(kept_ms) and (wanted_ms is None or min(kept_ms) < wanted_ms)
        if goes_early or swept.get(name, 0) > at_ms - at_ms % coarser.size_ms:
            raise StoreError(
                f"store {store.url} may no longer have the tiles of {name} of {plan.name} that its "
                f"coarser ones around {iso(at_ms)} are merged from. Load the history into a new "
                "store, with --until from the beginning."
            )


def _new_owner() -> bytes:
    return STREAM + os.urandom(16).hex().encode()


def _elsewhere(plan: Plan, store: Store) -> StoreError:
    return StoreError(
        f"store {store.url} gets the tiles of {plan.name} from elsewhere (tilewright write, or a "
        "load of history), and whole tiles of two would replace each other. Use another store, or "
        "one whose history was loaded with --until."
    )
