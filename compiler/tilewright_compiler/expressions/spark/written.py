"""Values written as texts, as Spark writes them."""

from __future__ import annotations

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, paren, text, tried
from .types import decimal_of, decimal_sizes, decimal_type, family_of

#: Digits after the point up to which Spark writes a decimal without an exponent.
_PLAIN_SCALE = 6
#: The first and the last time of the years that there are, then the first and the last day.
_OUR_YEARS = (
    ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    ("0001-01-01", "9999-12-31"),
)


def shown(duckdb_type: str) -> str:
    """Name a type in messages."""
    return duckdb_type.lower().replace("timestamp with time zone", "timestamp")


def as_text(value: Node, type_of: TypeOf) -> Node:
    """Write a value as Spark does."""
    if isinstance(value.unnest(), exp.Null):
        return value.copy()
    kind = type_of(value)
    match family_of(kind):
        case "float":
            raise NotTranslatable(
                "a float or double turned to text, which each engine writes in its own way. Cast "
                "it to a decimal before"
            )
        case "decimal" if decimal_of(value, type_of)[1] > _PLAIN_SCALE:
            raise NotTranslatable(
                f"a decimal with more than {_PLAIN_SCALE} digits after its point turned to text, "
                "which Spark writes with an exponent. Cast it to decimal(18,6) before"
            )
        case "timestamp":
            local = tried(tried(value.copy(), "TIMESTAMP"), "TEXT")
            return of_our_years(value, kind, local)
        case "text":
            return value.copy()
        case "date":
            return of_our_years(value, kind, tried(value.copy(), "TEXT"))
        case "decimal" if decimal_sizes(kind)[0] == decimal_sizes(kind)[1] > 0:
            digits, scale = decimal_sizes(kind)  # DuckDB would write no 0 before the point
            return tried(tried(value.copy(), decimal_type(digits + 1, scale)), "TEXT")
        case "integer" | "decimal" | "boolean":
            return tried(value.copy(), "TEXT")
    raise NotTranslatable(
        f"{shown(kind)} turned to text, which each engine writes in its own way. Use "
        "array_join(x, ',')"
    )


def of_our_years(value: Node, kind: str, as_shown: Node) -> Node:
    """Write what is shown of a time within our years.

    It is null before the year 1 and after 9999. A time that is read or written lies between them.
    """
    bare = value.unnest()
    if isinstance(bare, exp.Column | exp.Literal | exp.TryCast):
        return as_shown
    low, high = (tried(text(bound), kind) for bound in _OUR_YEARS[kind == "DATE"])
    within = exp.Between(this=paren(value.copy()), low=low, high=high)
    return exp.Case(ifs=[exp.If(this=within, true=as_shown)])
