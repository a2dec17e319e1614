"""A dashboard of Grafana for a plan."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ..plan.metrics import (
    APPROXIMATE_TILES,
    CACHE_BYTES,
    CACHE_EVICTIONS,
    CACHE_FOLDER_BYTES,
    CACHE_FOLDER_EVICTIONS,
    CACHE_FOLDER_HITS,
    CACHE_FOLDER_MISSES,
    CACHE_HITS,
    CACHE_MISSES,
    CACHE_WARMED,
    IR_SIZE_BYTES,
    LATE_EVENTS_PROCESSED,
    TILE_FETCH_LATENCY,
    TILE_STALENESS,
    TILE_WRITE_LATENCY,
    TILES_PER_REQUEST,
    TILES_WRITTEN,
)
from ..plan.model import Plan
from ..sql.promql import PlanQueries

#: Which Prometheus is asked, chosen at the head of the dashboard.
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3
#: Grafana's form of a dashboard since version 9.
_SCHEMA_VERSION = 37


@dataclass(frozen=True)
class _Panel:
    """A chart: its lines by their names.

    A limit is drawn if there is one.
    """

    title: str
    unit: str
    lines: dict[str, str]
    limit: float | None = None

    def document(self, number: int) -> dict[str, Any]:
        """Make what Grafana reads, at the place of its number."""
        row, column = divmod(number, _COLUMNS)
        steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
        if self.limit is not None:
            steps.append({"color": "red", "value": self.limit})
        drawn = "off" if self.limit is None else "dashed"
        return {
            "id": number + 1,
            "type": "timeseries",
            "title": self.title,
            "datasource": _SOURCE,
            "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "min": 0,
                    "thresholds": {"mode": "absolute", "steps": steps},
                    "custom": {"thresholdsStyle": {"mode": drawn}},
                },
                "overrides": [],
            },
            "targets": [
                {
                    "refId": chr(ord("A") + at),
                    "datasource": _SOURCE,
                    "expr": expr,
                    "legendFormat": name,
                }
                for at, (name, expr) in enumerate(self.lines.items())
            ],
        }


def files(plan: Plan) -> dict[str, str]:
    """Write `dashboard/dashboard.json`, to be imported or provisioned."""
    panels = [panel.document(number) for number, panel in enumerate(_panels(plan))]
    document = {
        "uid": f"tilewright-{hashlib.sha256(plan.name.encode()).hexdigest()[:16]}",
        "title": f"Tilewright: {plan.name}",
        "tags": ["tilewright"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return {"dashboard/dashboard.json": f"{text}\n"}


def _panels(plan: Plan) -> list[_Panel]:
    queries = PlanQueries(plan.name, "$__rate_interval")
    return [
        *_of_fetches(plan, queries),
        *_of_caches(queries),
        *_of_answers(plan, queries),
        *_of_writes(plan, queries),
    ]


def _of_fetches(plan: Plan, queries: PlanQueries) -> list[_Panel]:
    """List the charts that show how fetches fare."""
    return [
        _Panel(
            "Time of a fetch",
            "s",
            {
                "half": queries.quantile(0.5, TILE_FETCH_LATENCY),
                "99 in 100": queries.quantile(0.99, TILE_FETCH_LATENCY),
            },
            plan.monitoring.tile_fetch_sla_ms / 1000,
        ),
        _Panel("Fetches", "reqps", {"fetches": queries.rate(TILE_FETCH_LATENCY, "_count")}),
        _Panel("Tiles of a request", "short", {"mean": queries.mean(TILES_PER_REQUEST)}),
    ]


def _of_caches(queries: PlanQueries) -> list[_Panel]:
    """List the charts of what caches spare and hold."""
    shares = {
        "memory": queries.share(CACHE_HITS, CACHE_MISSES),
        "folder": queries.share(CACHE_FOLDER_HITS, CACHE_FOLDER_MISSES),
    }
    made_room = {
        "memory": queries.rate(CACHE_EVICTIONS),
        "folder": queries.rate(CACHE_FOLDER_EVICTIONS),
        "entities read ahead": queries.rate(CACHE_WARMED),
    }
    sizes = {
        "memory": queries.largest(CACHE_BYTES),
        "folder": queries.largest(CACHE_FOLDER_BYTES),
    }
    return [
        _Panel("Look-ups that the cache answers", "percentunit", shares),
        _Panel("Entries that make room, and entities read ahead", "short", made_room),
        _Panel("Bytes that the cache holds", "bytes", sizes),
    ]


def _of_answers(plan: Plan, queries: PlanQueries) -> list[_Panel]:
    """List the charts that show how good answers are."""
    return [
        _Panel(
            "Tiles that are missing",
            "percentunit",
            {"missing": queries.missing_share()},
            plan.monitoring.missing_tile_threshold,
        ),
        _Panel("Approximate tiles", "short", {"tiles": queries.largest(APPROXIMATE_TILES)}),
        _Panel("Age of the newest event", "s", {"mean": queries.mean(TILE_STALENESS)}),
    ]


def _of_writes(plan: Plan, queries: PlanQueries) -> list[_Panel]:
    """List the charts that show how writes fare."""
    return [
        _Panel(
            "Time of a write",
            "s",
            {
                "half": queries.quantile(0.5, TILE_WRITE_LATENCY),
                "99 in 100": queries.quantile(0.99, TILE_WRITE_LATENCY),
            },
            plan.monitoring.tile_write_sla_ms / 1000,
        ),
        _Panel("Tiles written", "wps", {"written": queries.rate(TILES_WRITTEN)}),
        _Panel(
            "Writes that fail",
            "percentunit",
            {"failed": queries.failed_share()},
            plan.monitoring.missing_tile_threshold,
        ),
        _Panel("Late events", "eps", {"late": queries.rate(LATE_EVENTS_PROCESSED)}),
        _Panel("Size of a tile", "bytes", {"mean": queries.mean(IR_SIZE_BYTES)}),
    ]
