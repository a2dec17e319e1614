"""What the parts of a plan must have in common, broken one by one."""

from __future__ import annotations

from typing import Any

import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.verify.references import check_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Compile one feature over two levels, and a derivation of it."""
    sums = aggregations("n", [Operation.SUM], windows=["1h", "7d"])
    return plan_of(
        {"k": "string", "n": "bigint"}, ["k"], sums, derivations={"twice": "n_sum_1h * 2"}
    )


def changed(part: Any, **fields: Any) -> list[Any]:
    """Change fields of the first of some parts."""
    return [part[0].model_copy(update=fields), *part[1:]]


def test_a_compiled_plan_is_sound(plan: Plan) -> None:
    """Nothing is wrong with what the compiler writes."""
    check_plan(plan)


def test_a_name_is_there_once(plan: Plan) -> None:
    """The part and the name are in the message."""
    twice = plan.model_copy(update={"keys": [*plan.keys, *plan.keys]})
    with pytest.raises(ValueError, match="keys: 'k' is there 2 times"):
        check_plan(twice)


def test_levels_divide_each_other(plan: Plan) -> None:
    """A cover of tiles that overlap would count some events twice."""
    odd = changed(plan.levels, size_ms=plan.levels[1].size_ms + 1_000)
    with pytest.raises(ValueError, match=r"levels: \d+ ms does not divide \d+ ms"):
        check_plan(plan.model_copy(update={"levels": odd}))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"states": ["nosuch"]}, "n_sum_1h is computed from 'nosuch', which is no state"),
        ({"operation": "NOSUCH"}, r"NOSUCH\(.*\) is no operation"),
        ({"params": {"k": 3}}, "SUM has other parameters than"),
        ({"operation": "MIN"}, "n_sum_1h is computed from other states than MIN"),
        ({"type": "VARCHAR"}, "n_sum_1h is a VARCHAR, not a "),
        ({"levels_ms": [7_000]}, "n_sum_1h has levels that the plan lacks"),
        ({"edge": "exact"}, "n_sum_1h is exact, and no raw events are kept"),
        ({"default": "a text"}, "n_sum_1h has no default of its type"),
    ],
)
def test_a_feature_fits_the_rest(plan: Plan, fields: dict[str, Any], problem: str) -> None:
    """It is computed from states of its column, over levels that there are."""
    features = changed(plan.features, **fields)
    with pytest.raises(ValueError, match=f"features: {problem}"):
        check_plan(plan.model_copy(update={"features": features}))


def test_a_feature_has_all_parameters_of_its_operation() -> None:
    """Those that an author may leave out stand in the plan too."""
    plan = plan_of(
        {"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.HISTOGRAM(0)])
    )
    with pytest.raises(ValueError, match=r"features: HISTOGRAM has other parameters than \{\}"):
        check_plan(plan.model_copy(update={"features": changed(plan.features, params={})}))


def test_a_derivation_reads_features(plan: Plan) -> None:
    """What it reads must be computed before it."""
    derivations = changed(plan.derivations, features=["nosuch"])
    with pytest.raises(ValueError, match="twice reads 'nosuch', which is no feature"):
        check_plan(plan.model_copy(update={"derivations": derivations}))
