"""Questions to Prometheus."""

from tilewright_compiler.plan.metrics import (
    CACHE_HITS,
    CACHE_MISSES,
    MISSING_TILES,
    TILE_FETCH_LATENCY,
)
from tilewright_compiler.sql.promql import PlanQueries

QUERIES = PlanQueries('say "a"', "5m")


def test_a_rate_is_of_all_processes() -> None:
    """They are added up; the name of the plan is a literal."""
    assert QUERIES.rate(MISSING_TILES) == (
        r'sum by (plan) (rate(tilewright_missing_tiles_total{plan="say \"a\""}[5m]))'
    )


def test_a_quantile_is_of_buckets_added_up() -> None:
    """Quantiles themselves cannot be added up."""
    assert QUERIES.quantile(0.99, TILE_FETCH_LATENCY) == (
        "histogram_quantile(0.99, sum by (plan, le) (rate("
        r'tilewright_tile_fetch_latency_seconds_bucket{plan="say \"a\""}[5m])))'
    )


def test_a_share_is_of_both_counters() -> None:
    """The first is a part of their sum."""
    hits, misses = QUERIES.rate(CACHE_HITS), QUERIES.rate(CACHE_MISSES)
    assert QUERIES.share(CACHE_HITS, CACHE_MISSES) == f"{hits} / ({hits} + {misses})"
