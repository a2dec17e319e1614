"""Values in Flink SQL: reading them from texts, casting them without loss, and what a tile keeps of
them.

A timestamp is a BIGINT of microseconds inside a job, since Flink has no way to take the number out
of one.
"""

from __future__ import annotations

import re

from sqlglot import exp

from tilewright.windows import DAY_MS

from ...sql.flink import flink_type
from ...sql.tree import Node, NotTranslatable, call, number, text
from ..spark.types import family_of

US = 1_000_000
UNITS_US = {
    "MILLISECOND": 1_000,
    "SECOND": US,
    "MINUTE": 60 * US,
    "HOUR": 3_600 * US,
    "DAY": 86_400 * US,
}
WHOLE = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
#: (day, hour, minute, second, fraction, zone) of a text; hours end at 23, since Flink would take
#: 25:00 for the next day.
_INSTANT = (
    r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?)?)?"
    r"\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\s*$"
)
#: The usual form of an instant, whose parts stand at fixed places. Flink compiles the pattern of a
#: REGEXP_EXTRACT anew for each row, and that of a REGEXP once; the other forms cost ten times as
#: much.
_USUAL_INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z?$"
)
#: A number as DuckDB reads one from a text; Java also takes 1f, 1d and 0x1p3.
_NUMBER_IN_TEXT = (
    r"^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$"
)


def read(column: Node, kind: str) -> Node:
    """The text of a field of an event as a value of its type; null where it is none."""
    return tried_cast(column, "VARCHAR", kind) if kind != "VARCHAR" else column


def unreadable(raw: Node, value: Node, kind: str) -> Node:
    """Whether the text of a field is there and is no value of its type, which is not VARCHAR;
    `value` is what `read` made of it.
    """
    broken: Node = exp.Is(this=value.copy(), expression=exp.Null())
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
    """A value of one DuckDB type as another that can hold it."""
    return value if own == wanted else tried_cast(value, own, wanted)


def to_physical(value: Node, kind: str) -> Node:
    """What a tile keeps of a value: a BIGINT, a DOUBLE or a STRING, as `states.py` has it."""
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
    """Epoch milliseconds of the value of a time column."""
    match family_of(kind):
        case "integer":
            return plain_cast(value, "BIGINT")
        case "date":
            return exp.Mul(this=days_of(value), expression=number(DAY_MS))
    return exp.Div(this=exp.paren(value), expression=number(1_000))


def is_nan(value: Node) -> Node:
    """Whether a float is NaN; `x <> x` would be taken for false before any row is seen."""
    return exp.not_(
        exp.paren(exp.GTE(this=call("ABS", value), expression=exp.Literal.number("0e0")))
    )


def tried_cast(value: Node, own: str, kind: str) -> Node:
    """A cast as DuckDB's TRY_CAST: null where it is not possible, never cut in silence."""
    source, target = family_of(own), family_of(kind)
    if own == kind:
        return value
    match source, target:
        case "integer" | "boolean", "integer" | "float" | "decimal":
            widens = source == "integer" and (
                target == "float" or WHOLE.get(own, 64) <= WHOLE.get(kind, 0)
            )
            return (
                plain_cast(value, kind)
                if widens
                else narrowed(
                    plain_cast(value, "BIGINT" if source == "integer" else "INTEGER"), kind
                )
            )
        case "float", "integer":
            return _of_float(value, kind)
        case "float", "float":
            return plain_cast(value, kind)
        case "decimal", "float":
            return plain_cast(value, kind)
        case "decimal", "decimal":
            return plain_cast(value, kind, exp.TryCast)
        case "decimal", "integer":
            return narrowed(call("ROUND", value, number(0)), kind)
        case "integer" | "decimal" | "date", "text":
            return plain_cast(value, kind)
        case "boolean", "text":
            return exp.Lower(this=plain_cast(value, kind))
        case "text", "integer" | "decimal" | "boolean" | "date":
            return plain_cast(value, kind, exp.TryCast)
        case "text", "float":
            is_number = call("REGEXP", value, text(_NUMBER_IN_TEXT))
            return plain_cast(
                exp.Case(ifs=[exp.If(this=is_number, true=value.copy())]), kind, exp.TryCast
            )
        case "text", "timestamp":
            return _instant(value)
        case "date", "timestamp":
            return exp.paren(exp.Mul(this=days_of(value), expression=number(UNITS_US["DAY"])))
        case "timestamp", "timestamp":
            return value
        case "timestamp", "date":
            day = exp.Div(
                this=exp.paren(floored(value, UNITS_US["DAY"])), expression=number(UNITS_US["DAY"])
            )
            return call(
                "TIMESTAMPADD", exp.var("DAY"), plain_cast(exp.paren(day), "INTEGER"), epoch_day()
            )
    raise NotTranslatable(
        f"a cast of {own.lower()} to {kind.lower()}, which Flink does in another way"
    )


def plain_cast(value: Node, kind: str, how: type[Node] = exp.Cast) -> Node:
    """A cast as Flink does it, to a type by its DuckDB name."""
    return how(this=value, to=flink_type(kind))


def carrier(kind: str) -> str:
    """The type that holds values of a DuckDB type inside a job."""
    return "BIGINT" if family_of(kind) == "timestamp" else kind


def wide(value: Node) -> Node:
    """An integer with room for whatever sums and products of two give."""
    return plain_cast(value, "DECIMAL(19,0)")


def narrowed(wide: Node, kind: str) -> Node:
    """A wide number as an integer of the given type, null where it does not fit."""
    # Flink's integers wrap round, also when a decimal is cast; a text that does not fit is null.
    return plain_cast(plain_cast(exp.paren(wide), "VARCHAR"), kind, exp.TryCast)


def decimal_digits(kind: str) -> tuple[str, str]:
    """All digits of a decimal type, and those after the point.

    Raises NotTranslatable for another type.
    """
    found = _DECIMAL.fullmatch(kind)
    if found is None:
        raise NotTranslatable(f"a part of type {kind.lower()}, which Flink computes in another way")
    return found[1], found[2]


def floored(value: Node, unit: int) -> Node:
    """A whole number less what is left of it over a multiple of the unit, below zero too."""
    rest = call(
        "MOD",
        exp.paren(exp.Add(this=call("MOD", value.copy(), number(unit)), expression=number(unit))),
        number(unit),
    )
    return exp.Sub(this=exp.paren(value.copy()), expression=rest)


def days_of(date: Node) -> Node:
    """A date as days since the epoch."""
    return plain_cast(call("TIMESTAMPDIFF", exp.var("DAY"), epoch_day(), date), "BIGINT")


def epoch_day() -> Node:
    """The day that days are counted from."""
    return plain_cast(text("1970-01-01"), "DATE")


def _of_float(value: Node, kind: str) -> Node:
    """The nearest whole number; Flink takes what is too large for the largest one, and NaN for
    0.
    """
    bits = WHOLE.get(kind)
    if bits is None:
        raise NotTranslatable(
            f"a cast of a float to {kind.lower()}, which Flink does in another way"
        )
    low, high = (exp.Literal.number(f"{sign}{1 << bits}e0") for sign in ("-", ""))
    inside = exp.and_(
        exp.GTE(this=value, expression=low), exp.LT(this=value.copy(), expression=high)
    )
    return exp.Case(ifs=[exp.If(this=inside, true=plain_cast(value.copy(), kind))])


def _instant(value: Node) -> Node:
    """Epoch microseconds of a text such as 2024-01-04T14:37:25.123Z, UTC where it names no zone."""
    is_usual = call("REGEXP", value, text(_USUAL_INSTANT))
    return exp.paren(
        exp.Case(
            ifs=[exp.If(this=is_usual, true=_usual_instant(value))], default=_any_instant(value)
        )
    )


def _usual_instant(value: Node) -> Node:
    def part(start: int, length: int) -> Node:
        return call("SUBSTRING", value.copy(), number(start), number(length))

    fraction = call("RPAD", call("REPLACE", part(21, 6), text("Z"), text("")), number(6), text("0"))
    return _micros(
        part(1, 10), _whole(part(12, 2)), _whole(part(15, 2)), _whole(part(18, 2)), _whole(fraction)
    )


def _any_instant(value: Node) -> Node:
    def group(place: int) -> Node:
        return call("REGEXP_EXTRACT", value.copy(), text(_INSTANT), number(place))

    zone = call("REPLACE", group(6), text(":"), text(""))
    sign = exp.Case(
        ifs=[exp.If(this=exp.Like(this=zone, expression=text("-%")), true=exp.Neg(this=number(1)))],
        default=number(1),
    )
    hours, minutes = (
        _whole(call("SUBSTRING", zone.copy(), number(2), number(2))),
        _whole(call("SUBSTRING", zone.copy(), number(4), number(2))),
    )
    offset = exp.Mul(
        this=sign,
        expression=exp.paren(
            exp.Add(this=exp.Mul(this=hours, expression=number(60)), expression=minutes)
        ),
    )
    fraction = _whole(call("RPAD", group(5), number(6), text("0")))
    return _micros(
        group(1),
        _whole(group(2)),
        exp.Sub(this=_whole(group(3)), expression=offset),
        _whole(group(4)),
        fraction,
    )


def _micros(day: Node, hours: Node, minutes: Node, seconds: Node, fraction: Node) -> Node:
    """Epoch microseconds of the text of a day and of whole numbers; `fraction` is of
    microseconds.
    """
    total = exp.Mul(this=days_of(plain_cast(day, "DATE", exp.TryCast)), expression=number(24))
    for part, unit in ((hours, 60), (minutes, 60), (seconds, US)):
        total = exp.Mul(
            this=exp.paren(exp.Add(this=total, expression=part)), expression=number(unit)
        )
    return exp.Add(this=total, expression=fraction)


def _whole(part: Node) -> Node:
    return call("COALESCE", plain_cast(part, "BIGINT", exp.TryCast), number(0))
