"""Brings tiles to a store without transactions.

They come from an embedded store, again and again until the other has acknowledged them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tilewright_compiler.plan.model import Plan

from ..errors import StoreError
from ..stores import CheckedStore, Store, Transaction, TransactionalStore
from ..stores.counts import TileCounts
from ..stores.cutover import cutover_name
from ..stores.documents import reading_document
from ..stores.filling import Filling
from ..stores.kept import ttls_by_name
from ..stores.ownership import (
    claim_for_state,
    keep_since,
    lifetimes_ms,
    note_gone,
    register_plan,
)
from ..stores.progress import Progress
from ..stores.swept import swept_name, swept_until
from ..tiles.keys import TileKeys
from .pending import Pending, outbox_name
from .swapped import put_swapped

#: Tiles whose records are in memory at once.
_PART_TILES = 4096
#: How often a store that loses what it is given gets everything again.
_ATTEMPTS = 3


class Outbox:
    """Puts the tiles of a plan from `state` into `store`.

    `state` holds them with the positions of their sources. The store keeps how many events it has
    acknowledged, and on which run of which server. Whatever happened to either side, a comparison
    with the state's own number says what is missing: nothing, the last commit, or, where the store
    may have lost something or is a new one, everything.
    """

    def __init__(self, plan: Plan, state: TransactionalStore, store: CheckedStore) -> None:
        self._plan = plan
        self._state = state
        self._store = store
        self._ttl_ms = lifetimes_ms(plan, state.get)
        self._outbox = outbox_name(plan)
        self._own = b""
        self._told: Progress | None = None
        self._is_widened = False

    def begin(self) -> None:
        """Claim the store for this state, and bring it up.

        Raises what `deliver` raises, and StoreError for a store that gets the plan's tiles from
        another state: whole tiles of two would replace each other.
        """
        self._own = self._state.put_first("state", uuid.uuid4().hex.encode())
        self._is_widened = self._claim()
        self.deliver()

    def add(
        self,
        transaction: Transaction,
        before: Progress,
        after: Progress,
        changed: Sequence[TileKeys],
        swapped: int,
    ) -> None:
        """Add the tiles that a commit changes, in its transaction.

        Those of the last `swapped` levels were computed again.
        """
        if after.events != before.events:
            pending = Pending(before.events, after.events, list(changed), swapped)
            transaction.put(self._outbox, pending.to_bytes())

    def deliver(self) -> None:
        """Put what the store has not acknowledged.

        Raises StoreError if it does not acknowledge it now, or has newer tiles.
        """
        try:
            self._bring_up()
            self._tell()
        except StoreError as wrong:
            raise StoreError(
                f"{wrong} What was written so far is kept in {self._state.url}, and the next "
                "write puts it."
            ) from wrong

    def _tell(self) -> None:
        """Tell readers how far the store is.

        They are told after its tiles are there.
        """
        progress = Progress.load(self._plan, self._state.get)
        if progress != self._told and progress.events:
            self._require_own()
            progress.save(self._plan, self._store)
            self._told = progress

    def _bring_up(self) -> None:
        """Put what is missing until the store has lost nothing."""
        for _ in range(_ATTEMPTS):
            present = Progress.load(self._plan, self._state.get).events
            seen = self._store.filling(self._plan.name)
            if seen.most_events > present:
                raise StoreError(
                    f"store {self._store.url} has tiles of {self._plan.name} of "
                    f"{seen.most_events:,} events, and {self._state.url} of only {present:,}, as "
                    "after going back to an older copy of that folder. Use the newer copy, or an "
                    "empty database."
                )
            if self._is_widened or not seen.is_intact:
                is_done = self._fill(seen, present)
            elif seen.is_complete and seen.events == present:
                is_done = True
            else:
                is_done = self._update(seen, present)
            if is_done:
                return
        raise StoreError(
            f"store {self._store.url} lost what it was given, {_ATTEMPTS} times in a row: it was "
            "restarted or emptied, or it evicts keys. Set its maxmemory-policy to noeviction and "
            "let it run."
        )

    def _update(self, seen: Filling, present: int) -> bool:
        """Put what was committed since.

        Returns whether the store has lost nothing meanwhile. The store says before the first put
        that it is not complete, so that readers know even if there is no last put.
        """
        self._require_own()
        begun = self._store.advance(seen, seen.events, "updating")
        if begun is None:
            return False
        self._put_missing(seen.events, present)
        return self._store.advance(begun, present, "complete") is not None

    def _fill(self, seen: Filling, present: int) -> bool:
        """Put all tiles, which are kept anew from now on.

        Returns as `_update` does.
        """
        self._claim()
        begun = self._store.advance(seen, present, "filling")
        if begun is None:
            return False
        gone_ms = swept_until(self._plan, self._state.get(swept_name(self._plan)))
        note_gone(self._plan, self._store, gone_ms)  # before it is complete, readers know
        self._put(self._state.tiles(self._plan.name))
        if self._store.advance(begun, present, "complete") is None:
            return False
        ttls = ttls_by_name(self._ttl_ms)
        keep_since(self._plan, self._store, begun.since_ms, ttls, gone_ms)
        self._is_widened = False
        return True

    def _put_missing(self, delivered: int, present: int) -> None:
        """Put the tiles that are missing.

        They are those of the last commit if that is all, else all tiles.
        """
        outbox = self._last_commit()
        if (outbox.before, outbox.after) != (delivered, present):
            self._put(self._state.tiles(self._plan.name))
            return
        merged = len(outbox.changed) - outbox.swapped
        for keys, records in self._changed(outbox.changed[merged:]):
            ttl_ms = self._ttl_ms[keys.kind, keys.size_ms]
            put_swapped(self._plan, self._store, keys, records, ttl_ms)
        self._put(self._changed(outbox.changed[:merged]))

    def _put(self, tiles: Iterable[tuple[TileKeys, list[bytes]]]) -> None:
        for keys, records in tiles:
            self._store.put_newer(keys, records, self._ttl_ms[keys.kind, keys.size_ms])
        counts = TileCounts.load(self._plan.name, self._state.get)
        if counts is not None:
            counts.save(self._plan.name, self._store)

    def _claim(self) -> bool:
        """Make the store one of this plan and state.

        It may have lost everything. Returns whether tiles may be gone that this plan keeps longer
        than the one that put them.
        """
        document = register_plan(self._plan, self._store, ttls_by_name(self._ttl_ms))
        self._require_own()
        cutover = self._state.get(cutover_name(self._plan))
        if cutover is not None:
            self._store.put(cutover_name(self._plan), cutover)
        return document.kept.is_widened

    def _require_own(self) -> None:
        """Require that nobody else has taken the store over."""
        claim_for_state(self._plan, self._store, self._state, self._own)

    def _last_commit(self) -> Pending:
        last = self._state.get(self._outbox)
        try:
            with reading_document(self._outbox):
                return Pending.from_bytes(last) if last else Pending()
        except StoreError:  # it names tiles to put, and to put all of them is right as well
            return Pending()

    def _changed(self, levels: Sequence[TileKeys]) -> Iterator[tuple[TileKeys, list[bytes]]]:
        """Read the last commit's tiles as they are now.

        They come in parts.
        """
        for keys in levels:
            for start in range(0, len(keys.starts_ms), _PART_TILES):
                part = keys.take(np.arange(start, min(start + _PART_TILES, len(keys.starts_ms))))
                yield part, self._records(part)

    def _records(self, keys: TileKeys) -> list[bytes]:
        records = self._state.transact(lambda transaction: transaction.get_tiles(keys))
        return [record for record in records if record is not None]


def begin_outbox(plan: Plan, state: TransactionalStore, store: Store) -> Outbox | None:
    """Bring a store of whole tiles up to the state."""
    if not isinstance(store, CheckedStore):
        return None
    outbox = Outbox(plan, state, store)
    outbox.begin()
    return outbox
