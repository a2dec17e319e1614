"""Rules for dates and timestamps in Flink SQL.

Inside a job a timestamp is a number of microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from ...sql.flink import plain_cast
from ...sql.tree import Node, NotTranslatable, call, number, paren
from .casts import narrowed, tried_cast, wide
from .instants import UNITS_US, US, floored
from .translator import Rule, Translation


def date_arithmetic(t: Translation, node: Node, kind: str) -> Node:
    """Add days to a date, or subtract what follows it."""
    other = t.family(node.expression)
    if isinstance(node, exp.Sub) and other == "date":
        return plain_cast(
            call("TIMESTAMPDIFF", exp.var("DAY"), t.of(node.expression), t.of(node.this)), "BIGINT"
        )
    if kind == "DATE" and other == "integer":
        days = plain_cast(t.of(node.expression), "INTEGER")
        return call(
            "TIMESTAMPADD",
            exp.var("DAY"),
            days if isinstance(node, exp.Add) else exp.Neg(this=days),
            t.of(node.this),
        )
    raise NotTranslatable("arithmetic of a date that does not add days to it")


def _part_of_day(unit: str) -> Rule:
    def rule(t: Translation, node: Node) -> Node:
        family = t.family(node.this)
        if family not in ("date", "timestamp"):
            raise NotTranslatable(f"the {unit.lower()} of something else than a time")
        day = tried_cast(t.of(node.this), t.type_of(node.this), "DATE")
        return exp.Extract(this=exp.var(unit), expression=day)

    return rule


def _part_of_clock(unit: str, whole: str) -> Rule:
    """Take a part of the time of day by arithmetic.

    Flink's own is below zero before 1970.
    """

    def rule(t: Translation, node: Node) -> Node:
        if t.family(node.this) not in ("date", "timestamp"):
            raise NotTranslatable(f"the {unit.lower()} of something else than a time")
        value = tried_cast(t.of(node.this), t.type_of(node.this), "TIMESTAMP")
        since = exp.Sub(this=paren(value), expression=paren(floored(value, UNITS_US[whole])))
        return plain_cast(exp.Div(this=paren(since), expression=number(UNITS_US[unit])), "INTEGER")

    return rule


def _time_floored(t: Translation, node: Node) -> Node:
    unit = node.args["unit"].name.upper()
    if unit not in UNITS_US or t.family(node.this) != "timestamp":
        raise NotTranslatable(f"date_trunc to {unit.lower()}")
    return paren(floored(t.of(node.this), UNITS_US[unit]))


def _days_between(t: Translation, node: Node) -> Node:
    unit = node.args.get("unit")
    if (
        unit is None
        or unit.name.upper() != "DAY"
        or {t.family(node.this), t.family(node.expression)} != {"date"}
    ):
        raise NotTranslatable("a difference of times in another unit than days between dates")
    return plain_cast(
        call("TIMESTAMPDIFF", exp.var("DAY"), t.of(node.expression), t.of(node.this)), "BIGINT"
    )


def _epoch_us(t: Translation, argument: Node) -> Node:
    if t.family(argument) != "timestamp":
        raise NotTranslatable("epoch_us of something else than a timestamp")
    return t.of(argument)


def _of_epoch(unit_us: int) -> Callable[[Translation, Node], Node]:
    def rule(t: Translation, argument: Node) -> Node:
        if t.family(argument) != "integer":
            raise NotTranslatable("a time made of a fraction of a second")
        return narrowed(
            exp.Mul(this=wide(t.of(argument)), expression=wide(number(unit_us))), "BIGINT"
        )

    return rule


_FUNCTIONS: dict[str, Callable[[Translation, Node], Node]] = {
    "epoch_us": _epoch_us,
    "make_timestamptz": _of_epoch(1),
    "to_timestamp": _of_epoch(US),
}


def _function(t: Translation, node: Node) -> Node:
    name, arguments = node.name.lower(), node.expressions
    if name not in _FUNCTIONS or len(arguments) != 1:
        raise NotTranslatable(
            f"the function {name}, which is not known to give the same value in Flink"
        )
    return _FUNCTIONS[name](t, arguments[0])


def _from_seconds(t: Translation, node: Node) -> Node:
    if node.args.get("scale") is not None:
        raise NotTranslatable("a time made of another unit than seconds")
    return _of_epoch(US)(t, node.this)


RULES: Mapping[type[Node], Rule] = {
    exp.Year: _part_of_day("YEAR"),
    exp.Month: _part_of_day("MONTH"),
    **dict.fromkeys((exp.Day, exp.DayOfMonth), _part_of_day("DAY")),
    exp.Quarter: _part_of_day("QUARTER"),
    exp.Hour: _part_of_clock("HOUR", "DAY"),
    exp.Minute: _part_of_clock("MINUTE", "HOUR"),
    exp.Second: _part_of_clock("SECOND", "MINUTE"),
    **dict.fromkeys((exp.TimestampTrunc, exp.DateTrunc), _time_floored),
    exp.DateDiff: _days_between,
    exp.UnixToTime: _from_seconds,
    exp.Anonymous: _function,
}
