"""Counts fetches for whoever watches them."""

from __future__ import annotations

from collections.abc import Sequence

from ..metrics import PlanMetrics
from .context import FetchContext, FetchState


def count_fetches(context: FetchContext, states: Sequence[FetchState], seconds: float) -> None:
    """Count requests that were answered together.

    Each of them took the time of all, since it waited for it.
    """
    first, quality = states[0], states[-1].quality
    schedule = first.schedule
    asked = schedule.asked
    for size_ms in schedule.lifetimes_ms:
        # A lifetime has no begin, so the tiles that exist are counted.
        begin, end = first.tiles.bounds.get(size_ms, (0, 0))
        asked += end - begin
    approximate = quality.get("approximate_tiles", 0) if quality else 0
    context.metrics.fetched(len(states), seconds, asked, approximate)
    if context.policy.reports:
        for state in states:
            _count_report(context.metrics, state)


def _count_report(counted: PlanMetrics, state: FetchState) -> None:
    """Count what the full report of an answer says."""
    counted.missed(state.quality["missing_tiles"])
    age_ms = state.quality["watermark_age_ms"]
    if age_ms is not None and state.end_ms > state.at_ms:
        counted.stale(age_ms / 1000)
