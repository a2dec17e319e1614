"""What Prometheus reads of the numbers."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.servers import free_port
from tilewright_compiler.plan.metrics import METRICS, PLAN_LABEL
from tilewright_runtime.errors import JobError
from tilewright_runtime.metrics import PlanMetrics, Snapshot, added_up, metrics_of
from tilewright_runtime.operate.prometheus import exposition, serve_metrics

QUOTED = 'a "plan"\\\n'


def everything() -> Snapshot:
    """Numbers of every metric, of a plan whose name needs escapes."""
    counted = PlanMetrics()
    counted.fetched(2, 0.001, 10)
    counted.missed(1)
    counted.stale(3.0)
    counted.looked_up(3, 1)
    counted.evicted_from_cache(2)
    counted.cache_holds(100)
    counted.warmed(4)
    counted.folder_used(1, 5)
    counted.folder_holds(200, 1)
    counted.wrote(0.5, np.array([100]), late=4)
    return added_up([{name: {QUOTED: value} for name, value in counted.values().items()}])


def test_every_metric_is_exported() -> None:
    """Under its name and kind, with its plan, whatever that is called."""
    text, _ = exposition(everything)
    families = {f.name: f for f in text_string_to_metric_families(text.decode())}
    assert {name: family.type for name, family in families.items()} == {
        metric.name.removesuffix("_total"): metric.kind for metric in METRICS
    }
    for family in families.values():
        assert {sample.labels[PLAN_LABEL] for sample in family.samples} == {QUOTED}


def test_buckets_are_cumulative() -> None:
    """The last one holds all."""
    text, _ = exposition(everything)
    families = {f.name: f for f in text_string_to_metric_families(text.decode())}
    latency = families["tilewright_tile_fetch_latency_seconds"].samples
    buckets = {s.labels["le"]: s.value for s in latency if s.name.endswith("_bucket")}
    assert (buckets["0.0005"], buckets["0.001"], buckets["+Inf"]) == (0, 2, 2)


def test_a_process_serves_its_numbers() -> None:
    """At a port, until it is told to end; a port in use is told."""
    port = free_port()
    metrics_of("served").fetched(1, 0.001, 10)
    end = serve_metrics(port)
    with pytest.raises(JobError, match=f"port {port}, cannot be listened at"):
        serve_metrics(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        text = response.read().decode()
    end()
    assert 'tilewright_tiles_per_request_count{plan="served"}' in text
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")


def test_a_host_that_is_no_name_is_told() -> None:
    """A part of a name has 63 letters at most."""
    with pytest.raises(JobError, match="no host has such a name"):
        serve_metrics(0, "a" * 64)
