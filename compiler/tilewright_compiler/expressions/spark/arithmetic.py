"""Arithmetic as Spark does it.

Decimals keep all their digits; a divisor of 0 gives null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, data_type, number, paren, text, tried
from .casts import to_whole
from .ints import MOST_DAYS, adds_bigint, int_of, is_marked, narrowed, near
from .types import (
    MOST_DIGITS,
    check_common,
    check_turned,
    decimal_of,
    decimal_type,
    families,
    family_of,
    is_null,
)

Correction = Callable[[Node, TypeOf], Node]

_NUMBERS = {"integer", "float", "decimal"}
_SMALL = {"TINYINT", "SMALLINT"}
_LOWEST = {-(1 << 31): "INTEGER", -(1 << 63): "BIGINT"}
#: Digits after the point of a quotient of decimals, at least.
_QUOTIENT_SCALE = 6
_WIDE = 19


def _cast(value: Node, duckdb_type: str) -> Node:
    return exp.Cast(this=value, to=data_type(duckdb_type))


def check_numbers(node: Node, type_of: TypeOf, what: str) -> set[str]:
    """Check that both operands are numbers, and give their families."""
    operand_families = families([node.this, node.expression], type_of)
    _require_numbers(operand_families, what)
    return operand_families


def _require_numbers(found: set[str], what: str) -> None:
    if not found <= _NUMBERS:
        shown = " and ".join(sorted(one.lower() for one in found))
        raise NotTranslatable(f"{what} of {shown}. Cast the parts, as in cast(x as double)")


def _operated(node: Node, type_of: TypeOf) -> Node:
    """Translate `+`, `-` or `*`.

    Those with times are left as they stand.
    """
    of = families([node.this, node.expression], type_of)
    if of & {"date", "timestamp", "INTERVAL"}:
        return _of_times(node, type_of)
    _require_numbers(of, "arithmetic")
    if "float" in of:
        return _of_floats(node, type_of)
    if "decimal" in of:
        return _of_decimals(node, type_of)
    return _of_whole(node, type_of)


def _of_times(node: Node, type_of: TypeOf) -> Node:
    left, right = type_of(node.this), type_of(node.expression)
    if left == "DATE" and right == "INTERVAL":
        return _of_date_and_interval(node)
    if right == "INTERVAL" and left.startswith("TIMESTAMP") and not isinstance(node, exp.Mul):
        return node
    if isinstance(node, exp.Sub) and {family_of(left), family_of(right)} <= {"date", "timestamp"}:
        raise NotTranslatable(
            "a difference of times, which is an interval in Spark. Use datediff(a, b) or "
            "unix_seconds(a) - unix_seconds(b)"
        )
    if left == "DATE" and family_of(right) == "integer" and not isinstance(node, exp.Mul):
        if adds_bigint(node, type_of):
            raise NotTranslatable("days that are a bigint. Cast them, as in cast(n as int)")
        new = node.copy()
        new.set("expression", tried(near(node.expression, MOST_DAYS), "INT"))
        return paren(new)
    raise NotTranslatable("arithmetic of a time with something that is no interval")


def _of_date_and_interval(node: Node) -> Node:
    unit = node.expression.args.get("unit")
    if unit is None or unit.name.upper() not in ("DAY", "WEEK", "MONTH", "YEAR"):
        raise NotTranslatable("an interval of hours beside a date. Cast it to a timestamp before")
    return tried(paren(node.copy()), "DATE")


def _of_floats(node: Node, type_of: TypeOf) -> Node:
    """Make doubles of a float and a decimal.

    In Spark a float beside a decimal is a double, as is the result.
    """
    kinds = {type_of(node.this), type_of(node.expression)}
    if "FLOAT" not in kinds or not any(kind.startswith("DECIMAL") for kind in kinds):
        return node
    return _as_doubles(node)


def _as_doubles(node: Node) -> Node:
    """Compute with doubles, as Spark divides floats."""
    new = node.copy()
    new.set("this", _cast(node.this.copy(), "DOUBLE"))
    new.set("expression", _cast(node.expression.copy(), "DOUBLE"))
    return new


def _of_whole(node: Node, type_of: TypeOf) -> Node:
    """Make a literal beside a small number an int.

    To Spark it is one, and not a number of the smaller type. What is an int there overflows as one.
    """
    new = node.copy()
    if is_marked(node) and type_of(node) == "BIGINT":
        for key, part in (("this", node.this), ("expression", node.expression)):
            if type_of(part) == "BIGINT":
                new.set(key, _cast(part.copy(), "INTEGER"))
        return _cast(paren(new), "BIGINT")
    for key, other in (("this", "expression"), ("expression", "this")):
        is_literal = int_of(node.args[other].unnest()) is not None
        if is_literal and type_of(node.args[key]) in _SMALL:
            new.set(key, _cast(node.args[key].copy(), "INTEGER"))
    return new if new != node else node


def _sizes(node: Node, type_of: TypeOf) -> Iterator[tuple[int, int]]:
    """Give the digits of both operands.

    Raises NotTranslatable for `3L`: it has one in Spark, where `cast(3 as bigint)` has 20.
    """
    for part in (node.this, node.expression):
        bare = part.unnest()
        bare = bare.this.unnest() if isinstance(bare, exp.Neg) else bare
        is_cast = isinstance(bare, exp.Cast) and isinstance(bare.this, exp.Literal)
        if is_cast and not bare.this.is_string and family_of(type_of(bare)) == "integer":
            raise NotTranslatable("a whole number with a suffix beside a decimal. Leave it out")
        yield decimal_of(part, type_of)


def _of_decimals(node: Node, type_of: TypeOf) -> Node:
    (p1, s1), (p2, s2) = _sizes(node, type_of)
    if isinstance(node, exp.Mul):
        kind, width = decimal_type(p1 + p2 + 1, s1 + s2), p1 + p2
    else:
        scale = max(s1, s2)
        width = max(p1 - s1, p2 - s2) + scale + 1
        kind = decimal_type(width, scale)
    if type_of(node) == kind:
        return node
    left, right = paren(node.this.copy()), paren(node.expression.copy())
    # DuckDB computes in 64 bits unless a part has more digits than they hold.
    left = _cast(left, decimal_type(max(p1, _WIDE) if width >= _WIDE else p1, s1))
    if family_of(type_of(node.expression)) != "decimal" or isinstance(right.unnest(), exp.Literal):
        right = _cast(right, decimal_type(p2, s2))
    return _cast(paren(type(node)(this=left, expression=right)), kind)


def _divided(node: Node, type_of: TypeOf) -> Node:
    of = check_numbers(node, type_of, "a division")
    divisor = call("NULLIF", node.expression.copy(), number(0))
    if "decimal" not in of or "float" in of:
        is_narrow = "FLOAT" in (type_of(node.this), type_of(node.expression))
        new = _as_doubles(node) if is_narrow else node.copy()
        new.set("expression", call("NULLIF", new.expression, number(0)))
        new.set("safe", False)  # or some versions of sqlglot write a second NULLIF
        return new
    (p1, s1), (p2, s2) = _sizes(node, type_of)
    scale = max(_QUOTIENT_SCALE, s1 + p2 + 1)
    kind = decimal_type(p1 - s1 + s2 + scale, scale)
    decimal_type(p1 + s1, 0)  # room for the product that has no digit after the point
    # One digit more than is wanted, cut off; its cast to the type then rounds half up.
    decimal_type(p1 - s1 + s2 + scale + 1, scale + 1)
    quotient = exp.IntDiv(
        this=paren(_scaled(node.this.copy(), s1, s2 + scale + 1)),
        expression=_scaled(divisor, s2, s2),
    )
    unit = _cast(text("0." + "0" * scale + "1"), decimal_type(scale + 1, scale + 1))
    exact = exp.Mul(this=_cast(paren(quotient), "DECIMAL(38,0)"), expression=unit)
    return _cast(paren(exact), kind)


def _scaled(value: Node, scale: int, shift: int) -> Node:
    """Multiply a decimal by a power of ten.

    The product is a whole number: no digit after the point is left.
    """
    unscaled = _cast(paren(value), decimal_type(MOST_DIGITS, scale))
    whole = _cast(paren(exp.Mul(this=unscaled, expression=_power(scale))), "HUGEINT")
    return exp.Mul(this=whole, expression=_power(shift - scale)) if shift > scale else whole


def _power(digits: int) -> Node:
    return _cast(exp.Literal.number(10**digits), "HUGEINT" if digits > 18 else "BIGINT")


def remainder(node: Node, type_of: TypeOf) -> Node:
    """Translate a remainder with the sign of the dividend."""
    of = check_numbers(node, type_of, "a remainder")
    new = _of_floats(node, type_of).copy()
    new.set("expression", call("NULLIF", new.expression, number(0)))
    if "decimal" not in of or "float" in of:
        return new
    check_common([node.this, node.expression], type_of)
    (p1, s1), (p2, s2) = _sizes(node, type_of)
    scale = max(s1, s2)
    return _cast(paren(new), decimal_type(min(p1 - s1, p2 - s2) + scale, scale))


def _whole_division(node: Node, type_of: TypeOf) -> Node:
    of = check_numbers(node, type_of, "a whole division")
    if "float" in of:
        what = "a whole division of fractions. Cast the parts, as in cast(x as bigint)"
        raise NotTranslatable(what)
    parts = [node.this.copy(), node.expression.copy()]
    if "decimal" in of:
        (p1, s1), (p2, s2) = (decimal_of(part, type_of) for part in parts)
        shift = max(s1, s2)
        decimal_type(max(p1, p2) + shift, 0)  # room for the product
        left, right = (_scaled(part, s, shift) for part, s in zip(parts, (s1, s2), strict=True))
        quotient = exp.IntDiv(this=paren(left), expression=call("NULLIF", right, number(0)))
        return tried(paren(quotient), "BIGINT")
    left, right = (to_whole(part, "BIGINT", type_of) for part in parts)
    return exp.IntDiv(this=left, expression=call("NULLIF", right, number(0)))


def _negated(node: Node, type_of: TypeOf) -> Node:
    if is_null(node.this) or not families([node.this], type_of) <= _NUMBERS:
        raise NotTranslatable("a negation of something that is no number")
    check_turned(node.this, type_of)
    # With its sign it is an int or a bigint, without it is none.
    lowest = _LOWEST.get(int_of(node) or 0) if isinstance(node.this, exp.Literal) else None
    if lowest is not None:
        return _cast(node.copy(), lowest)
    if (value := narrowed(node, node.this, type_of)) is not None:
        return _cast(paren(exp.Neg(this=value)), "BIGINT")
    return node


def _called_negated(node: Node, type_of: TypeOf) -> Node:
    sign = exp.Neg(this=paren(node.this.copy()))
    sign.meta.update(node.meta)
    return _negated(sign, type_of)


def _bitwise(node: Node, type_of: TypeOf) -> Node:
    parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
    if families(parts, type_of) - {"integer"}:
        raise NotTranslatable("an operation of bits on something that is no whole number")
    # To DuckDB `~a + b` is `~(a + b)`.
    return paren(node.copy()) if isinstance(node, exp.BitwiseNot) else node


def _shifted(node: Node, type_of: TypeOf) -> Node:
    """Translate a shift by a literal number of bits.

    A left shift becomes a product, since DuckDB shifts no negative numbers to the left.
    """
    own = narrowed(node, node.this, type_of) or node.this.copy()
    kind, distance = type_of(own), node.expression
    bits = {"INTEGER": 32, "TINYINT": 32, "SMALLINT": 32, "BIGINT": 64}.get(kind)
    is_literal = isinstance(distance, exp.Literal) and distance.is_int
    if bits is None or not is_literal or not 0 <= int(distance.name) < bits - 1:
        raise NotTranslatable(f"a shift that is no number of bits from 0 to {(bits or 64) - 2}")
    value = _cast(own, "INTEGER") if kind in _SMALL else own
    if isinstance(node, exp.BitwiseRightShift):
        return type(node)(this=value, expression=distance.copy())
    return paren(exp.Mul(this=paren(value), expression=number(2 ** int(distance.name))))


ARITHMETIC: dict[type[Node], Correction] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _operated),
    exp.Div: _divided,
    exp.Mod: remainder,
    exp.IntDiv: _whole_division,
    exp.Neg: _negated,
    exp.Negative: _called_negated,
    **dict.fromkeys((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot), _bitwise),
    **dict.fromkeys((exp.BitwiseLeftShift, exp.BitwiseRightShift), _shifted),
}
