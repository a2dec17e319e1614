"""A real job's metrics, as Flink's reporter for Prometheus shows them."""

from __future__ import annotations

import re
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.flink import Job, await_that, python, stop, to_lines
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.servers import free_port
from support.session import SCHEMA, row
from tilewright import Operation


def _reporter() -> str:
    """The jar of the reporter, which comes with Flink."""
    (jar,) = Path(python()).parents[1].glob("lib/*/site-packages/pyflink/plugins/*/*-prometheus-*")
    return str(jar)


def _reported(port: int, metric: str) -> float:
    """The sum of what a plan's job has counted, and 0 before it answers."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        line = rf'_tilewright_plan_{metric}\{{.*plan="things".*\}} (\S+)'
        return sum(map(float, re.findall(line, answer.read().decode())))
    return 0.0


@pytest.mark.nightly
def test_a_job_reports_what_it_puts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the specification's names, with the plan as a label; late events that were taken too."""
    port = free_port()
    monkeypatch.setenv("HADOOP_CLASSPATH", _reporter())
    job = Job(
        tmp_path,
        plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM])),
        metrics_reporters="prom",
        metrics_reporter_prom_factory_class=(
            "org.apache.flink.metrics.prometheus.PrometheusReporterFactory"
        ),
        metrics_reporter_prom_port=str(port),
    )
    events = tmp_path / "events"
    events.mkdir()
    _add(events / "in-time.jsonl", [row("a", 1)])
    running = job.start("--store", f"lmdb:{tmp_path}/s", "--events", events, "--follow")
    try:
        await_that(lambda: _reported(port, "tiles_written") > 0, running)
        assert _reported(port, "late_events_processed") == 0
        late, too_late = AT - 6 * MINUTE, AT - HOUR
        rows = [row(k, 1, ts=ts) for k, ts in (("a", late), ("b", late), ("b", too_late))]
        _add(events / "late.jsonl", rows)
        await_that(lambda: _reported(port, "late_events_processed") == 2, running)
    finally:
        stop(running)


def _add(path: Path, rows: list[dict[str, Any]]) -> None:
    """Put a file into a folder that is followed, as a whole."""
    whole = path.parent.parent / path.name
    to_lines(rows, whole)
    whole.rename(path)
