"""The shared names of metrics."""

from pathlib import Path

import pytest

from tilewright_compiler.plan.metrics import METRICS

ROOT = Path(__file__).parents[3]
# Typed from the specification's table `TileMonitoring`.
SPECIFIED = {
    "tile_write_latency": "histogram",
    "tile_write_failures": "counter",
    "tiles_per_second": "gauge",
    "late_events_processed": "counter",
    "tile_fetch_latency": "histogram",
    "cache_hit_rate": "gauge",
    "tiles_per_request": "histogram",
    "missing_tiles": "counter",
    "approximate_tiles": "gauge",
    "tile_staleness": "histogram",
    "ir_size_bytes": "histogram",
}


def _bare(name: str) -> str:
    return name.removeprefix("tilewright_").removesuffix("_total").removesuffix("_seconds")


@pytest.mark.parametrize("name", SPECIFIED)
def test_the_specifications_metrics_have_their_kinds(name: str) -> None:
    """Each metric of the specification is there, as what it says."""
    assert {_bare(m.name): m.kind for m in METRICS}[name] == SPECIFIED[name]


def test_counters_and_nothing_else_end_in_total() -> None:
    """Prometheus asks for `_total` behind counters."""
    assert all(m.name.endswith("_total") == (m.kind == "counter") for m in METRICS)


def test_histograms_and_nothing_else_have_rising_buckets() -> None:
    """Buckets are the upper bounds of a histogram, each above the one before."""
    assert all(bool(m.buckets) == (m.kind == "histogram") for m in METRICS)
    assert all(sorted(set(m.buckets)) == list(m.buckets) for m in METRICS)


def test_no_name_stands_twice() -> None:
    """A registry refuses the second of one name."""
    assert len({m.name for m in METRICS}) == len(METRICS)


def test_the_page_describes_every_metric() -> None:
    """Each has a row with its kind, the process that counts it, and its own help."""
    page = (ROOT / "docs/how-to/monitor.md").read_text(encoding="utf-8")
    for metric in METRICS:
        side = {"write": "the writer", "fetch": "the service"}[metric.side]
        row = f"| `{metric.name}` | {metric.kind} | {side} | {metric.help.rstrip('.')} |"
        assert row in page
