"""The plan of the clicks is the reviewed one, and their features are what a person counts."""

from pathlib import Path
from typing import Any

from tilewright_runtime.testing import CompilePlans, FeaturesOf

CLICKS = Path(__file__).parents[1] / "data" / "clicks.csv"


def test_plan(compile_plans: CompilePlans, plan_snapshot: Any) -> None:
    """Read what changed in the plan, then renew it with `pytest --snapshot-update`."""
    assert compile_plans("features")["clicks.user_clicks"] == plan_snapshot


def test_features(compile_plans: CompilePlans, features_of: FeaturesOf) -> None:
    """At noon ann has spent 6 in the last hour and 14 in the last day; free clicks do not count."""
    plan = compile_plans("features")["clicks.user_clicks"]
    assert features_of(plan, CLICKS, {"user_id": "ann"}, at="2024-01-04T12:00:00Z") == {
        "amount_sum_1h": 6.0,
        "amount_sum_1d": 14.0,
        "amount_count_1h": 2,
        "amount_count_1d": 4,
        "amount_max_1d": 5.0,
    }


def test_nobody(compile_plans: CompilePlans, features_of: FeaturesOf) -> None:
    """A user without clicks has counts of 0, and no sum and no maximum."""
    plan = compile_plans("features")["clicks.user_clicks"]
    found = features_of(plan, CLICKS, {"user_id": "nobody"}, at="2024-01-04T12:00:00Z")
    assert (found["amount_count_1d"], found["amount_sum_1d"], found["amount_max_1d"]) == (
        0,
        None,
        None,
    )
