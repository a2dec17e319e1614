"""Explains a fetch: its steps, with a clock.

It also says what each tile contributed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..tiles.keys import Kind
from ..times import Moment
from .answers import Answer, answer_of
from .caching_reader import CachingReader
from .context import FetchContext, FetchState
from .fetcher import Fetcher
from .shares import WindowShare, shares_of
from .step_details import DETAILS, ROWS


@dataclass(frozen=True)
class TimedStep:
    """A step: what it did, and how long it took."""

    name: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class TimedSteps:
    """The steps of a fetch, with their times."""

    steps: list[TimedStep]
    reading_seconds: float
    """The part of a step's time that went to the store."""
    lookup_seconds: float
    """The part that went to the cache, if there is one."""
    cached_until_ms: list[int | None]
    """Up to where each run of tiles came from the cache."""

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return sum(step.seconds for step in self.steps)

    @property
    def breakdown(self) -> dict[str, float]:
        """Break the time down, in seconds, up to the total.

        Reading and decoding are one step, and two rows.
        """
        rows = dict.fromkeys(ROWS.values(), 0.0)
        for step in self.steps:
            rows[ROWS[step.name]] += step.seconds
        rows["deserialization"] -= self.reading_seconds
        rows["kv_fetch"] = self.reading_seconds - self.lookup_seconds
        rows["cache_lookup"] = self.lookup_seconds
        order = ("range", "expansion", "cache_lookup", "kv_fetch", "deserialization")
        broken_down = {name: rows.pop(name, 0.0) for name in order}
        return broken_down | rows | {"total": self.seconds}


@dataclass(frozen=True)
class Explanation:
    """An answer and how it came about."""

    answer: Answer
    timed: TimedSteps
    windows: list[WindowShare]
    derivations: dict[str, Any]
    """The values that were computed from the features."""
    context: FetchContext
    state: FetchState
    """The request, with what its steps made of it."""

    def origin(self, kind: Kind, size_ms: int, start_ms: int) -> str:
        """Say whether a record came from `cache` or from `store`."""
        for wanted, end_ms in zip(self.state.ranges, self.timed.cached_until_ms, strict=True):
            is_own = (wanted.kind, wanted.size_ms) == (kind, size_ms)
            if is_own and end_ms is not None and wanted.start_ms <= start_ms < end_ms:
                return "cache"
        return "store"

    @property
    def steps(self) -> list[TimedStep]:
        """The steps, each with its time."""
        return self.timed.steps

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return self.timed.seconds

    @property
    def breakdown(self) -> dict[str, float]:
        """Break the time down, in seconds, up to the total."""
        return self.timed.breakdown


def explain(
    fetcher: Fetcher,
    keys: Mapping[str, Any],
    at: Moment = None,
    *,
    features: Iterable[str] | None = None,
) -> Explanation:
    """Fetch as `Fetcher.fetch` does, step by step.

    Raises what a fetch raises.
    """
    return explain_request(fetcher.context_of(features), fetcher.request(keys, at))


def explain_request(context: FetchContext, state: FetchState) -> Explanation:
    """Walk the steps for a request, with a clock.

    Raises what a fetch raises.
    """
    timed = take_time(context, state)
    windows = shares_of(context.program, state)
    own = {feature.name for feature in context.plan.features}
    derived = {name: value for name, value in state.features.items() if name not in own}
    return Explanation(answer_of(state), timed, windows, derived, context, state)


def take_time(context: FetchContext, state: FetchState) -> TimedSteps:
    """Walk the steps for a request with a clock.

    Raises what a fetch raises.
    """
    steps, reading_seconds, lookup_seconds = [], 0.0, 0.0
    cached: list[int | None] = []
    for step in context.steps:
        begun = time.perf_counter()
        if step.receive is None:
            step.work(context, [state])
        else:
            drops, cached = _look_up(context, state)
            lookup_seconds = time.perf_counter() - begun
            reading = context.reader.read([state.scan_request], context.documents)
            if drops != _look_up(context, state)[0]:  # finished tiles had changed: read anew
                cached = [None] * len(cached)
            reading_seconds += time.perf_counter() - begun
            step.receive(context, [state], reading)
        seconds = time.perf_counter() - begun
        steps.append(TimedStep(step.name, DETAILS[step.name](context, state), seconds))
    return TimedSteps(steps, reading_seconds, lookup_seconds, cached)


def _look_up(context: FetchContext, state: FetchState) -> tuple[int, list[int | None]]:
    """Find what the cache has of a request.

    It also says how often the cache was emptied.
    """
    if isinstance(context.reader, CachingReader):
        drops = context.reader.statistics.drops
        return drops, context.reader.cached_until_ms(state.scan_request)
    return 0, [None] * len(state.ranges)
