"""Counts fetches for whoever watches them."""

from __future__ import annotations

from collections.abc import Sequence

from ..metrics import PlanMetrics, metrics_of
from ..tiles.keys import EVENTS
from .context import FetchContext, FetchState


def count_fetches(context: FetchContext, states: Sequence[FetchState], seconds: float) -> None:
    """Count requests that were answered together.

    Each of them took the time of all, since it waited for it.
    """
    counted = metrics_of(context.plan.name)
    quality = states[-1].quality
    approximate = quality.get("approximate_tiles", 0) if quality else 0
    counted.fetched(len(states), seconds, _asked_tiles(states[0]), approximate)
    if context.policy.reports:
        for state in states:
            _count_report(counted, state)


def _asked_tiles(state: FetchState) -> int:
    """Count the tiles that a request asked for.

    Of a lifetime, which has no begin, those that exist. Those after the query time, which a live
    fetch reads too, hardly ever exist.
    """
    asked = 0
    for size_ms, start_ms, end_ms, kind, lifetime in state.ranges:
        if lifetime:
            begin, end = state.tiles.bounds.get(size_ms, (0, 0))
            asked += end - begin
        elif kind != EVENTS and start_ms < state.at_ms:
            asked += (end_ms - start_ms) // size_ms
    return asked


def _count_report(counted: PlanMetrics, state: FetchState) -> None:
    """Count what the full report of an answer says."""
    counted.missed(state.quality["missing_tiles"])
    age_ms = state.quality["watermark_age_ms"]
    if age_ms is not None and state.end_ms > state.at_ms:
        counted.stale(age_ms / 1000)
