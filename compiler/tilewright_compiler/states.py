"""The table of states: what each kind keeps in a tile, and the SQL that makes it from events."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .plan import Column, Dtype, FixedColumn, Merge, State, VariableField

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
    sql: str | None
    """None for a number that the runtime makes from a field of the state that is not kept."""
    kept: bool = True


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


def element(duckdb_type: str) -> str:
    """The type of what is aggregated: that of a list's elements, else the type itself."""
    return duckdb_type.removesuffix("[]")


def decimal_scale(duckdb_type: str) -> int:
    """The digits after the point of a DECIMAL type."""
    found = _DECIMAL.fullmatch(duckdb_type)
    if found is None:
        raise ValueError(f"{duckdb_type} is not a decimal type")
    return int(found[2])


def stored(column: str, duckdb_type: str) -> str:
    """SQL that turns a column into what a tile keeps of its values: a BIGINT, a DOUBLE or a VARCHAR."""
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
    value = stored(column, duckdb_type)
    if _storage(duckdb_type) == "f64":
        return [Field("sum", "f64", "add", f"sum({value})")]
    return [
        Field("hi", "i64", "add", f"CAST(sum({value}) // {LIMB} AS BIGINT)"),
        Field("lo", "i64", "add", f"CAST(sum({value}) % {LIMB} AS BIGINT)"),
    ]


def _extreme(kind: Merge) -> Callable[[str, str], list[Field]]:
    def fields(column: str, duckdb_type: str) -> list[Field]:
        storage = _storage(duckdb_type)
        return [Field("value", storage, kind if storage else None, f"{kind}({stored(column, duckdb_type)})")]

    return fields


def _endpoint(kind: Merge, sign: str) -> Callable[[str, str], list[Field]]:
    # The largest (time, value) is the last event and settles ties of time by the larger value;
    # with the time negated it is the first event, ties settled in the same way.
    def fields(column: str, duckdb_type: str) -> list[Field]:
        pair = f"max(struct_pack(t := {sign}__ts, x := {stored(column, duckdb_type)})) FILTER (WHERE {column} IS NOT NULL)"
        storage = _storage(duckdb_type)
        return [
            Field("ts", "i64", kind, f"{sign}struct_extract({pair}, 't')"),
            Field("value", storage, kind if storage else None, f"struct_extract({pair}, 'x')"),
        ]

    return fields


def _listed(column: str, value: str) -> str:
    return f"list({value}) FILTER (WHERE {column} IS NOT NULL)"


def _moments(*sums: str) -> Callable[[str, str], list[Field]]:
    # On 10**9 + small numbers DuckDB's var_pop was measured to be off by 1e-8 and its skewness by 3 %, so it only
    # collects the values of a tile; the runtime makes the moments from them, with the mean as two doubles.
    def fields(column: str, duckdb_type: str) -> list[Field]:
        values = Field("values", None, None, _listed(column, f"CAST({column} AS DOUBLE)"), kept=False)
        n = Field("n", "i64", "add", f"count({column})")
        return [values, n, *(Field(name, "f64", "moments", None) for name in ("mean", "rest", *sums))]

    return fields


def _numbers(column: str, duckdb_type: str) -> list[Field]:
    return [Field("sketch", None, None, _listed(column, f"CAST({column} AS DOUBLE)"))]


def _hll(column: str, duckdb_type: str) -> list[Field]:
    return [Field("sketch", None, None, _listed(column, f"DISTINCT {stored(column, duckdb_type)}"))]


def _frequent(column: str, duckdb_type: str) -> list[Field]:
    # The sketch takes texts. Those of a decimal or a time are of the whole number that a tile would store of it.
    value = stored(column, duckdb_type) if family(duckdb_type) in ("decimal", "timestamp") else column
    return [Field("sketch", None, None, f"histogram(CAST({value} AS VARCHAR)) FILTER (WHERE {column} IS NOT NULL)")]


def _histogram(column: str, duckdb_type: str) -> list[Field]:
    return [Field("entries", None, None, f"histogram({stored(column, duckdb_type)}) FILTER (WHERE {column} IS NOT NULL)")]


def _set(column: str, duckdb_type: str) -> list[Field]:
    return [Field("entries", None, None, _listed(column, f"DISTINCT {stored(column, duckdb_type)}"))]


def _values(column: str, duckdb_type: str) -> list[Field]:
    return [Field("entries", None, None, _listed(column, stored(column, duckdb_type)))]


def _timed(column: str, duckdb_type: str) -> list[Field]:
    return [Field("entries", None, None, _listed(column, f"struct_pack(t := __ts, x := {stored(column, duckdb_type)})"))]


#: kind -> the fields that it keeps of a (quoted) column of a type
STATE_KINDS: dict[str, Callable[[str, str], list[Field]]] = {
    "count": _count,
    "sum": _sum,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "first": _endpoint("first", "-"),
    "last": _endpoint("last", ""),
    "variance": _moments("m2"),
    "moments": _moments("m2", "m3", "m4"),
    "tdigest": _numbers,
    "kll": _numbers,
    "hll": _hll,
    "frequent": _frequent,
    "histogram": _histogram,
    "unique": _set,
    "bounded": _set,
    "largest_k": _values,
    "smallest_k": _values,
    "first_k": _timed,
    "last_k": _timed,
}


def tile_columns(keys: Sequence[Column], states: Sequence[State]) -> list[str]:
    """The columns of a row of a tile, in the order in which every engine's query gives them."""
    made = ((state, field) for state in states for field in STATE_KINDS[state.kind]("x", state.type) if field.sql is not None)
    return [*(f"key:{key.name}" for key in keys), "__start", "__events", "__newest", *(f"{state.id}.{field.name}" for state, field in made)]


_MERGE_ORDER = {"add": 0, "min": 1, "max": 2, "first": 3, "last": 4, "moments": 5}


def lay_out(states: list[State]) -> tuple[list[FixedColumn], list[VariableField]]:
    """The columns of a record in order: equal merges of one type side by side, so that one numpy call merges them all."""
    fixed: list[FixedColumn] = []
    variable: list[VariableField] = []
    for state in states:
        for field in filter(lambda field: field.kept, STATE_KINDS[state.kind](f'"{state.input}"', state.type)):
            if field.storage is None or field.merge is None:
                variable.append(VariableField(state=state.id, field=field.name))
            else:
                fixed.append(FixedColumn(state=state.id, field=field.name, dtype=field.storage, merge=field.merge))
    # Only the plain merges are sorted by type: a first or last keeps its time and its value together, moments all of theirs.
    fixed.sort(key=lambda c: (_MERGE_ORDER[c.merge], c.dtype if _MERGE_ORDER[c.merge] < 3 else ""))
    return fixed, variable
