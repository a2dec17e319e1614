"""How a stream engine hands tiles over: what its SQL can add up as numbers, and the values of the rest as lists.

Few engines have SQL for sketches, moments or the last value by event time. Such a state is handed over as the values of
its column, and of those that need it the times, once for all states of the column; the runtime makes the state of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .plan import Plan, State
from .states import family

#: Kinds whose states are not handed over as lists of values.
_SCALAR = {"count", "sum", "min", "max"}
#: Kinds that depend on the times of the values.
_TIMED = {"first", "last", "first_k", "last_k"}


@dataclass(frozen=True)
class Handed:
    """A column that is handed over: a number or text of one state, or the list of an input's values or their times.

    `storage` is BIGINT, DOUBLE or VARCHAR; null values stand for a tile without values.
    """

    name: str
    storage: str
    is_list: bool = False


def stored_type(duckdb_type: str) -> str:
    """What a value of a type is handed over as: as a tile keeps it."""
    return {"float": "DOUBLE", "text": "VARCHAR"}.get(family(duckdb_type) or "", "BIGINT")


def handed_over(plan: Plan) -> list[Handed]:
    """The columns of a tile, in their order: keys, `__start`, `__events`, `__newest`, numbers of states, lists of inputs."""
    columns = [Handed(f"key:{key.name}", stored_type(key.type)) for key in plan.keys]
    columns += [Handed(name, "BIGINT") for name in ("__start", "__events", "__newest")]
    columns += [Handed(f"{state.id}.{field}", storage) for state in plan.states for field, storage in scalar_fields(state)]
    for name, (kind, is_timed) in listed_inputs(plan).items():
        columns.append(Handed(f"values:{name}", stored_type(kind), is_list=True))
        if is_timed:
            columns.append(Handed(f"times:{name}", "BIGINT", is_list=True))
    return columns


def scalar_fields(state: State) -> list[tuple[str, str]]:
    """The numbers and texts of a state that SQL adds up, with their storage; none where values are handed over as a list."""
    storage = stored_type(state.type)
    match state.kind:
        case "count":
            return [("n", "BIGINT")]
        case "sum":
            return [("sum", "DOUBLE")] if storage == "DOUBLE" else [("hi", "BIGINT"), ("lo", "BIGINT")]
        case "max" if storage == "DOUBLE":
            # How many values are NaN, the largest number of all; few engines' MAX knows that.
            return [("value", storage), ("nan", "BIGINT")]
        case "min" | "max":
            return [("value", storage)]
    return []


def listed_inputs(plan: Plan) -> dict[str, tuple[str, bool]]:
    """The inputs whose values are handed over, with their types and whether their times are too."""
    listed = [state for state in plan.states if state.kind not in _SCALAR]
    timed = {state.input for state in listed if state.kind in _TIMED}
    return {state.input: (state.type, state.input in timed) for state in listed}
