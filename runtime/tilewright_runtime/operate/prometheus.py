"""Exports what was counted to Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tilewright_compiler.plan.metrics import METRICS, PLAN_LABEL, Metric

from ..errors import JobError, installation_of
from ..metrics import Snapshot, added_up, snapshot

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.metrics_core import Metric as Family
    from prometheus_client.registry import CollectorRegistry

_MISSING = (
    "metrics need the package prometheus-client. Install it with: pip install prometheus-client, "
    f"or all that the service needs: {installation_of('serve')}."
)


class _Collector:
    """Makes samples of the numbers at a scrape."""

    def __init__(self, numbers: Callable[[], Snapshot]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Family]:
        """Give a family for each metric that was counted."""
        numbers = self._numbers()
        for metric in METRICS:
            if metric.name in numbers:
                yield _family(metric, numbers)

    def describe(self) -> list[Family]:
        """Describe nothing before a scrape."""
        return []


def _family(metric: Metric, numbers: Snapshot) -> Family:
    from prometheus_client import core

    plans = numbers[metric.name]
    if metric.kind == "histogram":
        histogram = core.HistogramMetricFamily(metric.name, metric.help, labels=[PLAN_LABEL])
        for plan, (*counts, total) in plans.items():
            histogram.add_metric([plan], _buckets(metric, counts), total)
        return histogram
    is_gauge = metric.kind == "gauge"
    kind = core.GaugeMetricFamily if is_gauge else core.CounterMetricFamily
    family: core.GaugeMetricFamily | core.CounterMetricFamily
    family = kind(metric.name, metric.help, labels=[PLAN_LABEL])
    for plan, value in plans.items():
        family.add_metric([plan], value)
    return family


def _buckets(metric: Metric, counts: Sequence[int]) -> list[tuple[str, float]]:
    """Make the cumulative buckets that Prometheus has."""
    bounds = [*map(str, map(float, metric.buckets)), "+Inf"]
    buckets, seen = [], 0
    for bound, count in zip(bounds, counts, strict=True):
        seen += count
        buckets.append((bound, float(seen)))
    return buckets


def _registry(numbers: Callable[[], Snapshot]) -> CollectorRegistry:
    try:
        from prometheus_client.registry import CollectorRegistry
    except ImportError:
        raise JobError(_MISSING) from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(numbers))
    return registry


def exposition(numbers: Callable[[], Snapshot], accept: str = "") -> tuple[bytes, str]:
    """Write the numbers as Prometheus reads them.

    `accept` is the header of the scrape. Returns the text and its type.
    """
    registry = _registry(numbers)
    from prometheus_client.exposition import choose_encoder

    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def serve_metrics(port: int, host: str = "127.0.0.1") -> Callable[[], None]:
    """Serve this process's numbers at a port, in a thread.

    Returns what ends it. Raises JobError if host and port cannot be listened at.
    """
    registry = _registry(lambda: added_up([snapshot()]))
    from prometheus_client import start_http_server

    try:
        started = start_http_server(port, host, registry)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no host has such a name"
        raise JobError(
            f"metrics: {host}, port {port}, cannot be listened at ({reason}). Name another host "
            "or port with --metrics, or stop what uses it."
        ) from None
    server: WSGIServer = started[0]
    thread = started[1]

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
