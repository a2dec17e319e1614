"""Columns of sources: what a plan takes of them."""

from __future__ import annotations

from support.plans import aggregations, plan_of
from tilewright import Operation


def test_a_plan_has_only_the_columns_that_something_reads() -> None:
    """A column that is declared and not used is none that events need."""
    schema = {"k": "string", "n": "bigint", "unused": "string"}
    plan = plan_of(schema, ["k"], aggregations("n", [Operation.SUM]))
    assert [column.name for column in plan.sources[0].columns] == ["k", "n", "ts"]
