"""What the compiler knows of a kind of state: what it keeps in a tile, and the SQL that makes it on
each engine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from ..plan.model import Column, Dtype, FixedColumn, State, VariableField
from ..plan.script import PhysicalType

if TYPE_CHECKING:
    from ..sql.dialects import SqlDialect

#: The column of an event's time, in milliseconds.
TIME = "__ts"

#: A typical length of a text, and how many values a list that keeps at most k has at most in most
#: tiles.
TEXT_BYTES, _TYPICAL_ENTRIES = 16, 64


@dataclass(frozen=True)
class Field:
    """One number or one run of bytes of a state, and the aggregate that makes it in DuckDB SQL."""

    name: str
    dtype: Dtype | None
    """None for bytes of changing length."""
    merge: str | None
    """How two of it become one: `add`, `min` or `max`, or the name of a merge that the runtime's
    file of the kind has.
    """
    sql: str | None
    """None for a number that the runtime makes from a field of the state that is not kept."""
    kept: bool = True


@dataclass(frozen=True)
class PartialField:
    """A number or text of a state that a stream engine's SQL makes by itself."""

    name: str
    type: PhysicalType
    flink: str
    """The aggregate in Flink SQL: a template over `{x}`, the value as a tile keeps it, and
    `{is_nan}`, whether a float is NaN.
    """


@dataclass(frozen=True)
class StateType:
    """One kind of state."""

    fields: Callable[[str, str], list[Field]]
    """What it keeps of a (quoted) column of a type."""
    warehouse: Callable[[SqlDialect, str, State], list[str]]
    """The aggregates of a dialect for a (quoted) column: one for each field that has one in DuckDB,
    in that order.

    What a dialect has no function for is a list of the values, from which the runtime makes it.
    """
    partial_fields: Callable[[State], list[PartialField]] | None = None
    """What a stream engine makes of it; None where it collects the values instead."""
    finish: Callable[[State], Mapping[str, str]] = lambda state: {}
    """Fields that are not the partial of their name: DuckDB SQL, a template over all partials."""
    is_timed: bool = False
    """Whether it depends on the times of the values, so that those are collected too."""
    variable_bytes: Callable[[State], int] = lambda state: TEXT_BYTES
    """The typical size of its field of changing length, if it has one."""


def entries_bytes(entry: int) -> Callable[[State], int]:
    """The typical size of a list of at most k entries of so many bytes."""
    return lambda state: entry * min(int(state.params["k"]), _TYPICAL_ENTRIES)


def listed(column: str, value: str) -> str:
    """DuckDB SQL for a list of values of a column, without nulls."""
    return f"list({value}) FILTER (WHERE {column} IS NOT NULL)"


@cache
def state_types() -> dict[str, StateType]:
    """All kinds by their names: the `KINDS` of each module of the package `states`."""
    package = importlib.import_module(f"{__package__}.kinds")
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in iter_modules(package.__path__)
    ]
    return {name: kind for module in modules for name, kind in module.KINDS.items()}


def fields_of(state: State, column: str) -> list[Field]:
    """What a state keeps of its column, as SQL names it."""
    return state_types()[state.kind].fields(column, state.type)


def tile_columns(keys: Sequence[Column], states: Sequence[State]) -> list[str]:
    """The columns of a row of a tile, in the order in which every engine's query gives them."""
    made = (
        (state, field)
        for state in states
        for field in fields_of(state, "x")
        if field.sql is not None
    )
    return [
        *(f"key:{key.name}" for key in keys),
        "__start",
        "__events",
        "__newest",
        *(f"{state.id}.{field.name}" for state, field in made),
    ]


#: The merges of single numbers, which numpy has functions for.
_PLAIN = ("add", "min", "max")


def lay_out(states: list[State]) -> tuple[list[FixedColumn], list[VariableField]]:
    """The columns of a record in order: equal merges of one type side by side, so that one numpy
    call merges them all.
    """
    fixed: list[FixedColumn] = []
    variable: list[VariableField] = []
    for state in states:
        for field in filter(lambda field: field.kept, fields_of(state, f'"{state.input}"')):
            if field.dtype is None or field.merge is None:
                variable.append(VariableField(state=state.id, field=field.name))
            else:
                fixed.append(
                    FixedColumn(
                        state=state.id, field=field.name, dtype=field.dtype, merge=field.merge
                    )
                )
    fixed.sort(key=_place)
    return fixed, variable


def _place(column: FixedColumn) -> tuple[int, str]:
    # Only the plain merges are sorted by type: a first or last keeps its time and its value
    # together, moments all of theirs.
    return (
        (_PLAIN.index(column.merge), column.dtype)
        if column.merge in _PLAIN
        else (len(_PLAIN), column.merge)
    )
