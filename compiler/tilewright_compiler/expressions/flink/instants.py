"""Days and moments in Flink SQL.

A moment is a whole number of microseconds.
"""

from __future__ import annotations

from sqlglot import exp

from ...sql.flink import plain_cast
from ...sql.tree import Node, call, number, text

US = 1_000_000
UNITS_US = {
    "MILLISECOND": 1_000,
    "SECOND": US,
    "MINUTE": 60 * US,
    "HOUR": 3_600 * US,
    "DAY": 86_400 * US,
}
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


def floored(value: Node, unit: int) -> Node:
    """Round a number down to a multiple of the unit.

    The number is whole, and may be below zero.
    """
    rest = call(
        "MOD",
        exp.paren(exp.Add(this=call("MOD", value.copy(), number(unit)), expression=number(unit))),
        number(unit),
    )
    return exp.Sub(this=exp.paren(value.copy()), expression=rest)


def days_of(date: Node) -> Node:
    """Count the days of a date since the epoch."""
    return plain_cast(call("TIMESTAMPDIFF", exp.var("DAY"), epoch_day(), date), "BIGINT")


def epoch_day() -> Node:
    """Give the day that days are counted from."""
    return plain_cast(text("1970-01-01"), "DATE")


def instant(value: Node) -> Node:
    """Read epoch microseconds of a text such as 2024-01-04T14:37:25.123Z.

    It is in UTC where it names no zone.
    """
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
    """Add up the epoch microseconds of a moment's parts.

    The day is a text; the others are whole numbers, and `fraction` is of microseconds.
    """
    total = exp.Mul(this=days_of(plain_cast(day, "DATE", exp.TryCast)), expression=number(24))
    for part, unit in ((hours, 60), (minutes, 60), (seconds, US)):
        total = exp.Mul(
            this=exp.paren(exp.Add(this=total, expression=part)), expression=number(unit)
        )
    return exp.Add(this=total, expression=fraction)


def _whole(part: Node) -> Node:
    return call("COALESCE", plain_cast(part, "BIGINT", exp.TryCast), number(0))
