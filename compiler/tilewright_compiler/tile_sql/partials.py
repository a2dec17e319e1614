"""How a stream engine hands tiles over: what its SQL can add up as numbers, and the values of the
rest as lists.

Few engines have SQL for sketches, moments or the last value by event time. Such a state is handed
over as the values of its column, and of those that need it the times, once for all states of the
column; the runtime makes the state of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..plan.model import Plan, State
from ..plan.types import family
from ..states import HandedField, state_types


@dataclass(frozen=True)
class Handed:
    """A column that is handed over: a number or text of one state, or the list of an input's values
    or their times.

    `storage` is BIGINT, DOUBLE or VARCHAR; null values stand for a tile without values.
    """

    name: str
    storage: str
    is_list: bool = False


def stored_type(duckdb_type: str) -> str:
    """What a value of a type is handed over as: as a tile keeps it."""
    return {"float": "DOUBLE", "text": "VARCHAR"}.get(family(duckdb_type) or "", "BIGINT")


def handed_over(plan: Plan) -> list[Handed]:
    """The columns of a tile, in their order: keys, `__start`, `__events`, `__newest`, numbers of
    states, lists of inputs.
    """
    columns = [Handed(f"key:{key.name}", stored_type(key.type)) for key in plan.keys]
    columns += [Handed(name, "BIGINT") for name in ("__start", "__events", "__newest")]
    columns += [
        Handed(f"{state.id}.{field.name}", field.storage)
        for state in plan.states
        for field in handed_fields(state)
    ]
    for name, (kind, is_timed) in listed_inputs(plan).items():
        columns.append(Handed(f"values:{name}", stored_type(kind), is_list=True))
        if is_timed:
            columns.append(Handed(f"times:{name}", "BIGINT", is_list=True))
    return columns


def handed_fields(state: State) -> list[HandedField]:
    """The numbers and texts of a state that SQL makes; none where values are handed over as a
    list.
    """
    made = state_types()[state.kind].handed
    return [] if made is None else made(state)


def listed_inputs(plan: Plan) -> dict[str, tuple[str, bool]]:
    """The inputs whose values are handed over, with their types and whether their times are too."""
    listed = [state for state in plan.states if state_types()[state.kind].handed is None]
    timed = {state.input for state in listed if state_types()[state.kind].is_timed}
    return {state.input: (state.type, state.input in timed) for state in listed}
