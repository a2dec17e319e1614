"""`--target dashboard`: a dashboard of Grafana."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.cases import CASES
from tilewright_compiler.compile import compile_paths
from tilewright_compiler.plan.metrics import CACHE_HIT_RATE, METRICS, TILES_PER_SECOND
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.targets.dashboard import files


def _dashboard(**changes: Any) -> dict[str, Any]:
    (plan,) = compile_paths([CASES / "quick_start.py"]).plans
    return _of(plan.model_copy(update=changes))


def _of(plan: Plan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files(plan)["dashboard/dashboard.json"])
    return document


def _questions(dashboard: dict[str, Any]) -> list[str]:
    return [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]


def test_every_metric_is_shown() -> None:
    """But for the two gauges that counters say better, over any time."""
    asked = " ".join(_questions(_dashboard()))
    left_out = {CACHE_HIT_RATE.name, TILES_PER_SECOND.name}
    assert {m.name for m in METRICS if m.name not in asked} == left_out


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "<script>"])
def test_a_name_is_data(name: str) -> None:
    """Whatever a plan is called, each question asks for that name as a literal."""
    literal = json.dumps(name)
    dashboard = _dashboard(name=name)
    assert dashboard["title"] == f"Tilewright: {name}"
    assert all(f"{{plan={literal}}}" in question for question in _questions(dashboard))


def test_panels_do_not_overlap() -> None:
    """Each has a place of its own on a grid of 24 columns."""
    places = [panel["gridPos"] for panel in _dashboard()["panels"]]
    cells = {(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in [p["y"]]}
    assert len(cells) == sum(place["w"] for place in places)
    assert max(x for x, _ in cells) == 23


def test_dashboards_of_plans_have_identities_of_their_own() -> None:
    """One that is provisioned again takes the place of itself, and of no other."""
    one, other = _dashboard(name="a"), _dashboard(name="b")
    assert one["uid"] == _dashboard(name="a")["uid"] != other["uid"]
    assert len(one["uid"]) <= 40


def test_service_levels_are_drawn() -> None:
    """The limit of the time of a fetch is that of the configuration: 10 ms."""
    (panel,) = [p for p in _dashboard()["panels"] if p["title"] == "Time of a fetch"]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.01]
    assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "dashed"}
