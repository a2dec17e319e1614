"""Deletes tiles that no window reads any more.

A store that forgets nothing by itself keeps all tiles until it is swept. What is older than the
plan's time to live goes then, as seen from the newest event and not from the clock: a past that is
written again is not swept away. The store notes what went, so that no answer is made without it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tilewright_compiler.plan.model import Plan

from ..tiles.header import HEADER_WORDS, SEQUENCE
from ..tiles.keys import TileKeys, level_name
from ..times import now_ms
from .base import EntityRecords, Store, Transaction
from .counts import Level, TileCounts
from .ownership import lifetimes_ms
from .progress import Progress
from .swept import swept_name, swept_until
from .transactional import TransactionalStore

#: Entities whose tiles go in one transaction.
_ENTITIES = 500
#: How often a store is swept within the shortest time to live.
_SWEEPS_PER_LIFETIME = 4


@dataclass
class Swept:
    """The numbers of deleted tiles, by their level's name."""

    tiles: dict[str, int] = field(default_factory=dict)
    until_ms: dict[str, int] = field(default_factory=dict)
    """The start before which tiles of a level are gone."""


class Sweeper:
    """Sweeps a store that is being written, now and then."""

    def __init__(self, plan: Plan, store: TransactionalStore) -> None:
        self._plan = plan
        self._store = store
        ttls_ms = lifetimes_ms(plan, store.get).values()
        lifetimes = [ttl_ms for ttl_ms in ttls_ms if ttl_ms is not None]
        self._step_ms = min(lifetimes, default=0) // _SWEEPS_PER_LIFETIME
        self._swept_ms: int | None = None

    def sweep_if_due(self, newest_ms: int | None) -> None:
        """Sweep if the newest event is much newer than before.

        It is compared with that of the last sweep.
        """
        if newest_ms is None or not self._step_ms:
            return
        if self._swept_ms is None or newest_ms - self._swept_ms >= self._step_ms:
            self._swept_ms = newest_ms
            sweep(self._plan, self._store)


def sweep(plan: Plan, store: TransactionalStore) -> Swept:
    """Delete a plan's tiles whose time to live has passed.

    It happens in transactions of some hundred entities, so readers and a kill find each of them
    whole. Raises StoreError if another process is writing.
    """
    bounds = _bounds(plan, store)
    swept = Swept(until_ms={level_name(*level): until for level, until in bounds.items()})
    if not bounds:
        return swept
    entities = _entities_before(plan, store, bounds)
    if not entities:
        return swept
    _note(plan, store, swept.until_ms)
    for at in range(0, len(entities), _ENTITIES):
        part = entities[at : at + _ENTITIES]

        def work(transaction: Transaction, part: Sequence[str] = part) -> EntityRecords:
            gone: EntityRecords = []
            for entity in part:
                gone += _sweep_entity(plan, transaction, entity, bounds)
            count_deleted(plan, transaction, transaction, gone)
            return gone

        for keys, records in store.transact(work):
            name = level_name(keys.kind, keys.size_ms)
            swept.tiles[name] = swept.tiles.get(name, 0) + len(records)
    return swept


def _note(plan: Plan, store: TransactionalStore, until_ms: Mapping[str, int]) -> None:
    """Note what goes, beside what went when less was kept."""
    noted = swept_until(plan, store.get(swept_name(plan)))
    for level, start_ms in until_ms.items():
        noted[level] = max(start_ms, noted.get(level, start_ms))
    store.put(swept_name(plan), json.dumps(noted).encode())


def _bounds(plan: Plan, store: Store) -> dict[Level, int]:
    """Compute the start before which each level has expired."""
    newest_ms = Progress.load(plan, store.get).newest_ms
    if newest_ms is None:
        return {}
    seen_ms, ttls_ms = min(newest_ms, now_ms()), lifetimes_ms(plan, store.get)
    return {level: seen_ms - ttl_ms for level, ttl_ms in ttls_ms.items() if ttl_ms is not None}


def _entities_before(
    plan: Plan, store: TransactionalStore, bounds: Mapping[Level, int]
) -> list[str]:
    """List the entities that have expired tiles."""
    entities: dict[str, None] = {}
    for keys, _ in store.tiles(plan.name):
        until_ms = bounds.get((keys.kind, keys.size_ms))
        if until_ms is None:
            continue
        expired = np.flatnonzero(np.asarray(keys.starts_ms) < until_ms)
        for index in np.unique(np.asarray(keys.entity)[expired]).tolist():
            entities[keys.entities[index]] = None
    return list(entities)


def _sweep_entity(
    plan: Plan, transaction: Transaction, entity: str, bounds: Mapping[Level, int]
) -> EntityRecords:
    """Delete an entity's expired tiles."""
    gone: EntityRecords = []
    for keys, records in transaction.delete_entity(plan.name, entity):
        until_ms = bounds.get((keys.kind, keys.size_ms), 0)
        starts_ms = np.asarray(keys.starts_ms)
        for is_kept, indices in (
            (True, np.flatnonzero(starts_ms >= until_ms)),
            (False, np.flatnonzero(starts_ms < until_ms)),
        ):
            if not len(indices):
                continue
            part: tuple[TileKeys, list[bytes]] = (
                keys.take(indices),
                [records[place] for place in indices.tolist()],
            )
            if is_kept:
                transaction.put_tiles(*part)
            else:
                gone.append(part)
    return gone


def count_deleted(
    plan: Plan, source: Store | Transaction, to: Store | Transaction, deleted: EntityRecords
) -> None:
    """Count what was deleted, so that nobody misses it."""
    tiles: dict[Level, int] = {}
    events: dict[Level, int] = {}
    for keys, records in deleted:
        level = (keys.kind, keys.size_ms)
        tiles[level] = tiles.get(level, 0) - len(records)
        events[level] = events.get(level, 0) + events_of(records)
    counts = TileCounts.load(plan.name, source.get)
    if counts is not None and tiles:
        counts.plus(tiles).save(plan.name, to)
    if not deleted:
        return
    # Whoever keeps copies of tiles reads this number with them, and drops them when it changes.
    progress = Progress.load(plan, source.get)
    if progress != Progress():
        progress.repaired().save(plan, to)
    if events:
        forgotten = TileCounts.load(plan.name, source.get, "forgotten") or TileCounts()
        forgotten.plus(events).save(plan.name, to, "forgotten")


def events_of(records: Sequence[bytes]) -> int:
    """Sum the events of records that say them.

    Those that are too short are left out.
    """
    heads = [record[: 8 * HEADER_WORDS] for record in records if len(record) >= 8 * HEADER_WORDS]
    words = np.frombuffer(b"".join(heads), "<i8").reshape(-1, HEADER_WORDS)
    return int(words[:, SEQUENCE].sum())
