"""A real Prometheus fires the generated alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread

import httpx
import yaml

from support.cases import CASES
from support.cli import Desk
from support.following import following
from support.plans import aggregations, plan_of
from support.prometheus import Prometheus, prometheus
from support.servers import free_port
from support.service import serving
from support.session import SCHEMA, row
from support.waiting import wait_until
from tilewright import Operation
from tilewright.windows import HOUR_MS
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.metrics import METRICS, TILES_WRITTEN, Metric
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets.alerts import files
from tilewright_runtime import load_plan
from tilewright_runtime.times import now_ms

Alert = tuple[str, str, str]

SEVERITIES = ("warn", "page")
#: Alerts of what is not there.
ABSENCES = ("tiles_stale", "missing_tiles_high")
SICK, WELL = 'sick "plan"', "well"
STOPPED, FOLLOWED = "stopped", "followed"
#: Seconds that each observation of a histogram takes, and how much counters grow, at each scrape.
GROWTH = {
    SICK: {"latency": 5.0, "staleness": 3600.0, "failures": 10, "missing": 500, "written": 90},
    WELL: {"latency": 0.001, "staleness": 1.0, "failures": 0, "missing": 0, "written": 90},
}
OBSERVATIONS = 100


def _samples(metric: Metric, plan: str, scrapes: int) -> list[str]:
    """A metric of a plan after so many scrapes, as Prometheus reads it."""
    label, grown = f"plan={json.dumps(plan)}", GROWTH[plan]
    if metric.kind == "histogram":
        # Of tiles per request, 50 each; of sizes the value does not matter.
        name = next((name for name in ("latency", "staleness") if name in metric.name), None)
        value = 50.0 if name is None else grown[name]
        count = scrapes * OBSERVATIONS
        lines = [
            f'{metric.name}_bucket{{{label},le="{bound}"}} {count if value <= bound else 0}'
            for bound in metric.buckets
        ]
        lines.append(f'{metric.name}_bucket{{{label},le="+Inf"}} {count}')
        lines.append(f"{metric.name}_sum{{{label}}} {count * value}")
        return [*lines, f"{metric.name}_count{{{label}}} {count}"]
    amount = next((grown[name] for name in grown if name in metric.name), 1)
    return [f"{metric.name}{{{label}}} {amount * scrapes}"]


@contextmanager
def _exporter() -> Iterator[int]:
    """A server whose counters grow with each scrape; its port."""
    scrapes = 0

    class Scrape(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal scrapes
            scrapes += 1
            lines = []
            for metric in METRICS:
                lines.append(f"# TYPE {metric.name} {metric.kind}")
                for plan in GROWTH:
                    lines += _samples(metric, plan, scrapes)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write("\n".join([*lines, ""]).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Scrape) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _at_once(plan: Plan, path: Path) -> Path:
    """Writes a plan's rules, to fire without patience."""
    document = yaml.safe_load(files(plan)["alerts/rules.yaml"])
    for rule in document["groups"][0]["rules"]:
        rule["for"] = "0s"
    path.write_text(yaml.safe_dump(document))
    return path


@contextmanager
def _stopped_and_followed(folder: Path) -> Iterator[tuple[list[Plan], list[int], httpx.Client]]:
    """Two plans with their ports and their service: only the writer of one still runs."""
    desks = []
    for name, age_ms in ((STOPPED, 3 * HOUR_MS), (FOLLOWED, 0)):
        plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name=name)
        desk = Desk(folder, plan, f"{name}.json")
        (folder / f"{name}.jsonl").write_text(json.dumps(row("a", 1, ts=now_ms() - age_ms)) + "\n")
        desk.write(folder / f"{name}.jsonl")
        desks.append(desk)
    port = free_port()
    events = folder / "new.jsonl"
    events.write_text(json.dumps(row("a", 2, ts=now_ms())) + "\n")
    with (
        following(desks[1], "--events", events, "--metrics", str(port)),
        serving([desk.plan for desk in desks], desks[0].store) as client,
    ):
        ports = [port, client.base_url.port or 0]
        yield [load_plan(desk.plan) for desk in desks], ports, client


def _fires(server: Prometheus, client: httpx.Client, expected: set[Alert]) -> bool:
    """Ask for features once more, and whether all alerts fire by now."""
    path = f"/v1/features/groupby/{STOPPED}?quality=true"
    assert client.post(path, json=[{"k": "a"}]).status_code == 200
    return server.firing() >= expected


def test_alerts_fire_for_what_is_sick_alone(tmp_path: Path) -> None:
    """All five warn and page for numbers that miss every service level.

    Of a real service and writers, the plan whose writer has stopped is stale and lacks tiles.
    """
    (plan,) = compile_paths([CASES / "quick_start.py"]).plans
    shown = [plan.model_copy(update={"name": name}) for name in GROWTH]
    with _exporter() as port, _stopped_and_followed(tmp_path) as (real, ports, client):
        rules = [_at_once(one, tmp_path / f"{i}.yaml") for i, one in enumerate([*shown, *real])]
        document = yaml.safe_load(rules[0].read_text())
        names = {rule["alert"] for rule in document["groups"][0]["rules"]}
        expected = {(SICK, name, severity) for name in names for severity in SEVERITIES}
        assert len(expected) == 10
        stale = set(product([STOPPED], ABSENCES, SEVERITIES))
        with prometheus(tmp_path, rules, [port, *ports]) as server:
            wait_until(lambda: _fires(server, client, expected | stale), "the alerts of the sick")
            wait_until(lambda: server.has(TILES_WRITTEN.name, FOLLOWED), "the writer's numbers")
            firing = server.firing()
    # How quickly this machine answers is not asked: of real plans, only what they lack.
    assert {alert for alert in firing if alert[1] in ABSENCES or alert[0] in GROWTH} == (
        expected | stale
    )
