"""Casts in Flink SQL as DuckDB does them.

A cast gives null where there is no value, and cuts nothing in silence.

A timestamp is a BIGINT of microseconds inside a job, since Flink has no way to take the number out
of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from ...sql.flink import plain_cast
from ...sql.tree import Node, NotTranslatable, call, number, text
from ..spark.types import family_of
from .instants import UNITS_US, days_of, epoch_day, floored, instant

WHOLE = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
#: A number as DuckDB reads one from a text; Java also takes 1f, 1d and 0x1p3.
_NUMBER_IN_TEXT = (
    r"^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$"
)
#: (pattern, text): how DuckDB writes what is no number, or beyond all of them, and how Java does.
_SPELLINGS = (
    (r"^\s*[+-]?(?i:nan)\s*$", "NaN"),
    (r"^\s*\+?(?i:inf(inity)?)\s*$", "Infinity"),
    (r"^\s*-(?i:inf(inity)?)\s*$", "-Infinity"),
)
#: The first double that has no float next to it but the infinite one, and the largest double.
_BEYOND_FLOAT, _LARGEST = "3.4028235677973366e38", "1.7976931348623157e308"
#: What rounds to zero in every decimal.
_NO_DECIMAL = "1e-39"
_MOST_DIGITS = 38

#: A value with its own DuckDB type and the wanted one.
_Cast = Callable[[Node, str, str], Node]


def is_nan(value: Node) -> Node:
    """Tell whether a float is NaN.

    Of all that NaN makes of a comparison Flink's optimizer keeps `<>` only: it turns NOT (x >= 0)
    into x < 0, and takes x <> x for false before any row is seen.
    """
    opposite = exp.Neg(this=exp.paren(value.copy()))
    return exp.paren(exp.NEQ(this=call("ABS", value), expression=call("ABS", opposite)))


def tried_cast(value: Node, own: str, kind: str) -> Node:
    """Cast as DuckDB's TRY_CAST does.

    The value is null where the cast is not possible.
    """
    if own == kind:
        return value
    cast = _CASTS.get((family_of(own) or "", family_of(kind) or ""))
    if cast is None:
        raise NotTranslatable(
            f"a cast of {own.lower()} to {kind.lower()}, which Flink does in another way"
        )
    return cast(value, own, kind)


def carrier(kind: str) -> str:
    """Give the type that carries a DuckDB type inside jobs."""
    return "BIGINT" if family_of(kind) == "timestamp" else kind


def wide(value: Node) -> Node:
    """Give an integer room for sums and products of two."""
    return plain_cast(value, "DECIMAL(19,0)")


def narrowed(wide: Node, kind: str) -> Node:
    """Narrow a wide number to an integer type.

    The value is null where it does not fit.
    """
    # Flink's integers wrap round, also when a decimal is cast; a text that does not fit is null.
    return plain_cast(plain_cast(exp.paren(wide), "VARCHAR"), kind, exp.TryCast)


def decimal_digits(kind: str) -> tuple[str, str]:
    """Give a decimal type's digits: all, and after the point.

    Raises NotTranslatable for another type.
    """
    match = _DECIMAL.fullmatch(kind)
    if match is None:
        raise NotTranslatable(f"a part of type {kind.lower()}, which Flink computes in another way")
    return match[1], match[2]


def _plain(value: Node, own: str, kind: str) -> Node:
    return plain_cast(value, kind)


def _tried(value: Node, own: str, kind: str) -> Node:
    return plain_cast(value, kind, exp.TryCast)


def _same(value: Node, own: str, kind: str) -> Node:
    return value


def _of_integer(value: Node, own: str, kind: str) -> Node:
    widens = family_of(kind) == "float" or WHOLE.get(own, 64) <= WHOLE.get(kind, 0)
    return plain_cast(value, kind) if widens else narrowed(plain_cast(value, "BIGINT"), kind)


def _of_boolean(value: Node, own: str, kind: str) -> Node:
    return narrowed(plain_cast(value, "INTEGER"), kind)


def _text_of_boolean(value: Node, own: str, kind: str) -> Node:
    return exp.Lower(this=plain_cast(value, kind))


def _whole_of_float(value: Node, own: str, kind: str) -> Node:
    """Round to the nearest whole number.

    Flink takes what is too large for the largest one, and NaN for 0.
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


def _float_of_float(value: Node, own: str, kind: str) -> Node:
    """Cast a float to another size.

    A number that FLOAT has no room for is null, and not infinite.
    """
    if kind == "DOUBLE":
        return plain_cast(value, kind)
    size = call("ABS", value)
    beyond = exp.and_(
        exp.GTE(this=size, expression=exp.Literal.number(_BEYOND_FLOAT)),
        exp.LTE(this=size.copy(), expression=exp.Literal.number(_LARGEST)),
    )
    nothing = plain_cast(exp.Null(), kind)
    return exp.Case(ifs=[exp.If(this=beyond, true=nothing)], default=plain_cast(value.copy(), kind))


def _whole_of_decimal(value: Node, own: str, kind: str) -> Node:
    return narrowed(call("ROUND", value, number(0)), kind)


def _float_of_text(value: Node, own: str, kind: str) -> Node:
    ifs = [exp.If(this=call("REGEXP", value, text(_NUMBER_IN_TEXT)), true=value.copy())]
    for pattern, spelling in _SPELLINGS:
        matches = call("REGEXP", value.copy(), text(pattern))
        ifs.append(exp.If(this=matches, true=text(spelling)))
    return plain_cast(exp.Case(ifs=ifs), kind, exp.TryCast)


def _decimal_of_text(value: Node, own: str, kind: str) -> Node:
    """Read a decimal by way of a wider one.

    Flink looks whether a text fits before it rounds, and reads nothing of what rounds to zero by
    far.
    """
    scale = decimal_digits(kind)[1]
    size = call("ABS", plain_cast(value, "DOUBLE", exp.TryCast))
    vanishes = exp.and_(
        call("REGEXP", value.copy(), text("[eE]-")),
        exp.LT(this=size, expression=exp.Literal.number(_NO_DECIMAL)),
    )
    read = exp.Case(ifs=[exp.If(this=vanishes, true=text("0"))], default=value.copy())
    all_digits = plain_cast(read, f"DECIMAL({_MOST_DIGITS},{scale})", exp.TryCast)
    return plain_cast(all_digits, kind, exp.TryCast)


def _instant_of_text(value: Node, own: str, kind: str) -> Node:
    return instant(value)


def _instant_of_date(value: Node, own: str, kind: str) -> Node:
    return exp.paren(exp.Mul(this=days_of(value), expression=number(UNITS_US["DAY"])))


def _date_of_instant(value: Node, own: str, kind: str) -> Node:
    day = exp.Div(
        this=exp.paren(floored(value, UNITS_US["DAY"])), expression=number(UNITS_US["DAY"])
    )
    days = plain_cast(exp.paren(day), "INTEGER")
    return call("TIMESTAMPADD", exp.var("DAY"), days, epoch_day())


#: (family of the value, of the wanted type) -> how it is cast
_CASTS: Mapping[tuple[str, str], _Cast] = {
    **dict.fromkeys(
        (("integer", wanted) for wanted in ("integer", "float", "decimal")), _of_integer
    ),
    **dict.fromkeys(
        (("boolean", wanted) for wanted in ("integer", "float", "decimal")), _of_boolean
    ),
    ("float", "integer"): _whole_of_float,
    ("float", "float"): _float_of_float,
    ("decimal", "float"): _plain,
    ("decimal", "decimal"): _tried,
    ("decimal", "integer"): _whole_of_decimal,
    **dict.fromkeys(((own, "text") for own in ("integer", "decimal", "date")), _plain),
    ("boolean", "text"): _text_of_boolean,
    **dict.fromkeys((("text", wanted) for wanted in ("integer", "boolean", "date")), _tried),
    ("text", "decimal"): _decimal_of_text,
    ("text", "float"): _float_of_text,
    ("text", "timestamp"): _instant_of_text,
    ("date", "timestamp"): _instant_of_date,
    ("timestamp", "timestamp"): _same,
    ("timestamp", "date"): _date_of_instant,
}
