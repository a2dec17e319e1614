"""The plans that a service serves, and their fetchers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from tilewright.suggestions import nearest
from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan

from ..errors import StoreError, TilewrightError
from ..fetch.async_fetcher import AsyncFetcher
from ..fetch.cache import TileCache
from ..fetch.warming import Warmer
from ..metrics import metrics_of
from ..plans import load_plan
from ..stores import Store
from ..stores.progress import Progress, progress_name
from ..times import now_ms
from .problems import RequestError
from .settings import ServiceStartError


class ServedPlans:
    """Plans by their names, on one store.

    A fetcher is made when its plan is first asked for, so that a service may start before the first
    tiles are written.
    """

    def __init__(
        self,
        plans: Iterable[Plan],
        store: Store,
        *,
        allow_many_tiles: bool,
        cache: TileCache | None = None,
        warms: bool = False,
    ) -> None:
        self.plans = {plan.name: plan for plan in plans}
        self.store = store
        self._allow_many_tiles = allow_many_tiles
        self._cache = cache
        self._warms = warms and cache is not None
        self._fetchers: dict[str, AsyncFetcher] = {}
        self._warmers: dict[str, Warmer] = {}

    def find(self, name: str) -> Plan:
        """Find a plan by its name.

        Raises RequestError with the nearest name.
        """
        plan = self.plans.get(name)
        if plan is None:
            raise RequestError(
                "unknown_plan", f"there is no plan {name!r}. {nearest(name, self.plans)}"
            )
        return plan

    def made(self, name: str) -> AsyncFetcher | None:
        """Give the fetcher of a plan if it is made."""
        return self._fetchers.get(name)

    def fetcher(self, name: str) -> AsyncFetcher:
        """Give the fetcher of a plan.

        Raises RequestError for an unknown plan, and StoreError if the store has no tiles of it.
        """
        made = self._fetchers.get(name)
        if made is None:
            plan = self.find(name)
            made = AsyncFetcher(
                plan, self.store, allow_many_tiles=self._allow_many_tiles, cache=self._cache
            )
            self._fetchers[name] = made
            if self._warms:
                self._warmers[name] = Warmer(made)
        return made

    def count_accesses(self, name: str, entities: Iterable[str]) -> None:
        """Count entities of a plan that were asked for."""
        warmer = self._warmers.get(name)
        if warmer is not None:
            warmer.counts.add(list(entities))

    def warm(self) -> None:
        """Read ahead what will be asked for.

        A store that is away is asked again the next time.
        """
        for warmer in list(self._warmers.values()):
            with suppress(TilewrightError):
                warmer.warm()

    async def close(self) -> None:
        """Close the connections of the fetchers, and the store."""
        for made in self._fetchers.values():
            await made.aclose()
        self.store.close()

    def readiness(self) -> dict[str, str | None]:
        """Say of each plan what keeps it from being fetched.

        The store is asked once for each.
        """
        states: dict[str, str | None] = {}
        for name in self.plans:
            try:
                self.fetcher(name)
                self.store.get(f"plan/{name}")
                states[name] = None
            except TilewrightError as error:
                states[name] = str(error)
        return states

    def progress(self) -> dict[str, Progress]:
        """Read how far the store has each plan's events.

        A store that is away is asked once, and says nothing; nor does a damaged document.
        """
        by_plan = {}
        for name, plan in self.plans.items():
            try:
                document = self.store.get(progress_name(plan))
            except StoreError:
                break
            with suppress(StoreError):
                by_plan[name] = Progress.read(plan, document)
        return by_plan

    def count_staleness(self) -> dict[str, Progress]:
        """Count how far each plan's watermark is behind the clock.

        Returns what was read for it.
        """
        by_plan = self.progress()
        for name, progress in by_plan.items():
            watermark_ms = progress.watermark_ms or progress.head_ms(self.plans[name])
            if watermark_ms is not None:
                metrics_of(name).stale(max(0, now_ms() - watermark_ms) / 1000)
        return by_plan


def load_plans(paths: Iterable[str]) -> list[Plan]:
    """Load plans of different names.

    Raises PlanError, and ServiceStartError for two of one name.
    """
    plans: dict[str, str] = {}
    loaded = []
    for path in paths:
        plan = load_plan(path)
        if plan.name in plans:
            raise ServiceStartError(
                f"{plans[plan.name]} and {path} are both of the plan {plan.name}. Name one of them."
            )
        plans[plan.name] = path
        loaded.append(plan)
    return loaded


def plan_document(plan: Plan) -> Mapping[str, Any]:
    """Make what /v1/plans says of a plan."""
    features = []
    for feature in plan.features:
        window = None if feature.window_ms is None else format_duration(feature.window_ms)
        operation = {"operation": feature.operation, "input": feature.input, "window": window}
        features.append({"name": feature.name, "type": feature.type, **operation})
    return {
        "name": plan.name,
        "fingerprint": plan.fingerprint,
        "online": plan.online,
        "keys": [{"name": key.name, "type": key.type} for key in plan.keys],
        "features": features,
        "derivations": [{"name": one.name, "type": one.type} for one in plan.derivations],
    }
