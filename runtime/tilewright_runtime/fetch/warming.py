"""Reads finished tiles ahead of the requests for them.

Each entity has a rate of accesses, in which older ones count for less: half as much after each
half-life. If accesses of an entity come by chance at that rate, at least one comes within the next
hour with the probability 1 - exp(-rate per hour). Above 0.7 its finished tiles are read.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter

from ..errors import FetchError
from ..metrics import metrics_of
from ..stores.progress import Progress
from ..times import now_ms
from .caching_reader import CachingReader
from .serving import Serving

#: The seconds that a prediction is about.
HOUR_S = 3600.0
#: A compromise between a small error and few entities, which `benchmarks/warming.py` measures.
HALF_LIFE_S = 6 * HOUR_S

#: Entities that are read together.
_BATCH = 50

Clock = Callable[[], float]


class AccessCounts:
    """How often entities are asked for, with decay.

    Of at most `most` entities; beyond that those that are asked for least are forgotten. The clock
    gives seconds. Threads may share it.
    """

    def __init__(
        self,
        half_life_s: float = HALF_LIFE_S,
        most: int = 100_000,
        clock: Clock = time.monotonic,
    ) -> None:
        self._decay = math.log(2) / half_life_s
        self._most = most
        self._clock = clock
        self._begun_s = clock()
        self._lock = threading.Lock()
        #: Of each entity the weight of its accesses, as of the last one.
        self._weights: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._weights)

    def add(self, entities: Iterable[str]) -> None:
        """Count an access of each of some entities."""
        now_s = self._clock()
        with self._lock:
            for entity in entities:
                self._weights[entity] = self._weight(entity, now_s) + 1, now_s
            if len(self._weights) > self._most:
                self._forget(now_s)

    def probability(self, entity: str) -> float:
        """Predict an access within the next hour."""
        now_s = self._clock()
        return -math.expm1(-self._hourly(now_s) * self._weight(entity, now_s))

    def likely(self, least: float, most: int) -> list[str]:
        """List entities that will be asked for, hottest first.

        They are at most `most`, each with a probability above `least`.
        """
        now_s = self._clock()
        least_weight = -math.log1p(-least) / self._hourly(now_s)
        with self._lock:
            weights = [(entity, self._weight(entity, now_s)) for entity in self._weights]
        hot = [one for one in weights if one[1] > least_weight]
        return [entity for entity, _ in nlargest(most, hot, key=itemgetter(1))]

    def _weight(self, entity: str, now_s: float) -> float:
        weight, then_s = self._weights.get(entity, (0.0, now_s))
        return weight * math.exp(self._decay * (then_s - now_s))

    def _hourly(self, now_s: float) -> float:
        """Give what turns a weight into a rate an hour.

        A steady rate adds up to the rate over the decay, once all of the past has been seen. Of the
        first hour, in which little is known, nobody can tell which part has been seen.
        """
        seen_s = max(now_s - self._begun_s, HOUR_S)
        return self._decay * HOUR_S / -math.expm1(-self._decay * seen_s)

    def _forget(self, now_s: float) -> None:
        """Keep the hotter half."""
        heaviest = nlargest(
            self._most // 2, self._weights, key=lambda one: self._weight(one, now_s)
        )
        self._weights = {entity: self._weights[entity] for entity in heaviest}


@dataclass(frozen=True)
class WarmingLimits:
    """How much is read ahead, and for whom."""

    least_probability: float = 0.7
    entities: int = 500
    """The most entities of a round."""


class Warmer:
    """Keeps tiles of hot entities in a cache.

    Whoever answers requests counts them in `counts`, and calls `warm` now and then. Raises
    FetchError for a fetcher without a cache.
    """

    def __init__(
        self,
        fetcher: Serving,
        limits: WarmingLimits = WarmingLimits(),
        counts: AccessCounts | None = None,
    ) -> None:
        reader = fetcher.context.reader if isinstance(fetcher, Serving) else None
        if not isinstance(reader, CachingReader):
            raise FetchError(
                "to warm a cache there has to be one: Fetcher(plan, store, cache=TileCache())."
            )
        self._fetcher, self._reader, self._limits = fetcher, reader, limits
        self.counts = AccessCounts() if counts is None else counts

    def warm(self, at_ms: int | None = None) -> int:
        """Read the finished tiles that hot entities lack.

        They are those of live fetches at a time, by default now. What may still change is not read.
        Returns for how many entities something was read. Raises StoreError.
        """
        limits = self._limits
        likely = self.counts.likely(limits.least_probability, limits.entities)
        if not likely:
            return 0
        plan, store = self._fetcher.plan, self._fetcher.store
        finished = Progress.load(plan, store.get).finished(plan)
        if finished is None:
            return 0
        at_ms = now_ms() if at_ms is None else at_ms
        ranges = self._fetcher.program.ranges(at_ms, at_ms + store.live_ahead_ms)
        requests = self._reader.lacking([(entity, ranges) for entity in likely], finished)
        for begin in range(0, len(requests), _BATCH):
            self._reader.prefetch(requests[begin : begin + _BATCH])
        metrics_of(plan.name).warmed(len(requests))
        return len(requests)
