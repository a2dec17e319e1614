"""Answers as tables, with the types of the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tilewright_compiler.plan.model import Plan

_PLAIN: Mapping[str, pa.DataType] = {
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(),
    "USMALLINT": pa.uint16(),
    "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(),
    # Arrow has no integers of 128 bits.
    "HUGEINT": pa.decimal128(38, 0),
    "UHUGEINT": pa.decimal128(38, 0),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_FIELD = re.compile(r'("(?:[^"]|"")+"|\w+) (.*)', re.DOTALL)
_BRACKETS = {"(": 1, ")": -1}


def arrow_type(duckdb_type: str) -> pa.DataType:
    """Choose the Arrow type for values of a DuckDB type.

    >>> str(arrow_type("MAP(VARCHAR, STRUCT(item DATE, count BIGINT)[])"))
    'map<string, list<item: struct<item: date32[day], count: int64>>>'

    Raises ValueError for a type that no feature has.
    """
    if duckdb_type in _PLAIN:
        return _PLAIN[duckdb_type]
    if duckdb_type.endswith("[]"):
        return pa.list_(arrow_type(duckdb_type[:-2]))
    if duckdb_type.startswith("TIMESTAMP"):
        return pa.timestamp("us", "UTC")  # the times of answers are in UTC
    if match := _DECIMAL.fullmatch(duckdb_type):
        return pa.decimal128(int(match[1]), int(match[2]))
    if duckdb_type.startswith("MAP("):
        key, value = _parts(duckdb_type[4:-1])
        return pa.map_(arrow_type(key), arrow_type(value))
    if duckdb_type.startswith("STRUCT("):
        fields = map(_FIELD.fullmatch, _parts(duckdb_type[7:-1]))
        return pa.struct([(_unquoted(one[1]), arrow_type(one[2])) for one in fields if one])
    raise ValueError(f"{duckdb_type} is no type of a feature")


def _parts(text: str) -> list[str]:
    """Split what stands in brackets at its outer commas."""
    parts, depth, is_quoted, begin = [], 0, False, 0
    for at, character in enumerate(text):
        is_quoted ^= character == '"'
        if is_quoted:
            continue
        depth += _BRACKETS.get(character, 0)
        if character == "," and not depth:
            parts.append(text[begin:at].strip())
            begin = at + 1
    return [*parts, text[begin:].strip()]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def answers_schema(plan: Plan, names: Sequence[str]) -> pa.Schema:
    """Make the schema of a table of answers.

    Its columns are the keys, the time `at`, and the features of some names.
    """
    types = {feature.name: feature.type for feature in plan.features}
    types |= {derivation.name: derivation.type for derivation in plan.derivations}
    fields = [pa.field(column.name, arrow_type(column.type)) for column in plan.keys]
    fields.append(pa.field("at", pa.timestamp("ms", "UTC"), nullable=False))
    fields += [pa.field(name, arrow_type(types[name])) for name in names]
    return pa.schema(fields)


def answers_table(plan: Plan, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> pa.Table:
    """Make a table of the values of its columns."""
    schema = answers_schema(plan, names)
    arrays = [_array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_map(kind):
        values = [None if value is None else list(value.items()) for value in values]
    return pa.array(values, kind)
