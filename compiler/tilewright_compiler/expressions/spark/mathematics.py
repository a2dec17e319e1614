"""Rounding and functions of numbers as Spark has them."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, number, paren, text, tried
from .ints import narrowed
from .types import check_turned, decimal_of, decimal_type, families, family_of

Correction = Callable[[Node, TypeOf], Node]

_NUMBERS = {"integer", "float", "decimal"}
#: Digits to which a double may be rounded: its text has at most so many more.
_MOST_DIGITS = 12
#: The numbers below a bound, and digits that all of theirs have after the point.
_SCALES = ((10**7, 30), (10**15, 22))


def _number(node: Node, type_of: TypeOf) -> str:
    of = families([node], type_of)
    if not of:
        raise NotTranslatable("a function of numbers on null, which is null")
    if not of <= _NUMBERS:
        raise NotTranslatable(f"a function of numbers on {min(of).lower()}. Cast it to a number")
    return min(of)


def _digits(node: Node) -> int:
    """Read the digits of a rounding.

    They must be written as a number.
    """
    digits = node.args.get("decimals")
    if digits is None:
        return 0
    bare = digits.unnest()
    sign, value = (-1, bare.this) if isinstance(bare, exp.Neg) else (1, bare)
    if not (isinstance(value, exp.Literal) and value.is_int):
        raise NotTranslatable("a rounding to digits that are not written as a number")
    if int(value.name) > _MOST_DIGITS:
        raise NotTranslatable(f"a rounding to more than {_MOST_DIGITS} digits")
    return sign * int(value.name)


def _rounded(node: Node, type_of: TypeOf) -> Node:
    if node.args.get("truncate") is not None:
        raise NotTranslatable("a rounding in another way than half up")
    if (value := narrowed(node, node.this, type_of)) is not None:
        return tried(round_half("ROUND", value, _digits(node), type_of), "BIGINT")
    return round_half("ROUND", node.this, _digits(node), type_of)


def round_half(name: str, value: Node, digits: int, type_of: TypeOf) -> Node:
    """Round half up, or to the even digit.

    A double is rounded by its shortest text, as in Java.
    """
    of = _number(value, type_of)
    if of == "decimal":
        return _rounded_decimal(name, value, digits, type_of)
    if of != "float":
        return call(name, value.copy(), _signed(digits))
    if digits == 0:
        return call(name, value.copy(), number(0))
    ifs = []
    for bound, scale in _SCALES:
        is_below = exp.LT(this=call("ABS", value.copy()), expression=number(bound))
        exact = tried(tried(value.copy(), "TEXT"), f"DECIMAL(38,{scale})")
        rounded = tried(tried(call(name, exact, _signed(digits)), "TEXT"), "DOUBLE")
        ifs.append(exp.If(this=is_below, true=rounded))
    if type_of(value) == "FLOAT":
        raise NotTranslatable("a rounding of a float to some digits. Cast it to a double before")
    large = call(name, value.copy(), _signed(digits)) if digits < 0 else value.copy()
    return exp.Case(ifs=ifs, default=large)


def _rounded_decimal(name: str, value: Node, digits: int, type_of: TypeOf) -> Node:
    """Round a decimal to Spark's type.

    A division by it counts the digits.
    """
    own, scale = decimal_of(value, type_of)
    digits_after = max(min(scale, digits), 0)
    wanted = max(own - scale + 1 + digits_after, 1 - digits)
    kind = decimal_type(wanted, digits_after)
    return tried(call(name, value.copy(), _signed(digits)), kind)


def _signed(digits: int) -> Node:
    return exp.Neg(this=number(-digits)) if digits < 0 else number(digits)


def bround(arguments: list[Node], type_of: TypeOf) -> Node:
    """Round to the even digit where both are as near."""
    value, *digits = arguments
    digit_count = _digits(exp.Round(this=value, decimals=digits[0])) if digits else 0
    return round_half("ROUND_EVEN", value, digit_count, type_of)


def _whole_near(node: Node, type_of: TypeOf) -> Node:
    if node.args.get("decimals") is not None:
        raise NotTranslatable("ceil or floor with a scale. Multiply before and divide after")
    of = _number(node.this, type_of)
    if of == "decimal":
        digits, scale = decimal_of(node.this, type_of)
        return tried(node.copy(), decimal_type(digits - scale + min(scale, 1), 0))
    return tried(node.this.copy() if of == "integer" else node.copy(), "BIGINT")


def _sign(node: Node, type_of: TypeOf) -> Node:
    if _number(node.this, type_of) != "float":
        return tried(node.copy(), "DOUBLE")
    nan = exp.If(this=call("ISNAN", node.this.copy()), true=tried(text("NaN"), "DOUBLE"))
    return exp.Case(ifs=[nan], default=tried(node.copy(), "DOUBLE"))


def _is_nan(node: Node, type_of: TypeOf) -> Node:
    """Null is not NaN, and neither is a whole number."""
    value = node.this.copy()
    if _number(node.this, type_of) != "float":
        value = tried(value, "DOUBLE")
    return exp.Coalesce(this=call("ISNAN", value), expressions=[exp.false()])


def _logarithm(node: Node, type_of: TypeOf) -> Node:
    # Outside their domain Spark's logarithms are null, DuckDB's an error or infinite.
    def ln(value: Node) -> Node:
        _number(value, type_of)
        above = exp.GT(this=paren(value.copy()), expression=number(0))
        return call("LN", exp.Case(ifs=[exp.If(this=above, true=value.copy())]))

    if isinstance(node, exp.Ln) or node.args.get("expression") is None:
        return ln(node.this)
    base = node.this
    if isinstance(base, exp.Literal) and not base.is_string and base.name in ("2", "10"):
        guarded = ln(node.expression).expressions[0]
        return call(f"LOG{base.name}", guarded)
    return paren(exp.Div(this=ln(node.expression), expression=ln(base)))


def _root(node: Node, type_of: TypeOf) -> Node:
    _number(node.this, type_of)
    negative = exp.LT(this=paren(node.this.copy()), expression=number(0))
    nan = tried(text("NaN"), "DOUBLE")
    return exp.Case(ifs=[exp.If(this=negative, true=nan)], default=node.copy())


def _power(node: Node, type_of: TypeOf) -> Node:
    """Raise a number to a power as Java does.

    Of 1 there is no power that is not finite, where C has 1.
    """
    of_power = _of_numbers(node, type_of)
    is_other = node.this.is_number and abs(float(node.this.to_py())) != 1
    if is_other or family_of(type_of(node.expression)) != "float" or node.expression.is_number:
        return of_power
    base = node.this.copy()
    if family_of(type_of(base)) == "integer":  # the lowest has no size
        base = tried(base, "DOUBLE")
    is_one = exp.EQ(this=call("ABS", base), expression=number(1))
    is_finite = call("ISFINITE", node.expression.copy())
    is_lost = exp.and_(is_one, exp.not_(is_finite, copy=False), copy=False)
    nan = tried(text("NaN"), "DOUBLE")
    return exp.Case(ifs=[exp.If(this=is_lost, true=nan)], default=of_power.copy())


def _size(node: Node, type_of: TypeOf) -> Node:
    check_turned(node.this, type_of)
    if (value := narrowed(node, node.this, type_of)) is not None:
        return tried(exp.Abs(this=value), "BIGINT")
    return _of_numbers(node, type_of)


def _of_numbers(node: Node, type_of: TypeOf) -> Node:
    for part in (node.this, node.args.get("expression")):
        if part is not None:
            _number(part, type_of)
    return node


MATHEMATICS: dict[type[Node], Correction] = {
    exp.Round: _rounded,
    **dict.fromkeys((exp.Ceil, exp.Floor), _whole_near),
    exp.Sign: _sign,
    exp.IsNan: _is_nan,
    **dict.fromkeys((exp.Ln, exp.Log), _logarithm),
    exp.Sqrt: _root,
    exp.Exp: _of_numbers,
    exp.Abs: _size,
    **dict.fromkeys((exp.Cbrt, exp.Degrees, exp.Radians), _of_numbers),
    exp.Pow: _power,
}
