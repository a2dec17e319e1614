"""The plan of the clicks, and features counted by hand."""

from pathlib import Path
from typing import Any

from tilewright_runtime.testing import CompilePlans, FeaturesOf

CLICKS = Path(__file__).parents[1] / "data" / "clicks.csv"


def test_plan(compile_plans: CompilePlans, plan_snapshot: Any) -> None:
    """Read what changed, then renew it with `pytest --snapshot-update`."""
    assert compile_plans("features")["clicks.user_clicks"] == plan_snapshot


def test_features(compile_plans: CompilePlans, features_of: FeaturesOf) -> None:
    """At noon ann has spent 6 in an hour.

    In the last day it was 14; free clicks do not count.
    """
    plan = compile_plans("features")["clicks.user_clicks"]
    assert features_of(plan, CLICKS, {"user_id": "ann"}, at="2024-01-04T12:00:00Z") == {
        "amount_sum_1h": 6.0,
        "amount_sum_1d": 14.0,
        "amount_count_1h": 2,
        "amount_count_1d": 4,
        "amount_max_1d": 5.0,
    }


def test_nobody(compile_plans: CompilePlans, features_of: FeaturesOf) -> None:
    """A user without clicks counts 0 and has no sum."""
    plan = compile_plans("features")["clicks.user_clicks"]
    found = features_of(plan, CLICKS, {"user_id": "nobody"}, at="2024-01-04T12:00:00Z")
    assert (found["amount_count_1d"], found["amount_sum_1d"], found["amount_max_1d"]) == (
        0,
        None,
        None,
    )
