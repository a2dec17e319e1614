"""Kinds of state: their fields, and their SQL everywhere."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from ..plan.layout import Dtype, FixedColumn, VariableField
from ..plan.model import Column, State
from ..plan.script import PhysicalType

if TYPE_CHECKING:
    from ..sql.dialects import SqlDialect

#: The column of an event's time, in milliseconds.
TIME = "__ts"

#: A typical length of a text, and how many values a list that keeps at most k has at most in most
#: tiles.
TEXT_BYTES, _TYPICAL_ENTRIES = 16, 64

#: The files of `kinds` that nearly every plan needs.
_COMMON = ("extremes", "sums")


class Field(NamedTuple):
    """A number or bytes of a state, with its aggregate.

    The aggregate makes it in DuckDB SQL.
    """

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


class PartialField(NamedTuple):
    """A part of a state that a stream engine aggregates.

    It is a number or a text.
    """

    name: str
    type: PhysicalType
    flink: str
    """The aggregate in Flink SQL: a template over `{x}`, the value as a tile keeps it, and
    `{is_nan}`, whether a float is NaN.
    """


class StateType:
    """One kind of state."""

    is_timed: ClassVar[bool] = False
    """Whether it depends on the times of the values, so that those are collected too."""

    def fields(self, column: str, duckdb_type: str) -> list[Field]:
        """Return what a tile keeps of a column.

        The column is quoted SQL of a type.
        """
        raise NotImplementedError

    def warehouse(self, dialect: SqlDialect, column: str, state: State) -> list[str]:
        """Write the aggregates of a dialect for a (quoted) column.

        There is one for each field that has one in DuckDB, in that order. What a dialect has no
        function for is a list of the values, from which the runtime makes it.
        """
        raise NotImplementedError

    def partial_fields(self, state: State) -> list[PartialField]:
        """Return what a stream engine aggregates by itself.

        Nothing where it collects the values instead.
        """
        return []

    def finish(self, state: State) -> Mapping[str, str]:
        """Return the fields that are not simply a partial.

        They are DuckDB SQL, a template over all partials.
        """
        return {}

    def variable_bytes(self, state: State) -> int:
        """Estimate the size of the field of changing length."""
        return TEXT_BYTES


def list_bytes(state: State, entry_bytes: int) -> int:
    """Estimate the size of a list of k entries.

    Each entry has so many bytes.
    """
    return entry_bytes * min(int(state.params["k"]), _TYPICAL_ENTRIES)


def listed(column: str, value: str) -> str:
    """Write SQL that lists a column without nulls.

    It is for DuckDB.
    """
    return f"list({value}) FILTER (WHERE {column} IS NOT NULL)"


def state_types() -> dict[str, StateType]:
    """Collect all kinds by name.

    They are in the table `KINDS` of each file of the package `kinds`.
    """
    kinds: dict[str, StateType] = {}
    for table in _tables():
        kinds |= table
    return kinds


@cache
def state_type(kind: str) -> StateType | None:
    """Find a kind by its name, if there is one.

    Files are imported one by one until it is found: a fetch needs few of them.
    """
    return next((table[kind] for table in _tables() if kind in table), None)


def _tables() -> Iterator[Mapping[str, StateType]]:
    package = importlib.import_module(f"{__package__}.kinds")
    for name in _files(package):
        yield importlib.import_module(f"{package.__name__}.{name}").KINDS


@cache
def _files(package: ModuleType) -> list[str]:
    """Name the files of kinds, the most needed first."""
    names = [module.name for module in iter_modules(package.__path__)]
    return sorted(names, key=lambda name: name not in _COMMON)


def kind_of(state: State) -> StateType:
    """Return the kind of a state of a checked plan."""
    kind = state_type(state.kind)
    assert kind is not None
    return kind


def fields_of(state: State, column: str) -> list[Field]:
    """Return what a state keeps of its column."""
    return kind_of(state).fields(column, state.type)


def tile_columns(keys: Sequence[Column], states: Sequence[State]) -> list[str]:
    """Name the columns of a row of a tile.

    They are in the order of every engine's query.
    """
    columns = [f"key:{key.name}" for key in keys]
    columns += ["__start", "__events", "__newest"]
    for state in states:
        for field in fields_of(state, "x"):
            if field.sql is not None:
                columns.append(f"{state.id}.{field.name}")
    return columns


#: The merges of single numbers, which numpy has functions for.
_PLAIN = ("add", "min", "max")


def lay_out(states: list[State]) -> tuple[list[FixedColumn], list[VariableField]]:
    """Order the columns of a record.

    Those with the same type and merge are neighbours, so that one numpy call merges them.
    """
    fixed: list[FixedColumn] = []
    variable: list[VariableField] = []
    for state in states:
        for field in fields_of(state, f'"{state.input}"'):
            if not field.kept:
                continue
            if field.dtype is None or field.merge is None:
                variable.append(VariableField(state=state.id, field=field.name))
            else:
                column = FixedColumn(
                    state=state.id, field=field.name, dtype=field.dtype, merge=field.merge
                )
                fixed.append(column)
    fixed.sort(key=_rank)
    return fixed, variable


def _rank(column: FixedColumn) -> tuple[int, str]:
    # Only the plain merges are sorted by type: a first or last keeps its time and its value
    # together, moments all of theirs.
    if column.merge in _PLAIN:
        return _PLAIN.index(column.merge), column.dtype
    return len(_PLAIN), column.merge
