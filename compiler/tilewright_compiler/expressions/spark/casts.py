"""Casts as Spark does them: towards zero, null where not possible, texts as Spark writes them."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ...plan.types import family
from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, text, tried

_WHOLE = {
    exp.DataType.Type.TINYINT: "TINYINT",
    exp.DataType.Type.SMALLINT: "SMALLINT",
    exp.DataType.Type.INT: "INTEGER",
    exp.DataType.Type.BIGINT: "BIGINT",
}
_TEXT = exp.DataType.TEXT_TYPES
_TIMES = {
    exp.DataType.Type.TIMESTAMP,
    exp.DataType.Type.TIMESTAMPTZ,
    exp.DataType.Type.TIMESTAMPLTZ,
}
WHOLE_IN_TEXT = r"^\s*([+-]?[0-9]+)(\.[0-9]*)?\s*$"


def family_of(duckdb_type: str) -> str | None:
    """The family of a type, wide decimals included."""
    return "decimal" if duckdb_type.startswith("DECIMAL") else family(duckdb_type)


def to_date(value: Node) -> Node:
    """The day of a text, date or timestamp."""
    return tried(value, "DATE")


def to_whole(value: Node, duckdb_type: str, type_of: TypeOf) -> Node:
    """A whole number of the given type: towards zero, and of a timestamp its epoch seconds."""
    match family_of(type_of(value)):
        case "float" | "decimal":
            value = call("TRUNC", value)
        case "text":
            value = call(
                "NULLIF", call("REGEXP_EXTRACT", value, text(WHOLE_IN_TEXT), number(1)), text("")
            )
        case "timestamp":
            value = since_epoch(value)
        case "date":
            raise NotTranslatable(
                "a cast of a date to a number, which is null in Spark. Use datediff or "
                "unix_timestamp"
            )
    return tried(value, duckdb_type)


def since_epoch(timestamp: Node, unit_us: int = 1_000_000) -> Node:
    """The whole seconds (or other units) of a timestamp since the epoch, floored."""
    return tried(
        call("FLOOR", exp.Div(this=call("EPOCH_US", timestamp), expression=number(unit_us))),
        "BIGINT",
    )


def as_text(value: Node, type_of: TypeOf) -> Node:
    """A value as the text that Spark writes."""
    kind = type_of(value)
    if kind.startswith(("MAP(", "STRUCT(")) or kind.endswith("]"):
        raise NotTranslatable(
            "an array, map or struct turned to text, which each engine writes in its own way. Use "
            "array_join(x, ',')"
        )
    match family_of(kind):
        case "float":
            raise NotTranslatable(
                "a float or double turned to text, which each engine writes in its own way. Cast "
                "it to a decimal before"
            )
        case "timestamp":
            return tried(tried(value.copy(), "TIMESTAMP"), "TEXT")
        case "text":
            return value.copy()
    return tried(value.copy(), "TEXT")


def _cast(node: Node, type_of: TypeOf) -> Node:
    to, value = node.args["to"].this, node.this.copy()
    if isinstance(value, exp.Literal) and value.is_int and to in exp.DataType.NUMERIC_TYPES:
        return node  # 1L and the like
    if to in _WHOLE:
        return to_whole(value, _WHOLE[to], type_of)
    if to in _TEXT:
        return as_text(value, type_of)
    if to in _TIMES:
        kind = family_of(type_of(value))
        if kind in ("integer", "float", "decimal"):
            return call("TO_TIMESTAMP", value)
        return tried(value, "TIMESTAMPTZ")
    if family_of(type_of(value)) == "timestamp" and to in exp.DataType.NUMERIC_TYPES:
        raise NotTranslatable(
            "a cast of a timestamp to a fraction. Use unix_millis or unix_timestamp"
        )
    return exp.TryCast(this=value, to=node.args["to"].copy())


CASTS: dict[type[Node], Callable[[Node, TypeOf], Node]] = {exp.Cast: _cast, exp.TryCast: _cast}
