"""A stream engine's partial tiles, and SQL that finishes them.

Few engines have SQL for sketches, moments or the last value by event time. Of such a state the
engine collects the values of its column, and where it needs them the times, once for all states of
the column; `finish_sql` makes the states of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..plan.model import Column, State
from ..plan.script import PartialColumn, Partials
from ..plan.types import decimal_scale, family, physical_type
from ..quoting import quoted
from ..states import PartialField, fields_of, kind_of


def partials_of(keys: Sequence[Column], states: Sequence[State]) -> Partials | None:
    """Lay out the partials of tiles.

    None where states are of lists or by bucket.
    """
    if any(state.many or state.bucket is not None for state in states):
        return None
    return Partials(columns=_columns(keys, states), finish_sql=_finish_sql(keys, states))


def partial_fields(state: State) -> list[PartialField]:
    """List the parts of a state that SQL makes.

    They are numbers and texts; there are none where values are collected.
    """
    return kind_of(state).partial_fields(state)


def collected_inputs(states: Sequence[State]) -> dict[str, tuple[str, bool]]:
    """Give the inputs whose values are collected.

    Each has its type, and whether its times are collected too.
    """
    collected = [state for state in states if not partial_fields(state)]
    timed = {state.input for state in collected if kind_of(state).is_timed}
    return {state.input: (state.type, state.input in timed) for state in collected}


def _columns(keys: Sequence[Column], states: Sequence[State]) -> list[PartialColumn]:
    columns = []
    for key in keys:
        of_key = PartialColumn(name=f"key:{key.name}", type=physical_type(key.type), is_list=False)
        columns.append(of_key)
    for name in ("__start", "__events", "__newest"):
        columns.append(PartialColumn(name=name, type="BIGINT", is_list=False))
    for state in states:
        for field in partial_fields(state):
            name = f"{state.id}.{field.name}"
            columns.append(PartialColumn(name=name, type=field.type, is_list=False))
    for name, (kind, is_timed) in collected_inputs(states).items():
        of_values = PartialColumn(name=f"values:{name}", type=physical_type(kind), is_list=True)
        columns.append(of_values)
        if is_timed:
            columns.append(PartialColumn(name=f"times:{name}", type="BIGINT", is_list=True))
    return columns


def _finish_sql(keys: Sequence[Column], states: Sequence[State]) -> str:
    columns = []
    for key in keys:
        name = quoted(f"key:{key.name}")
        columns.append(f"{_from_physical(name, key.type)} AS {name}")
    columns += [quoted(name) for name in ("__start", "__events", "__newest")]
    for state in states:
        columns += _finished(state)
    relations = ["FROM partials"]
    for index, (name, (kind, is_timed)) in enumerate(collected_inputs(states).items()):
        relation = f"input_{index}"
        fields = _fields([s for s in states if s.input == name and not partial_fields(s)])
        columns += [f"{relation}.{quoted(field)}" for field in fields]
        query = _of_values(name, kind, is_timed, fields)
        relations.append(f'LEFT JOIN (\n{query}\n) AS {relation} USING ("__row")')
    return "SELECT\n  " + ",\n  ".join(columns) + "\n" + "\n".join(relations)


def _finished(state: State) -> list[str]:
    """Make a state's numbers and texts of its partials."""
    partials = {field.name: quoted(f"{state.id}.{field.name}") for field in partial_fields(state)}
    templates = kind_of(state).finish(state)
    columns = []
    for field in fields_of(state, quoted(state.input)):
        if field.name in partials:
            template = templates.get(field.name, f"{{{field.name}}}")
            name = quoted(f"{state.id}.{field.name}")
            columns.append(f"{template.format(**partials)} AS {name}")
    return columns


def _fields(states: Sequence[State]) -> dict[str, str]:
    """The SQL of the fields of states by their columns."""
    fields = {}
    for state in states:
        for field in fields_of(state, quoted(state.input)):
            if field.sql is not None:
                fields[f"{state.id}.{field.name}"] = field.sql
    return fields


def _of_values(name: str, kind: str, is_timed: bool, fields: Mapping[str, str]) -> str:
    """Write the states of an input from collected values.

    It is the SQL that the embedded writer runs, with an event for each value.
    """
    unnested = ['"__row"', f'unnest({quoted(f"values:{name}")}) AS "__value"']
    if is_timed:
        unnested.append(f'unnest({quoted(f"times:{name}")}) AS "__ts"')
    values = f"SELECT {', '.join(unnested)} FROM partials"
    value = f"{_from_physical(quoted('__value'), kind)} AS {quoted(name)}"
    columns = ['"__row"', *(f"{sql} AS {quoted(field)}" for field, sql in fields.items())]
    rows = f"FROM (SELECT *, {value} FROM ({values}))"
    return "\n".join(["SELECT", "  " + ",\n  ".join(columns), rows, 'GROUP BY "__row"'])


def _from_physical(value: str, duckdb_type: str) -> str:
    """Restore a value from what a tile keeps of it."""
    match family(duckdb_type):
        case "boolean":
            return f"{value} <> 0"
        case "date":
            return f"DATE '1970-01-01' + CAST({value} AS INTEGER)"
        case "timestamp":
            return f"CAST(make_timestamptz({value}) AS {duckdb_type})"
        case "decimal":
            scale = decimal_scale(duckdb_type)
            unit = f"CAST('1e-{scale}' AS DECIMAL({scale + 1},{scale}))"
            return f"CAST(CAST({value} AS DECIMAL(19,0)) * {unit} AS {duckdb_type})"
    return f"CAST({value} AS {duckdb_type})"
