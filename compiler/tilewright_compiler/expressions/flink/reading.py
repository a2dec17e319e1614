"""Fields of events in Flink SQL.

They are read from their texts, and made what a tile keeps.
"""

from __future__ import annotations

from sqlglot import exp

from tilewright.windows import DAY_MS

from ...sql.flink import plain_cast
from ...sql.tree import Node, number, text
from ..spark.types import family_of
from .casts import WHOLE, decimal_digits, tried_cast
from .instants import days_of

#: The first and the last day of the years 1 to 9999, which an answer can show.
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
#: Their first and last microsecond since 1970.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999


def read(column: Node, kind: str) -> Node:
    """Read a field's text as a value of its type.

    A text that is no such value gives null.
    """
    return tried_cast(column, "VARCHAR", kind) if kind != "VARCHAR" else column


def unreadable(raw: Node, value: Node, kind: str) -> Node:
    """Write the condition that a field's text cannot be read.

    It does not hold where there is no text.

    `value` is what `read` made of it; the type is not VARCHAR.
    """
    broken: Node = exp.Is(this=value.copy(), expression=exp.Null())
    if (shown := _within_calendar(value, kind)) is not None:
        broken = exp.paren(exp.or_(broken, exp.not_(exp.paren(shown))))
    if kind in WHOLE:
        # Flink reads 2.5 as 2; what has a point is whole only if nothing follows it.
        fraction = exp.Like(this=raw.copy(), expression=text("%.%"))
        cut = exp.NEQ(
            this=plain_cast(raw.copy(), "DOUBLE", exp.TryCast),
            expression=plain_cast(value.copy(), "DOUBLE"),
        )
        broken = exp.paren(exp.or_(broken, exp.and_(fraction, cut)))
    return exp.and_(exp.not_(exp.Is(this=raw.copy(), expression=exp.Null())), broken)


def converted(value: Node, own: str, wanted: str) -> Node:
    """Convert a value to a DuckDB type that holds it."""
    return value if own == wanted else tried_cast(value, own, wanted)


def selected(value: Node, kind: str, is_field: bool) -> Node:
    """Turn days and moments that cannot be shown into null.

    Of a field they have been refused before.
    """
    shown = None if is_field else _within_calendar(value, kind)
    if shown is None:
        return value
    return exp.Case(ifs=[exp.If(this=shown, true=value.copy())])


def _within_calendar(value: Node, kind: str) -> Node | None:
    """Write the condition for the years 1 to 9999.

    None for a value that is neither a day nor a moment.
    """
    match family_of(kind):
        case "date":
            first, last = (plain_cast(text(day), "DATE") for day in (_FIRST_DAY, _LAST_DAY))
        case "timestamp":
            first, last = number(_FIRST_US), number(_LAST_US)
        case _:
            return None
    return exp.and_(
        exp.GTE(this=exp.paren(value.copy()), expression=first),
        exp.LTE(this=exp.paren(value.copy()), expression=last),
    )


def to_physical(value: Node, kind: str) -> Node:
    """Convert a value to what a tile keeps of it.

    That is a BIGINT, a DOUBLE or a STRING.
    """
    match family_of(kind):
        case "float":
            return plain_cast(value, "DOUBLE")
        case "date":
            return days_of(value)
        case "decimal":
            scale = int(decimal_digits(kind)[1])
            return plain_cast(
                exp.Mul(this=exp.paren(value), expression=number(10**scale)), "BIGINT"
            )
        case "boolean":
            return plain_cast(plain_cast(value, "INTEGER"), "BIGINT")
        case "integer":
            return plain_cast(value, "BIGINT")
    return value


def time_ms(value: Node, kind: str) -> Node:
    """Give epoch milliseconds of the value of a time column."""
    match family_of(kind):
        case "integer":
            return plain_cast(value, "BIGINT")
        case "date":
            return exp.Mul(this=days_of(value), expression=number(DAY_MS))
    return exp.Div(this=exp.paren(value), expression=number(1_000))
