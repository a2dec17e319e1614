"""The table of states: what each kind keeps in a tile, and the SQL that makes it from events."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .plan import Dtype, FixedColumn, Merge, State, VariableField

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}
_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

#: Integer sums are kept as hi * 2**32 + lo: neither part can overflow while tiles are merged.
LIMB = 1 << 32


@dataclass(frozen=True)
class Field:
    """One number or one run of bytes of a state, and the aggregate that makes it in DuckDB SQL."""

    name: str
    storage: Dtype | None
    """None for bytes of changing length."""
    merge: Merge | None
    sql: str


def family(duckdb_type: str) -> str | None:
    """The family of a DuckDB type, or None where no state can hold it.

    `integer`, `float`, `decimal` (at most 18 digits), `boolean`, `text`, `date`, `timestamp`.
    """
    if duckdb_type in _INTEGERS:
        return "integer"
    if duckdb_type in _FLOATS:
        return "float"
    if duckdb_type in _TIMESTAMPS:
        return "timestamp"
    if (found := _DECIMAL.fullmatch(duckdb_type)) and int(found[1]) <= 18:
        return "decimal"
    return {"BOOLEAN": "boolean", "VARCHAR": "text", "DATE": "date"}.get(duckdb_type)


def decimal_scale(duckdb_type: str) -> int:
    """The digits after the point of a DECIMAL type."""
    found = _DECIMAL.fullmatch(duckdb_type)
    if found is None:
        raise ValueError(f"{duckdb_type} is not a decimal type")
    return int(found[2])


def _stored(column: str, duckdb_type: str) -> str:
    """SQL that turns a column into what a tile keeps of it: a BIGINT, a DOUBLE or a VARCHAR."""
    match family(duckdb_type):
        case "float":
            return f"CAST({column} AS DOUBLE)"
        case "text":
            return column
        case "date":
            return f"CAST({column} - DATE '1970-01-01' AS BIGINT)"
        case "timestamp":
            return f"epoch_us({column})"
        case "decimal":
            scale = decimal_scale(duckdb_type)
            return f"CAST(CAST({column} AS DECIMAL(38,{scale})) * {10**scale} AS BIGINT)"
        case _:
            return f"CAST({column} AS BIGINT)"


def _storage(duckdb_type: str) -> Dtype | None:
    return {"float": "f64", "text": None}.get(family(duckdb_type) or "", "i64")


def _count(column: str, duckdb_type: str) -> list[Field]:
    return [Field("n", "i64", "add", f"count({column})")]


def _sum(column: str, duckdb_type: str) -> list[Field]:
    stored = _stored(column, duckdb_type)
    if _storage(duckdb_type) == "f64":
        return [Field("sum", "f64", "add", f"sum({stored})")]
    return [
        Field("hi", "i64", "add", f"CAST(sum({stored}) // {LIMB} AS BIGINT)"),
        Field("lo", "i64", "add", f"CAST(sum({stored}) % {LIMB} AS BIGINT)"),
    ]


def _extreme(kind: Merge) -> Callable[[str, str], list[Field]]:
    def fields(column: str, duckdb_type: str) -> list[Field]:
        storage = _storage(duckdb_type)
        return [Field("value", storage, kind if storage else None, f"{kind}({_stored(column, duckdb_type)})")]

    return fields


def _endpoint(kind: Merge, sign: str) -> Callable[[str, str], list[Field]]:
    # The largest (time, value) is the last event and settles ties of time by the larger value;
    # with the time negated it is the first event, ties settled in the same way.
    def fields(column: str, duckdb_type: str) -> list[Field]:
        pair = f"max(struct_pack(t := {sign}__ts, x := {_stored(column, duckdb_type)})) FILTER (WHERE {column} IS NOT NULL)"
        storage = _storage(duckdb_type)
        return [
            Field("ts", "i64", kind, f"{sign}struct_extract({pair}, 't')"),
            Field("value", storage, kind if storage else None, f"struct_extract({pair}, 'x')"),
        ]

    return fields


def _tdigest(column: str, duckdb_type: str) -> list[Field]:
    return [Field("sketch", None, None, f"list(CAST({column} AS DOUBLE)) FILTER (WHERE {column} IS NOT NULL)")]


def _hll(column: str, duckdb_type: str) -> list[Field]:
    return [Field("sketch", None, None, f"list(DISTINCT {_stored(column, duckdb_type)}) FILTER (WHERE {column} IS NOT NULL)")]


def _frequent(column: str, duckdb_type: str) -> list[Field]:
    return [Field("sketch", None, None, f"histogram(CAST({column} AS VARCHAR)) FILTER (WHERE {column} IS NOT NULL)")]


#: kind -> the fields that it keeps of a (quoted) column of a type
STATE_KINDS: dict[str, Callable[[str, str], list[Field]]] = {
    "count": _count,
    "sum": _sum,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "first": _endpoint("first", "-"),
    "last": _endpoint("last", ""),
    "tdigest": _tdigest,
    "hll": _hll,
    "frequent": _frequent,
}

_MERGE_ORDER = {"add": 0, "min": 1, "max": 2, "first": 3, "last": 4}


def lay_out(states: list[State]) -> tuple[list[FixedColumn], list[VariableField]]:
    """The columns of a record in order: equal merges of one type side by side, so that one numpy call merges them all."""
    fixed: list[FixedColumn] = []
    variable: list[VariableField] = []
    for state in states:
        for field in STATE_KINDS[state.kind](f'"{state.input}"', state.type):
            if field.storage is None or field.merge is None:
                variable.append(VariableField(state=state.id, field=field.name))
            else:
                fixed.append(FixedColumn(state=state.id, field=field.name, dtype=field.storage, merge=field.merge))
    # Only the plain merges are sorted by type: a first or last keeps its time and its value together.
    fixed.sort(key=lambda c: (_MERGE_ORDER[c.merge], c.dtype if _MERGE_ORDER[c.merge] < 3 else ""))
    return fixed, variable
