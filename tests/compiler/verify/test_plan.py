"""Plans that no compiler of this version could have written."""

from __future__ import annotations

from typing import Any

import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_compiler.verify.plan import verify_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Compile an average, which keeps a sum and a count."""
    return plan_of({"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.AVERAGE]))


def verify(plan: Plan, **parts: Any) -> None:
    """Verify the plan with other parts."""
    verify_plan(plan.model_copy(update=parts))


def test_a_compiled_plan_is_verified(plan: Plan) -> None:
    """What the compiler writes is what it could have written."""
    verify(plan)


def test_a_state_is_of_a_known_kind(plan: Plan) -> None:
    """A kind of another version is not guessed at."""
    unknown = plan.states[0].model_copy(update={"id": "other", "kind": "nosuch"})
    with pytest.raises(ValueError, match="states: 'nosuch' is no kind of state"):
        verify(plan, states=[*plan.states, unknown])


def test_records_hold_what_the_states_need(plan: Plan) -> None:
    """A record that lacks a number of a state cannot be read."""
    layout = plan.tile_layout
    cut = layout.model_copy(update={"columns": layout.columns[:-1]})
    with pytest.raises(ValueError, match="tile_layout: the columns are not those of the states"):
        verify(plan, tile_layout=cut)


def test_rows_of_tiles_come_in_one_order(plan: Plan) -> None:
    """Every engine's query gives the columns in the order that follows from the states."""
    with pytest.raises(ValueError, match="tile_columns: they are not those of the states"):
        verify(plan, tile_columns=plan.tile_columns[::-1])
