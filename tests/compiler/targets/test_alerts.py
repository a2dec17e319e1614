"""`--target alerts`: rules that Prometheus takes, and when they fire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cases import CASES
from support.prometheus import promtool
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.frontend.config import Config
from tilewright_compiler.plan.metrics import METRICS
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets.alerts import files

PLAN = "clicks.by_user"


def _plan(name: str = "quick_start", **monitoring: float) -> Plan:
    config = Config.model_validate({"monitoring": monitoring})
    (plan,) = compile_paths([CASES / f"{name}.py"], config).plans
    return plan.model_copy(update={"name": PLAN})


def _rules(plan: Plan) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(files(plan)["alerts/rules.yaml"])["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def _limits(plan: Plan) -> dict[tuple[str, str], str]:
    """What each rule compares its figure with."""
    return {
        (rule["alert"], rule["labels"]["severity"]): rule["expr"].rpartition(" > ")[2]
        for rule in _rules(plan)
    }


@pytest.mark.parametrize("name", ["quick_start", "untiled", "exact"])
def test_prometheus_takes_the_rules(name: str, tmp_path: Path) -> None:
    """Its own tool finds five alerts with two steps each."""
    (tmp_path / "rules.yaml").write_text(files(_plan(name))["alerts/rules.yaml"])
    assert "SUCCESS: 10 rules found" in promtool("check", "rules", str(tmp_path / "rules.yaml"))


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "{{ $x }}", "é: # x", "a'b"])
def test_a_name_is_data(name: str, tmp_path: Path) -> None:
    """Whatever a plan is called, the rules are rules, and ask for that name."""
    plan = _plan().model_copy(update={"name": name})
    (tmp_path / "rules.yaml").write_text(files(plan)["alerts/rules.yaml"], encoding="utf-8")
    assert "SUCCESS: 10 rules found" in promtool("check", "rules", str(tmp_path / "rules.yaml"))


@pytest.mark.parametrize(
    "name", [PLAN, 'a"b', "a\\b", "a\nb", "{{ $x }}", "a'b", "- x: # y", "\a\t", "😀"]
)
def test_libyaml_changes_no_byte(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not installed the files are the same."""
    plan = _plan().model_copy(update={"name": name})
    written = files(plan)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert files(plan) == written


def test_every_rule_asks_for_metrics_that_exist() -> None:
    """Errata R8: each name is one that a process registers, or a part of a histogram."""
    known = {metric.name for metric in METRICS}
    parts = {f"{name}{part}" for name in known for part in ("_bucket", "_sum", "_count")}
    for rule in _rules(_plan()):
        asked = {word.partition("{")[0] for word in rule["expr"].replace("(", " ").split()}
        names = {word for word in asked if word.startswith("tilewright_")}
        assert names
        assert names <= known | parts


def test_the_limits_are_those_of_the_configuration() -> None:
    """Milliseconds become seconds; the newest tile of 5m and 2 s for its write may be stale."""
    limits = _limits(_plan(tile_fetch_sla=20, tile_write_sla=2000, missing_tile_threshold=0.03))
    assert limits == {
        ("high_tile_fetch_latency", "warn"): "0.02",
        ("high_tile_fetch_latency", "page"): "0.04",
        ("missing_tiles_high", "warn"): "0.03",
        ("missing_tiles_high", "page"): "0.15",
        ("tile_write_failures", "warn"): "0.006",
        ("tile_write_failures", "page"): "0.03",
        ("high_tile_write_latency", "warn"): "2",
        ("high_tile_write_latency", "page"): "4",
        ("tiles_stale", "warn"): "302",
        ("tiles_stale", "page"): "604",
    }


def test_a_group_by_says_how_stale_it_may_be() -> None:
    """The page comes at `max_staleness`, the warning at half of it."""
    plan = _plan()
    serving = plan.serving.model_copy(update={"max_staleness_ms": 60_000})
    limits = _limits(plan.model_copy(update={"serving": serving}))
    assert (limits["tiles_stale", "warn"], limits["tiles_stale", "page"]) == ("30", "60")


#: Of 100 fetches a minute 98 take up to 10 ms, and 2 up to 25: the 99th is half way, at 17.5 ms.
_SLOW = """\
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {{series: '{metric}{{plan="{plan}", le="0.01"}}', values: "0+98x30"}}
      - {{series: '{metric}{{plan="{plan}", le="0.025"}}', values: "0+100x30"}}
      - {{series: '{metric}{{plan="{plan}", le="+Inf"}}', values: "0+100x30"}}
    alert_rule_test:
      - {{eval_time: 5m, alertname: high_tile_fetch_latency, exp_alerts: []}}
      - eval_time: 15m
        alertname: high_tile_fetch_latency
        exp_alerts:
          - exp_labels: {{severity: warn, plan: "{plan}"}}
            exp_annotations:
              summary: "{plan}: one fetch in a hundred takes longer than it should"
              description: "It is 17.5ms; the limit is 0.01 seconds."
              remedy: "Look at the cache's hit rate, the tiles per request and the store."
"""


def test_a_limit_is_exceeded_for_a_while_before_it_warns(tmp_path: Path) -> None:
    """Not after five minutes, but after ten; below twice the limit nobody is paged."""
    (tmp_path / "rules.yaml").write_text(files(_plan())["alerts/rules.yaml"])
    metric = "tilewright_tile_fetch_latency_seconds_bucket"
    (tmp_path / "test.yaml").write_text(_SLOW.format(metric=metric, plan=PLAN))
    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "test.yaml"))
