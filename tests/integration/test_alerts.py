"""A real Prometheus fires the generated alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import yaml

from support.cases import CASES
from support.prometheus import prometheus
from support.waiting import wait_until
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.metrics import METRICS, Metric
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets.alerts import files

SICK, WELL = 'sick "plan"', "well"
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


def test_alerts_of_a_sick_plan_fire_and_those_of_a_healthy_one_do_not(tmp_path: Path) -> None:
    """All five warn and page for the plan that misses every service level."""
    (plan,) = compile_paths([CASES / "quick_start.py"]).plans
    rules = [
        _at_once(plan.model_copy(update={"name": name}), tmp_path / f"{number}.yaml")
        for number, name in enumerate(GROWTH)
    ]
    names = {rule["alert"] for rule in yaml.safe_load(rules[0].read_text())["groups"][0]["rules"]}
    expected = {(SICK, name, severity) for name in names for severity in ("warn", "page")}
    assert len(expected) == 10
    with _exporter() as port, prometheus(tmp_path, rules, port) as server:
        wait_until(lambda: server.firing() >= expected, "the alerts of the sick plan")
        assert server.firing() == expected
