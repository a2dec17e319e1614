"""A real job's metrics, as Flink's reporter for Prometheus shows them."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from support.flink import Job, await_that, python, stop
from support.plans import aggregations, plan_of
from support.servers import free_port
from support.session import SCHEMA, row
from tilewright import Operation


def _reporter() -> str:
    """The jar of the reporter, which comes with Flink."""
    (jar,) = Path(python()).parents[1].glob("lib/*/site-packages/pyflink/plugins/*/*-prometheus-*")
    return str(jar)


@pytest.mark.nightly
def test_a_job_reports_what_it_puts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the specification's names, with the plan as a label."""
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
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.jsonl").write_text(json.dumps(row("a", 1)) + "\n")
    running = job.start(
        "--store", f"lmdb:{tmp_path}/s", "--events", tmp_path / "events", "--follow"
    )

    def is_reported() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            said = re.findall(
                r'_tilewright_plan_tiles_written\{.*plan="things".*\} (\S+)', answer.read().decode()
            )
            return any(float(number) > 0 for number in said)
        return False

    try:
        await_that(is_reported, running)
    finally:
        stop(running)
