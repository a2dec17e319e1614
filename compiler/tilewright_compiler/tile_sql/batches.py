"""DuckDB SQL that reads a batch of raw rows.

It gives the usable events, and why the others are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..draft import BoundSource
from ..plan.clocks import DUCKDB_LATEST
from ..plan.model import Column
from ..plan.types import element, family
from ..quoting import literal, quoted
from ..states import TIME
from .rules import (
    FIRST_DAY,
    LAST_DAY,
    LAST_MOMENT,
    OVERFLOW,
    ColumnRule,
    calendar,
    column_rules,
    event_cases,
    event_rules,
)

ROW, REASON = "__row", "__reason"
#: The two halves of the hash of an event's id.
ID_HIGH, ID_LOW = "__id_high", "__id_low"
_ID = "__id"

#: Years that an answer can show; DuckDB has others too, and infinite days.
_CALENDARS = {
    "date": f"DATE '{FIRST_DAY}' AND DATE '{LAST_DAY}'",
    "timestamp": f"TIMESTAMP '{FIRST_DAY}' AND TIMESTAMP '{LAST_MOMENT}'",
}


def read_batch(
    source: BoundSource,
    keys: Sequence[Column],
    columns: Sequence[Column],
    max_ahead_ms: int,
) -> str:
    """Write the statement that selects the events of `batch`.

    A refused event has its reason beside it.

    `columns` are the keys and inputs, in the types that all sources share.
    """
    typed = [f"batch.{quoted(ROW)}"]
    typed += [f"{_cast(source, name)} AS {quoted(name)}" for name in source.columns]
    selected = [quoted(ROW), _overflows(source, keys), f"TRY({source.time}) AS {quoted(TIME)}"]
    selected += [f"{_selected(source, column)} AS {quoted(column.name)}" for column in columns]
    names = [ROW, TIME, *(column.name for column in columns)]
    kept = [quoted(name) for name in names]
    if source.event_id is not None:
        selected.append(f"TRY(CAST({source.event_id} AS VARCHAR)) AS {quoted(_ID)}")
        kept.append(f"md5_number_upper({quoted(_ID)}) AS {quoted(ID_HIGH)}")
        kept.append(f"md5_number_lower({quoted(_ID)}) AS {quoted(ID_LOW)}")
    where = " AND ".join(f"TRY(({condition}))" for condition in source.wheres)
    lines = [
        *_head(source),
        "  -- A value that does not fit its type is refused with a reason, not turned into "
        "null in silence.",
        f"  SELECT\n    {_listed(typed)},\n    {_misfits(source)} AS {quoted(REASON)}",
        f"  FROM {'lists AS ' if _lists(source) else ''}batch",
        "), selected AS (",
        f"  SELECT\n    {_listed(selected)}",
        "  FROM typed",
    ]
    if where:
        lines.append(f"  WHERE {quoted(REASON)} IS NOT NULL OR ({where})")
    lines += [
        ")",
        f"SELECT\n  {', '.join(kept)},\n  {_reason(keys, max_ahead_ms)} AS {quoted(REASON)}",
    ]
    return "\n".join([*lines, "FROM selected"])


def _listed(parts: Sequence[str]) -> str:
    return ",\n    ".join(parts)


def _lists(source: BoundSource) -> list[str]:
    return [name for name in source.columns if source.schema[name].endswith("[]")]


def _head(source: BoundSource) -> list[str]:
    """Begin the statement.

    Where the source has lists, it begins with their elements, as texts and typed.
    """
    if not (names := _lists(source)):
        return ["WITH typed AS ("]
    read = []
    for name in names:
        read.append(f"{_element_texts(source, name)} AS {_texts(name)}")
        read.append(f"{_list_as(source.schema[name], name)} AS {_values(name)}")
    return [
        "WITH lists AS (",
        "  -- A list comes as such, or in a text as JSON; what its elements "
        "cannot be cast to is "
        "null among its values.",
        f"  SELECT\n    *,\n    {_listed(read)}",
        "  FROM batch",
        "), typed AS (",
    ]


def _element_texts(source: BoundSource, name: str) -> str:
    column, text = quoted(name), f"CAST({quoted(name)} AS VARCHAR)"
    # DuckDB's JSON makes doubles of fractions; its own reader of lists keeps every digit, but not
    # JSON's escapes.
    if family(element(source.schema[name])) == "decimal":
        elements = f"TRY_CAST({text} AS VARCHAR[])"
    else:
        elements = f"json_extract_string({text}, '$[*]')"
    elements = f"CASE WHEN TRY(json_type({text})) = 'ARRAY' THEN {elements} END"
    return (
        f"CASE WHEN typeof({column}) = 'VARCHAR' THEN {elements} "
        f"ELSE TRY_CAST({column} AS VARCHAR[]) END"
    )


def _texts(name: str) -> str:
    return quoted(f"__texts:{name}")


def _values(name: str) -> str:
    return quoted(f"__values:{name}")


def _list_as(duckdb_type: str, name: str, relation: str = "") -> str:
    """Cast a list to a type.

    Where it came as a text, it is cast from its elements' texts.
    """
    column = relation + quoted(name)
    return (
        f"CASE WHEN typeof({column}) = 'VARCHAR' "
        f"THEN TRY_CAST({_texts(name)} AS {duckdb_type}) "
        f"ELSE TRY_CAST({column} AS {duckdb_type}) END"
    )


def _cast(source: BoundSource, name: str) -> str:
    """Write the value of a column of the batch.

    It is null where it does not fit its type.
    """
    duckdb_type = source.schema[name]
    if duckdb_type.endswith("[]"):
        return _values(name)
    return f"TRY_CAST(batch.{quoted(name)} AS {duckdb_type})"


def _misfits(source: BoundSource) -> str:
    columns = [Column(name=name, type=source.schema[name]) for name in source.columns]
    cases = [
        f"WHEN {_misfit(source, rule)} THEN {literal(rule.reason + rule.hint)}"
        for rule in column_rules(columns)
    ]
    if not cases:
        return "CAST(NULL AS VARCHAR)"
    return "CASE\n      " + "\n      ".join(cases) + "\n    END"


def _misfit(source: BoundSource, rule: ColumnRule) -> str:
    """Write when a column's value does not fit its type."""
    name, duckdb_type = rule.column.name, rule.column.type
    column, value = f"batch.{quoted(name)}", _cast(source, name)
    is_list = duckdb_type.endswith("[]")
    conditions = [f"{column} IS NOT NULL AND {value} IS NULL"]
    if is_list:
        conditions.append(
            f"typeof({column}) <> {literal(duckdb_type)} "
            f"AND list_count({value}) < list_count({_texts(name)})"
        )
    if rule.is_whole:
        as_double = f"TRY_CAST({column} AS DOUBLE)"
        exact = _list_as("DOUBLE[]", name, "batch.") if is_list else as_double
        conditions.append(f"{exact} <> {value}")
    if rule.calendar is not None:
        outside = f"NOT BETWEEN {_CALENDARS[rule.calendar]}"
        any_outside = f"len(list_filter({value}, lambda x: x {outside})) > 0"
        conditions.append(any_outside if is_list else f"{value} {outside}")
    return " OR ".join(conditions)


def _selected(source: BoundSource, column: Column) -> str:
    """Write the value of a select.

    It is null where it cannot be computed, and of the type that all sources share.
    """
    sql, own = source.selects[column.name], source.types[column.name]
    is_column = any(sql == quoted(name) for name in source.columns)
    value = sql if is_column else _within_calendar(f"TRY({sql})", own)
    return value if own == column.type else f"CAST({value} AS {column.type})"


def _overflows(source: BoundSource, keys: Sequence[Column]) -> str:
    """Add to the reasons that a value cannot be computed.

    The value is the time or a key; that it is null is another reason.

    A hash is never null, so it is null only where its argument fails.
    """
    parts = {"time": source.time} | {f"key {key.name}": source.selects[key.name] for key in keys}
    cases = []
    for what, sql in parts.items():
        if any(sign in sql for sign in (" + ", " - ", " * ")):
            cases.append(
                f"WHEN {quoted(REASON)} IS NULL AND TRY({sql}) IS NULL "
                f"AND TRY(hash({sql}) IS NOT NULL) IS NULL "
                f"THEN {literal(f'{what} {OVERFLOW}')}"
            )
    if not cases:
        return quoted(REASON)
    lines = "\n      ".join(cases)
    return f"CASE\n      {lines}\n      ELSE {quoted(REASON)}\n    END AS {quoted(REASON)}"


def _within_calendar(value: str, duckdb_type: str) -> str:
    """Turn days and moments that cannot be shown into null."""
    if (unit := calendar(duckdb_type)) is None:
        return value
    shown = f"CASE WHEN {{0}} BETWEEN {_CALENDARS[unit]} THEN {{0}} END"
    if duckdb_type.endswith("[]"):
        return f"list_transform({value}, lambda x: {shown.format('x')})"
    return shown.format(value)


def _reason(keys: Sequence[Column], max_ahead_ms: int) -> str:
    cases = [(f"{quoted(REASON)} IS NOT NULL", quoted(REASON))]
    rules = event_rules(keys, TIME, max_ahead_ms)
    cases += event_cases(rules, quoted, "isnan({})".format, literal, DUCKDB_LATEST)
    lines = [f"WHEN {condition} THEN {reason}" for condition, reason in cases]
    return "CASE\n    " + "\n    ".join(lines) + "\n  END"
