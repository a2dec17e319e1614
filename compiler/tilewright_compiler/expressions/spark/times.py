"""Functions of time as Spark has them."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, text, tried
from .casts import family_of, since_epoch, to_date

_FRACTIONS = {"SSSSSS": "%f", "SSS": "%g"}
_UNITS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}
_TRUNCATIONS = {
    "YEAR": "YEAR",
    "YYYY": "YEAR",
    "YY": "YEAR",
    "QUARTER": "QUARTER",
    "MONTH": "MONTH",
    "MM": "MONTH",
    "MON": "MONTH",
    "WEEK": "WEEK",
}
_DEFAULT_FORMAT = "%Y-%m-%d %H:%M:%S"


def _format(node: Node) -> Node:
    """The node's pattern in DuckDB's letters; patterns with letters that have no counterpart are
    refused.
    """
    written = node.args.get("format")
    if not isinstance(written, exp.Literal) or not written.is_string:
        raise NotTranslatable("a time pattern that is not a text. Write it between quotes")
    pattern = Dialect.get_or_raise("duckdb").generator().format_time(node) or "''"
    pattern = re.sub(r"''([TZ])''", r"\1", pattern[1:-1])
    for spark, duckdb in _FRACTIONS.items():
        pattern = pattern.replace(spark, duckdb)
    if rest := re.search(r"[A-SU-Ya-z']", re.sub(r"%-?[a-zA-Z]", "", pattern)):
        raise NotTranslatable(
            f"a time pattern whose {rest[0]!r} has no counterpart. Use to_timestamp without a "
            "pattern, or other letters"
        )
    return text(pattern)


def _parsed(node: Node, type_of: TypeOf) -> Node:
    return tried(call("TRY_STRPTIME", node.this.copy(), _format(node)), "TIMESTAMPTZ")


def _date(node: Node, type_of: TypeOf) -> Node:
    if node.args.get("format") is None:
        return to_date(node.this.copy())
    return to_date(call("TRY_STRPTIME", node.this.copy(), _format(node)))


def _unix(node: Node, type_of: TypeOf) -> Node:
    value = node.this.copy()
    if isinstance(value, exp.CurrentTimestamp):
        raise NotTranslatable("the time of now, which is another at each run")
    match family_of(type_of(value)):
        case "timestamp" | "date":
            return since_epoch(tried(value, "TIMESTAMPTZ"))
    pattern = _format(node) if node.args.get("format") is not None else text(_DEFAULT_FORMAT)
    return since_epoch(call("TRY_STRPTIME", value, pattern))


def _shown(node: Node, type_of: TypeOf) -> Node:
    value = node.this.this if isinstance(node.this, exp.TimeStrToTime) else node.this
    return call("STRFTIME", tried(value.copy(), "TIMESTAMP"), _format(node))


def _shown_unix(node: Node, type_of: TypeOf) -> Node:
    pattern = _format(node) if node.args.get("format") is not None else text(_DEFAULT_FORMAT)
    return call("STRFTIME", tried(call("TO_TIMESTAMP", node.this.copy()), "TIMESTAMP"), pattern)


def _days_later(node: Node, type_of: TypeOf) -> Node:
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() != "DAY":
        raise NotTranslatable("date_add with a unit. Add an interval, as in t + interval 1 hour")
    return exp.paren(
        exp.Add(
            this=to_date(node.this.copy()),
            expression=tried(exp.paren(node.expression.copy()), "INT"),
        )
    )


def _months_later(node: Node, type_of: TypeOf) -> Node:
    months = call("TO_MONTHS", tried(node.expression.copy(), "INT"))
    return to_date(exp.paren(exp.Add(this=to_date(node.this.copy()), expression=months)))


def _day_of_week(node: Node, type_of: TypeOf) -> Node:
    return exp.paren(exp.Add(this=node.copy(), expression=number(1)))  # Sunday is 1, not 0


def _extracted(node: Node, type_of: TypeOf) -> Node:
    if node.this.name.upper() not in _UNITS - {"SECOND"}:
        raise NotTranslatable(
            f"extract({node.this.name.lower()} from …), which differs between engines. Use a "
            "function such as dayofweek(t) or second(t)"
        )
    return node


def _truncated(node: Node, type_of: TypeOf) -> Node:
    unit = node.args["unit"].name.upper()
    if isinstance(node, exp.DateTrunc):
        if unit not in _TRUNCATIONS:
            raise NotTranslatable(f"trunc to {unit!r}. Use 'year', 'quarter', 'month' or 'week'")
        return to_date(call("DATE_TRUNC", text(_TRUNCATIONS[unit]), to_date(node.this.copy())))
    if unit not in _UNITS:
        raise NotTranslatable(
            f"date_trunc to {unit!r}. Use one of {', '.join(sorted(_UNITS)).lower()}"
        )
    return call("DATE_TRUNC", text(unit), tried(node.this.copy(), "TIMESTAMPTZ"))


def _from_utc(node: Node, type_of: TypeOf) -> Node:
    # sqlglot's tree casts the value to a time without zone, which DuckDB would read as local to the
    # zone.
    value = node.this.this if isinstance(node.this, exp.Cast) else node.this
    return tried(
        exp.AtTimeZone(this=tried(value.copy(), "TIMESTAMPTZ"), zone=node.args["zone"].copy()),
        "TIMESTAMPTZ",
    )


def _to_utc(node: Node, type_of: TypeOf) -> Node:
    value = node.this.this if isinstance(node.this, exp.Cast) else node.this
    return exp.AtTimeZone(this=tried(value.copy(), "TIMESTAMP"), zone=node.args["zone"].copy())


TIMES: dict[type[Node], Callable[[Node, TypeOf], Node]] = {
    exp.StrToTime: _parsed,
    exp.TsOrDsToDate: _date,
    exp.StrToUnix: _unix,
    exp.TimeToStr: _shown,
    exp.TimeStrToTime: lambda node, _: node,
    exp.UnixToStr: _shown_unix,
    exp.UnixSeconds: lambda node, _: since_epoch(node.this.copy()),
    exp.UnixMillis: lambda node, _: since_epoch(node.this.copy(), 1_000),
    exp.TsOrDsAdd: _days_later,
    exp.AddMonths: _months_later,
    exp.DayOfWeek: _day_of_week,
    exp.Extract: _extracted,
    exp.DateTrunc: _truncated,
    exp.TimestampTrunc: _truncated,
    exp.AtTimeZone: _from_utc,
    exp.FromTimeZone: _to_utc,
}
