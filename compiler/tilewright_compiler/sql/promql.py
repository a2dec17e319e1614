"""Questions to Prometheus about the metrics of one plan."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..plan.metrics import (
    MISSING_TILES,
    PLAN_LABEL,
    TILE_WRITE_FAILURES,
    TILES_PER_REQUEST,
    TILES_WRITTEN,
    Metric,
)


@dataclass(frozen=True)
class PlanQueries:
    """PromQL over what all processes count of a plan.

    `window` is the time that rates are taken over, such as `5m`.
    """

    plan: str
    window: str

    def rate(self, metric: Metric, suffix: str = "") -> str:
        """Write the growth a second of a counter.

        It may be that of a part of a histogram, which the suffix names.
        """
        return f"sum by ({PLAN_LABEL}) ({self._rate(metric, suffix)})"

    def quantile(self, quantile: float, metric: Metric) -> str:
        """Write a quantile of a histogram."""
        buckets = f"sum by ({PLAN_LABEL}, le) ({self._rate(metric, '_bucket')})"
        return f"histogram_quantile({quantile:g}, {buckets})"

    def mean(self, metric: Metric) -> str:
        """Write the mean of a histogram."""
        return f"{self.rate(metric, '_sum')} / {self.rate(metric, '_count')}"

    def largest(self, metric: Metric) -> str:
        """Write the largest value of a gauge in any process."""
        return f"max by ({PLAN_LABEL}) ({metric.name}{self._of_plan()})"

    def missing_share(self) -> str:
        """Write which part of the tiles asked for is missing."""
        return f"{self.rate(MISSING_TILES)} / {self.rate(TILES_PER_REQUEST, '_sum')}"

    def failed_share(self) -> str:
        """Write which part of the writes of tiles fails."""
        return self.share(TILE_WRITE_FAILURES, TILES_WRITTEN)

    def share(self, counted: Metric, others: Metric) -> str:
        """Write the first counter's part of two counters."""
        rate = self.rate(counted)
        return f"{rate} / ({rate} + {self.rate(others)})"

    def _rate(self, metric: Metric, suffix: str) -> str:
        return f"rate({metric.name}{suffix}{self._of_plan()}[{self.window}])"

    def _of_plan(self) -> str:
        # A literal of JSON is one of PromQL, whatever the name holds.
        return f"{{{PLAN_LABEL}={json.dumps(self.plan, ensure_ascii=False)}}}"
