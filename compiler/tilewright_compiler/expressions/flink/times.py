"""Rules for Flink SQL: dates, and timestamps as the microseconds that they are inside a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, call, number, paren
from .casts import UNITS_US, US, floored, narrowed, plain_cast, wide
from .translator import Rule, Translation


def date_arithmetic(t: Translation, node: Node, kind: str) -> Node:
    """A sum or difference of a type that begins with a date."""
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


def _part_of_time(unit: str) -> Rule:
    def rule(t: Translation, node: Node) -> Node:
        value, kind = t.of(node.this), t.family(node.this)
        if kind == "timestamp":
            value = call(
                "TO_TIMESTAMP_LTZ",
                exp.Div(this=paren(floored(value, 1_000)), expression=number(1_000)),
                number(3),
            )
        elif kind != "date":
            raise NotTranslatable(f"the {unit.lower()} of something else than a time")
        return exp.Extract(this=exp.var(unit), expression=value)

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
    exp.Year: _part_of_time("YEAR"),
    exp.Month: _part_of_time("MONTH"),
    **dict.fromkeys((exp.Day, exp.DayOfMonth), _part_of_time("DAY")),
    exp.Quarter: _part_of_time("QUARTER"),
    exp.Hour: _part_of_time("HOUR"),
    exp.Minute: _part_of_time("MINUTE"),
    exp.Second: _part_of_time("SECOND"),
    **dict.fromkeys((exp.TimestampTrunc, exp.DateTrunc), _time_floored),
    exp.DateDiff: _days_between,
    exp.UnixToTime: _from_seconds,
    exp.Anonymous: _function,
}
