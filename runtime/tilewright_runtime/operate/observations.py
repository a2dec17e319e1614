"""What doctor looks at, once for all of its checks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Any

from tilewright.windows import HOUR_MS
from tilewright_compiler.plan.model import Plan

from ..fetch.explain import Explanation, explain_request
from ..fetch.fetcher import Fetcher
from ..stores import CheckedStore, Store, TransactionalStore
from ..stores.contents import StoredTiles
from ..stores.filling import condition_of
from ..stores.health import StoreHealth
from ..stores.ownership import comes_from_stream
from ..stores.progress import Progress
from ..tiles.entities import decode_entity
from ..tiles.keys import TileKeys
from .service_numbers import ServiceNumbers

#: Entities whose fetches are measured, and how often each is.
_ENTITIES, _TIMES = 5, 5
#: Tiles of the plan among which they are looked for: one entity may have all that there are.
_MOST_WALKED = 10_000


class Severity(IntEnum):
    """How grave a finding is.

    It is also the exit status, as monitoring systems take it.
    """

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True)
class Finding:
    """What a check found.

    It has evidence, a verdict, and what to do.
    """

    severity: Severity
    evidence: str
    verdict: str
    remedy: str = ""


@dataclass(frozen=True)
class Observations:
    """A plan and its store, as they are now."""

    plan: Plan
    at_ms: int
    fetches: list[Explanation]
    """The quickest fetch of each entity that was measured."""
    health: StoreHealth
    progress: Progress
    condition: str
    """What keeps the store from being whole, by its own account."""
    is_loading: bool
    is_stream: bool
    is_asked_by_tile: bool
    """Whether a tile costs the store a look-up, also where there is none."""
    max_age_ms: int
    service: ServiceNumbers | None
    """What a service or a writer exposes of this plan; None without one."""
    service_way_seconds: float | None
    """How long the way to it takes, there and back."""

    @property
    def fetch_seconds(self) -> float | None:
        """How long the slowest of the measured fetches takes."""
        return max((one.seconds for one in self.fetches), default=None)


def observe(
    plan: Plan,
    store: Store,
    keys: Mapping[str, Any] | None,
    metrics: str | None,
    way_seconds: float | None,
    max_age_ms: int | None,
) -> Observations:
    """Look at a store, and measure fetches from it.

    Raises what a fetch raises, and StoreError if the store does not answer.
    """
    fetcher = Fetcher(plan, store, allow_many_tiles=True)
    chosen = [dict(keys)] if keys is not None else list(_some_keys(plan, store))
    if max_age_ms is None:
        max_age_ms = usual_age_ms(plan)
    return Observations(
        plan=plan,
        at_ms=time.time_ns() // 1_000_000,
        fetches=[_quickest(fetcher, one) for one in chosen],
        health=store.health(),
        progress=Progress.load(plan, store.get),
        condition=_condition(plan, store),
        is_loading=bool(store.get(f"loading/{plan.name}")),
        is_stream=comes_from_stream(plan.name, store.get),
        is_asked_by_tile=isinstance(store, CheckedStore),
        max_age_ms=max_age_ms,
        service=None if metrics is None else ServiceNumbers.read(metrics, plan.name),
        service_way_seconds=way_seconds,
    )


def usual_age_ms(plan: Plan) -> int:
    """Say how old the newest event may be."""
    return plan.serving.max_staleness_ms or HOUR_MS


def _quickest(fetcher: Fetcher, keys: Mapping[str, Any]) -> Explanation:
    """Explain a fetch a few times, and keep the quickest."""
    explanations = [explain_request(fetcher.context, fetcher.request(keys)) for _ in range(_TIMES)]
    return min(explanations, key=lambda one: one.seconds)


def _some_keys(plan: Plan, store: Store) -> Iterator[dict[str, Any]]:
    """Choose some entities that the store has."""
    names = [column.name for column in plan.keys]
    for entity in islice(_entities(plan, store), _ENTITIES):
        yield dict(zip(names, decode_entity(entity), strict=True))


def _entities(plan: Plan, store: Store) -> Iterator[str]:
    seen: set[str] = set()
    walked = 0
    for keys in _tile_keys(plan, store):
        for entity in keys.entities:
            if entity not in seen:
                seen.add(entity)
                yield entity
        walked += len(keys.starts_ms)
        if walked >= _MOST_WALKED:
            return


def _tile_keys(plan: Plan, store: Store) -> Iterator[TileKeys]:
    """Walk the keys of tiles, as needed."""
    if isinstance(store, TransactionalStore):
        for keys, _ in store.tiles(plan.name):
            yield keys
        return
    for content in store.contents():
        if isinstance(content, StoredTiles) and content.keys.table == plan.name:
            yield content.keys


def _condition(plan: Plan, store: Store) -> str:
    if not isinstance(store, CheckedStore):
        return ""
    filling = store.filling(plan.name)
    said = [
        condition_of(filled, server)
        for filled, server in zip(filling.filled, filling.servers, strict=True)
    ]
    return next((one for one in said if one), "")
