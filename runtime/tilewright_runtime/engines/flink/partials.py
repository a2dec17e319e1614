"""Tiles as a stream engine hands them over, to rows of tiles: keys in their types, and states made
of lists of values.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from tilewright_compiler.plan.model import Plan, State
from tilewright_compiler.plan.types import decimal_scale, family
from tilewright_compiler.quoting import quoted
from tilewright_compiler.states import fields_of, state_types
from tilewright_compiler.tile_sql.partials import handed_fields, handed_over, listed_inputs

from ...session import open_session

_ARROW = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string()}


class Finisher:
    """Makes rows of tiles, with the columns that `TileRows` takes, of the columns of
    `handover.handed_over`.
    """

    def __init__(self, plan: Plan) -> None:
        self.schema = pa.schema(
            [
                (
                    column.name,
                    pa.list_(_ARROW[column.storage]) if column.is_list else _ARROW[column.storage],
                )
                for column in handed_over(plan)
            ]
        )
        self._query = _query(plan)
        self._connection = open_session()

    def finish(self, handed: pa.Table) -> pa.Table:
        """One row of a tile for each that was handed over, in any order."""
        self._connection.register(
            "handed", handed.append_column("__row", pa.array(range(len(handed)), pa.int64()))
        )
        try:
            return self._connection.sql(self._query).to_arrow_table()
        finally:
            self._connection.unregister("handed")


def _query(plan: Plan) -> str:
    kept = [
        f"{_restored(quoted(f'key:{key.name}'), key.type)} AS {quoted(f'key:{key.name}')}"
        for key in plan.keys
    ]
    kept += [quoted(name) for name in ("__start", "__events", "__newest")]
    kept += [f"{sql} AS {quoted(name)}" for state in plan.states for name, sql in _taken(state)]
    relations = ["handed"]
    for place, name in enumerate(listed_inputs(plan)):
        states = [
            state for state in plan.states if state.input == name and not handed_fields(state)
        ]
        relation = f"input_{place}"
        kept += [
            f"{relation}.{quoted(f'{state.id}.{field}')}"
            for state in states
            for field, _ in _fields(state)
        ]
        relations.append(f'LEFT JOIN ({_listed(plan, name, states)}) AS {relation} USING ("__row")')
    return f"SELECT {', '.join(kept)} FROM {' '.join(relations)}"


def _taken(state: State) -> Iterable[tuple[str, str]]:
    """The numbers and texts of a state, of those that were handed over."""
    handed = {field.name: quoted(f"{state.id}.{field.name}") for field in handed_fields(state)}
    templates = state_types()[state.kind].taken(state)
    names = [name for name, _ in _fields(state) if name in handed]
    return [
        (f"{state.id}.{name}", templates.get(name, f"{{{name}}}").format(**handed))
        for name in names
    ]


def _listed(plan: Plan, name: str, states: Iterable[State]) -> str:
    """The states of an input, made by the same SQL that the embedded writer runs, with an event for
    each value.
    """
    kind, is_timed = listed_inputs(plan)[name]
    times = f', unnest({quoted(f"times:{name}")}) AS "__ts"' if is_timed else ""
    events = f'SELECT "__row", unnest({quoted(f"values:{name}")}) AS "__value"{times} FROM handed'
    restored = f"SELECT *, {_restored(quoted('__value'), kind)} AS {quoted(name)} FROM ({events})"
    made = ", ".join(
        f"{sql} AS {quoted(f'{state.id}.{field}')}"
        for state in states
        for field, sql in _fields(state)
    )
    return f'SELECT "__row", {made} FROM ({restored}) GROUP BY "__row"'


def _fields(state: State) -> list[tuple[str, str]]:
    return [
        (field.name, field.sql)
        for field in fields_of(state, quoted(state.input))
        if field.sql is not None
    ]


def _restored(stored: str, kind: str) -> str:
    """What a tile keeps of a value as the value, in its own type."""
    match family(kind):
        case "boolean":
            return f"{stored} <> 0"
        case "date":
            return f"DATE '1970-01-01' + CAST({stored} AS INTEGER)"
        case "timestamp":
            return f"CAST(make_timestamptz({stored}) AS {kind})"
        case "decimal":
            scale = decimal_scale(kind)
            return (
                f"CAST(CAST({stored} AS DECIMAL(19,0)) * CAST('1e-{scale}' AS "
                f"DECIMAL({scale + 1},{scale})) AS {kind})"
            )
    return f"CAST({stored} AS {kind})"
