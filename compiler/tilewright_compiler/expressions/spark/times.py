"""Functions of time as Spark has them."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, paren, text, tried
from .casts import from_seconds, since_epoch, to_date, to_timestamp
from .intervals import days_between, interval
from .ints import MOST_DAYS, MOST_MONTHS, MOST_US, adds_bigint, int_of, near
from .time_formats import DEFAULT, Format, read
from .types import decimal_of, families, family_of
from .written import of_our_years

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
#: Zones whose rules both engines have: others, such as EST, are fixed offsets in one of them.
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_-]+)+")
#: Digits after the point of seconds that are microseconds.
_US_DIGITS = 6
#: Seconds of the years 1 to 9999.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def _format(node: Node) -> Format:
    written = node.args.get("format")
    if written is None:
        return read(DEFAULT)
    if (
        not isinstance(written, exp.Literal | exp.RawString)
        or written.args.get("is_string") is False
    ):
        raise NotTranslatable("a time pattern that is not a text. Write it between quotes")
    return read(str(written.name))


def _read(value: Node, pattern: Format, type_of: TypeOf) -> Node:
    """Read a text by a pattern.

    A text that does not match gives null.
    """
    if families([value], type_of) - {"text"}:
        raise NotTranslatable("a time pattern for something else than a text. Leave it out")
    form, wanted = pattern.reading()
    exact = call("REGEXP_EXTRACT", value, text(wanted), number(1))
    if pattern.has_words():
        exact = call("UPPER", exact)
    return call("TRY_STRPTIME", exact, text(form))


def _parsed(node: Node, type_of: TypeOf) -> Node:
    return tried(_read(node.this.copy(), _format(node), type_of), "TIMESTAMP WITH TIME ZONE")


def _date(node: Node, type_of: TypeOf) -> Node:
    if node.args.get("format") is None or family_of(type_of(node.this)) != "text":
        return to_date(node.this.copy(), type_of)
    return tried(_read(node.this.copy(), _format(node), type_of), "DATE")


def _unix(node: Node, type_of: TypeOf) -> Node:
    """Count the seconds since the epoch.

    Those of a timestamp go towards zero; a text is read by its pattern.
    """
    value = node.this.copy()
    if isinstance(value, exp.CurrentTimestamp):
        raise NotTranslatable("the time of now, which is another at each run")
    if family_of(type_of(value)) in ("timestamp", "date"):
        micros = call("EPOCH_US", to_timestamp(value, type_of))
        return paren(exp.IntDiv(this=micros, expression=number(1_000_000)))
    return since_epoch(_read(value, _format(node), type_of))


def _shown(node: Node, type_of: TypeOf) -> Node:
    value = node.this.this if isinstance(node.this, exp.TimeStrToTime) else node.this
    if family_of(type_of(value)) not in ("text", "date", "timestamp"):
        raise NotTranslatable("date_format of something that is no time")
    instant = to_timestamp(value.copy(), type_of)
    shown = call("STRFTIME", tried(instant, "TIMESTAMP"), text(_format(node).writing()))
    if family_of(type_of(value)) == "text":  # which is read within our years only
        return shown
    return of_our_years(value, type_of(value), shown)


def _shown_unix(node: Node, type_of: TypeOf) -> Node:
    seconds = node.this.copy()
    if family_of(type_of(seconds)) != "integer":
        raise NotTranslatable("from_unixtime of something else than whole seconds")
    moment = tried(from_seconds(seconds, type_of), "TIMESTAMP")
    low, high = (exp.Literal.number(bound) for bound in (_FIRST_SECOND, _LAST_SECOND))
    within = exp.Between(this=seconds.copy(), low=low, high=high)
    shown = call("STRFTIME", moment, text(_format(node).writing()))
    return exp.Case(ifs=[exp.If(this=within, true=shown)])


def _added(node: Node, type_of: TypeOf, what: str) -> Node:
    value = node.expression
    if families([value], type_of) - {"integer"}:
        raise NotTranslatable(f"{what} of something else than a whole number")
    if adds_bigint(node, type_of):
        raise NotTranslatable(f"{what} that are a bigint. Cast them, as in cast(n as int)")
    return tried(near(value, MOST_DAYS if what == "days" else MOST_MONTHS), "INT")


def _days_later(node: Node, type_of: TypeOf) -> Node:
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() != "DAY":
        raise NotTranslatable("date_add with a unit. Add an interval, as in t + interval 1 hour")
    day = to_date(node.this.copy(), type_of)
    return paren(exp.Add(this=day, expression=_added(node, type_of, "days")))


def _months_later(node: Node, type_of: TypeOf) -> Node:
    months = call("TO_MONTHS", _added(node, type_of, "months"))
    later = exp.Add(this=to_date(node.this.copy(), type_of), expression=months)
    return tried(paren(later), "DATE")


def _day_of_week(node: Node, type_of: TypeOf) -> Node:
    new = type(node)(this=to_date(node.this.copy(), type_of))
    return paren(exp.Add(this=new, expression=number(1)))  # Sunday is 1, not 0


def _part(node: Node, type_of: TypeOf) -> Node:
    """Take a part of a time.

    The time may also stand in a text.
    """
    new = node.copy()
    is_date = not isinstance(node, exp.Hour | exp.Minute | exp.Second)
    match family_of(type_of(node.this)):
        case "text" if is_date:
            new.set("this", to_date(node.this.copy(), type_of))
        case "text":
            new.set("this", to_timestamp(node.this.copy(), type_of))
        case "date" | "timestamp":
            pass
        case _:
            raise NotTranslatable(f"{node.key} of something that is no time")
    return new


def _extracted(node: Node, type_of: TypeOf) -> Node:
    if node.this.name.upper() not in _UNITS - {"SECOND"}:
        raise NotTranslatable(
            f"extract({node.this.name.lower()} from …), which differs between engines. Use a "
            "function such as dayofweek(t) or second(t)"
        )
    if family_of(type_of(node.expression)) not in ("date", "timestamp"):
        raise NotTranslatable("extract from something that is no time. Cast it to a timestamp")
    return node


def _truncated(node: Node, type_of: TypeOf) -> Node:
    unit = node.args["unit"].name.upper()
    if isinstance(node, exp.DateTrunc):
        if unit not in _TRUNCATIONS:
            raise NotTranslatable(f"trunc to {unit!r}. Use 'year', 'quarter', 'month' or 'week'")
        day = to_date(node.this.copy(), type_of)
        return tried(call("DATE_TRUNC", text(_TRUNCATIONS[unit]), day), "DATE")
    if unit not in _UNITS:
        raise NotTranslatable(
            f"date_trunc to {unit!r}. Use one of {', '.join(sorted(_UNITS)).lower()}"
        )
    return call("DATE_TRUNC", text(unit), to_timestamp(node.this.copy(), type_of))


def _zone(node: Node) -> Node:
    zone = node.args["zone"]
    if not isinstance(zone, exp.Literal) or not _ZONE.fullmatch(zone.name):
        raise NotTranslatable(
            f"{zone.name!r}, which is not a time zone of both engines. Write one such as "
            "'America/New_York'"
        )
    return zone.copy()


def _from_utc(node: Node, type_of: TypeOf) -> Node:
    local = exp.AtTimeZone(this=to_timestamp(node.this.copy(), type_of), zone=_zone(node))
    return tried(local, "TIMESTAMP WITH TIME ZONE")


def _to_utc(node: Node, type_of: TypeOf) -> Node:
    moment = tried(to_timestamp(node.this.copy(), type_of), "TIMESTAMP")
    return exp.AtTimeZone(this=moment, zone=_zone(node))


def _of_numbers(scale: int) -> Callable[[list[Node], TypeOf], Node]:
    """Make the rule for instants counted from the epoch.

    They are counted in units of `scale` microseconds.
    """

    def made(arguments: list[Node], type_of: TypeOf) -> Node:
        value = arguments[0]
        if abs(int_of(value.unnest()) or 0) * scale > MOST_US:
            raise NotTranslatable("a time far beyond the years 1 to 9999")
        if scale == 1_000_000:
            return from_seconds(_exact(value, type_of), type_of)
        whole = tried(near(_whole_number(value, type_of), MOST_US // scale), "BIGINT")
        micros = whole if scale == 1 else exp.Mul(this=whole, expression=number(scale))
        return call("MAKE_TIMESTAMPTZ", micros)

    return made


def _exact(value: Node, type_of: TypeOf) -> Node:
    """Refuse digits beyond microseconds, which end a query of Spark."""
    if families([value], type_of) == {"decimal"} and decimal_of(value, type_of)[1] > _US_DIGITS:
        raise NotTranslatable("timestamp_seconds of a decimal with more than 6 digits. Round it")
    return value


def _whole_number(value: Node, type_of: TypeOf) -> Node:
    if families([value], type_of) - {"integer"}:
        raise NotTranslatable("a timestamp of a fraction of its unit. Use timestamp_seconds")
    return value


def _made_date(arguments: list[Node], type_of: TypeOf) -> Node:
    return call("TRY", call("MAKE_DATE", *(_whole_number(part, type_of) for part in arguments)))


def _weekday(arguments: list[Node], type_of: TypeOf) -> Node:
    day = call("ISODOW", to_date(arguments[0], type_of))
    return paren(exp.Sub(this=day, expression=number(1)))


#: name -> how many arguments it takes, and what is written
TIMES_BY_NAME: dict[str, tuple[int, int, Callable[[list[Node], TypeOf], Node]]] = {
    "weekday": (1, 1, _weekday),
    "timestamp_millis": (1, 1, _of_numbers(1_000)),
    "timestamp_micros": (1, 1, _of_numbers(1)),
    "timestamp_seconds": (1, 1, _of_numbers(1_000_000)),
    "make_date": (3, 3, _made_date),
}


def _since(unit: str = "SECOND", unit_us: int = 1_000_000) -> Callable[[Node, TypeOf], Node]:
    def counted(node: Node, type_of: TypeOf) -> Node:
        return since_epoch(_moment(node, type_of), unit, unit_us)

    return counted


def _moment(node: Node, type_of: TypeOf) -> Node:
    """Take the time that is counted, which is a timestamp in Spark."""
    if families([node.this], type_of) != {"timestamp"}:
        raise NotTranslatable("a count of units of no timestamp. Make one by to_timestamp(x)")
    return to_timestamp(node.this.copy(), type_of)


TIMES: dict[type[Node], Callable[[Node, TypeOf], Node]] = {
    exp.StrToTime: _parsed,
    exp.TsOrDsToDate: _date,
    exp.StrToUnix: _unix,
    exp.TimeToStr: _shown,
    exp.TimeStrToTime: lambda node, _: node,
    exp.UnixToStr: _shown_unix,
    exp.UnixSeconds: _since(),
    exp.UnixMillis: _since("MILLISECOND", 1_000),
    exp.UnixMicros: lambda node, type_of: call("EPOCH_US", _moment(node, type_of)),
    exp.DateDiff: days_between,
    exp.Interval: interval,
    exp.TsOrDsAdd: _days_later,
    exp.AddMonths: _months_later,
    exp.DayOfWeek: _day_of_week,
    **dict.fromkeys((exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.LastDay), _part),
    **dict.fromkeys((exp.DayOfYear, exp.WeekOfYear, exp.Quarter), _part),
    **dict.fromkeys((exp.Hour, exp.Minute, exp.Second), _part),
    exp.Extract: _extracted,
    exp.DateTrunc: _truncated,
    exp.TimestampTrunc: _truncated,
    exp.AtTimeZone: _from_utc,
    exp.FromTimeZone: _to_utc,
}
