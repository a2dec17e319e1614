"""Rules of Prometheus for a plan's service levels.

They warn and page when a level is missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..plan.metrics import TILE_FETCH_LATENCY, TILE_STALENESS, TILE_WRITE_LATENCY
from ..plan.model import Plan
from ..sql.promql import PlanQueries

_HEAD = "# Alerts of a plan. Generated: change the configuration's monitoring, not this file.\n"
_WINDOW = "5m"
#: How long a limit is exceeded before somebody hears of it.
_PATIENCE = {"warn": "10m", "page": "5m"}


@dataclass(frozen=True)
class _Alert:
    """A figure, with limits above which it warns and pages.

    Figures and limits are in seconds, or shares from 0 to 1.
    """

    name: str
    figure: str
    unit: str
    warn: float
    page: float
    summary: str
    remedy: str

    def rules(self, plan: str) -> list[dict[str, Any]]:
        """Make one rule for each step."""
        return [self._rule(plan, "warn", self.warn), self._rule(plan, "page", self.page)]

    def _rule(self, plan: str, severity: str, limit: float) -> dict[str, Any]:
        shown = "humanizeDuration" if self.unit == "seconds" else "humanizePercentage"
        value = f"{{{{ $value | {shown} }}}}"
        return {
            "alert": self.name,
            "expr": f"{self.figure} > {limit:.12g}",
            "for": _PATIENCE[severity],
            "labels": {"severity": severity},
            "annotations": {
                "summary": f"{{{{ $labels.plan }}}}: {self.summary}",
                "description": f"It is {value}; the limit is {limit:.12g} {self.unit}.",
                "remedy": self.remedy,
            },
        }


def files(plan: Plan) -> dict[str, str]:
    """Write `alerts/rules.yaml`, to be named under `rule_files`."""
    import yaml

    rules: list[dict[str, Any]] = []
    for alert in _alerts(plan):
        rules += alert.rules(plan.name)
    document = {"groups": [{"name": f"tilewright {plan.name}", "rules": rules}]}
    # libyaml takes a tenth of the time, and writes the same where all letters are ASCII.
    is_quick = yaml.__with_libyaml__ and plan.name.isascii()
    dumper = yaml.CSafeDumper if is_quick else yaml.SafeDumper
    text = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=1000)
    return {"alerts/rules.yaml": f"{_HEAD}{text}"}


def _alerts(plan: Plan) -> list[_Alert]:
    """List what is watched.

    Each has two limits that follow from one of the configuration's. A latency pages at twice its
    limit, a share of tiles at five times.
    """
    queries = PlanQueries(plan.name, _WINDOW)
    return [*_of_fetches(plan, queries), *_of_writes(plan, queries), _of_freshness(plan, queries)]


def _of_fetches(plan: Plan, queries: PlanQueries) -> list[_Alert]:
    limit_s = plan.monitoring.tile_fetch_sla_ms / 1000
    share = plan.monitoring.missing_tile_threshold
    return [
        _Alert(
            name="high_tile_fetch_latency",
            figure=queries.quantile(0.99, TILE_FETCH_LATENCY),
            unit="seconds",
            warn=limit_s,
            page=2 * limit_s,
            summary="one fetch in a hundred takes longer than it should",
            remedy="Look at the cache's hit rate, the tiles per request and the store.",
        ),
        _Alert(
            name="missing_tiles_high",
            figure=queries.missing_share(),
            unit="of all tiles asked for",
            warn=share,
            page=5 * share,
            summary="fetches miss tiles that ought to be there",
            remedy="See whether the writer runs, and whether the store has lost tiles.",
        ),
    ]


def _of_writes(plan: Plan, queries: PlanQueries) -> list[_Alert]:
    """List what is watched of writes.

    A tile that failed to be written is missed by every reader, so five times fewer of them are
    borne.
    """
    limit_s = plan.monitoring.tile_write_sla_ms / 1000
    share = plan.monitoring.missing_tile_threshold
    return [
        _Alert(
            name="tile_write_failures",
            figure=queries.failed_share(),
            unit="of all tiles written",
            warn=share / 5,
            page=share,
            summary="tiles cannot be written",
            remedy="See the writer's log, and whether the store is up and has room.",
        ),
        _Alert(
            name="high_tile_write_latency",
            figure=queries.quantile(0.99, TILE_WRITE_LATENCY),
            unit="seconds",
            warn=limit_s,
            page=2 * limit_s,
            summary="one batch in a hundred takes longer to write than it should",
            remedy="Look at the size of batches, at hot keys and at the store.",
        ),
    ]


def _of_freshness(plan: Plan, queries: PlanQueries) -> _Alert:
    limit_s = _staleness_seconds(plan)
    return _Alert(
        name="tiles_stale",
        figure=queries.mean(TILE_STALENESS),
        unit="seconds",
        warn=limit_s,
        page=2 * limit_s,
        summary="answers lack the newest events",
        remedy="See whether the writer runs, and whether events arrive at its source.",
    )


def _staleness_seconds(plan: Plan) -> float:
    """Say how far the watermark may lag without a warning.

    It lags behind the clock. The limit is half of what the GroupBy bears, at which the page comes.
    If it says nothing, it is the time that the newest tile takes to fill, to be out of order and to
    be written.
    """
    if plan.serving.max_staleness_ms is not None:
        return plan.serving.max_staleness_ms / 2000
    newest_ms = [level.size_ms for level in plan.levels[-1:]]
    if plan.events is not None:
        newest_ms.append(plan.events.size_ms)
    late_ms = plan.late.out_of_orderness_ms + plan.monitoring.tile_write_sla_ms
    return (min(newest_ms) + late_ms) / 1000
