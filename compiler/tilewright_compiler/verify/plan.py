"""Whether this version could have written a plan."""

from __future__ import annotations

from ..plan.layout import FixedColumn, VariableField
from ..plan.model import Plan, State
from ..states import lay_out, state_type, tile_columns
from ..tile_sql.partials import partials_of
from .references import check_plan


def verify_plan(plan: Plan) -> None:
    """Require that the parts of a plan fit each other.

    Raises ValueError if they do not. A fingerprint says whether a plan was edited, but anyone can
    compute one. So whatever runs a plan relies on this: every reference is to something, states are
    of known kinds, and records are laid out as those kinds need it. The SQL is not checked here.
    """
    check_plan(plan)
    for state in plan.states:
        if state_type(state.kind) is None:
            raise ValueError(f"states: {state.kind!r} is no kind of state")
    layout = plan.tile_layout
    _check_layout("tile_layout", (layout.columns, layout.variable), _of_bucket(plan, None))
    for bucket in layout.buckets:
        states = _of_bucket(plan, bucket.column)
        _check_layout(f"tile_layout of {bucket.column}", (bucket.columns, bucket.variable), states)
    columns = tile_columns(plan.keys, _of_bucket(plan, None)) if plan.levels else []
    if plan.tile_columns != columns:
        raise ValueError("tile_columns: they are not those of the states")
    if plan.partials is not None:
        partials = partials_of(plan.keys, plan.states)
        if partials is None or plan.partials.columns != partials.columns:
            raise ValueError("partials: the columns are not those of the states")


def _of_bucket(plan: Plan, bucket: str | None) -> list[State]:
    return [state for state in plan.states if state.bucket == bucket]


def _check_layout(
    what: str, layout: tuple[list[FixedColumn], list[VariableField]], states: list[State]
) -> None:
    if layout != lay_out(states):
        raise ValueError(f"{what}: the columns are not those of the states")
