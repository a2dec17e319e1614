"""The remainder that is not negative, as Java computes it."""

from __future__ import annotations

from sqlglot import exp

from ...sql.tree import Node, TypeOf, call, number, paren, tried
from .arithmetic import check_numbers, remainder
from .types import decimal_of, decimal_type

#: The largest number of the types in which Spark's sums wrap round.
_LARGEST = {"INTEGER": (1 << 31) - 1, "BIGINT": (1 << 63) - 1}


def pmod(arguments: list[Node], type_of: TypeOf) -> Node:
    """Give the remainder, not negative for a positive divisor.

    It is Java's `((a % n) + n) % n` where `a % n` is negative.
    """
    value, divisor = (paren(part) for part in arguments)
    mod = exp.Mod(this=value, expression=divisor)
    of = check_numbers(mod, type_of, "pmod")
    rest = paren(remainder(mod, type_of))
    below: Node = exp.LT(this=rest.copy(), expression=number(0))
    if "float" in of:
        more = paren(exp.Add(this=rest.copy(), expression=divisor.copy()))
        again = exp.Mod(this=more, expression=call("NULLIF", divisor.copy(), number(0)))
        return exp.Case(ifs=[exp.If(this=below, true=again)], default=rest)
    below = exp.and_(below, exp.GT(this=divisor.copy(), expression=number(0)), copy=False)
    above = exp.Add(this=rest.copy(), expression=divisor.copy())
    ifs = [exp.If(this=below, true=above)]
    largest = _LARGEST.get(type_of(mod))
    if largest is not None and not _is_small(divisor):
        ifs.append(_wrapped(rest, divisor, largest))
    whole = exp.Case(ifs=ifs, default=rest)
    if "decimal" not in of:
        return whole
    (p1, s1), (p2, s2) = (decimal_of(part, type_of) for part in (value, divisor))
    scale = max(s1, s2)  # the type of the remainder, which the sum may not fit
    return tried(whole, decimal_type(min(p1 - s1, p2 - s2) + scale, scale))


def _is_small(divisor: Node) -> bool:
    """Tell whether twice a literal divisor fits an int."""
    bare = divisor.unnest()
    literal = bare.this.unnest() if isinstance(bare, exp.Neg) else bare
    return isinstance(literal, exp.Literal) and literal.is_int and int(literal.name) < 1 << 30


def _wrapped(rest: Node, divisor: Node, largest: int) -> exp.If:
    """Write the wrapped sum of rest and divisor.

    The sum wraps round there and is then positive. No part of this overflows, whatever the sign.
    """
    is_negative = exp.LT(this=divisor.copy(), expression=number(0))
    negative = exp.Case(ifs=[exp.If(this=is_negative, true=divisor.copy())])
    room = exp.Add(this=paren(negative), expression=number(largest))
    bound = exp.Sub(this=exp.Neg(this=number(1)), expression=paren(room))
    turned = exp.Add(this=_shifted_up(rest, largest), expression=_shifted_up(divisor, largest))
    again = exp.Mod(this=paren(turned), expression=call("NULLIF", divisor.copy(), number(0)))
    return exp.If(this=exp.LT(this=rest.copy(), expression=paren(bound)), true=again)


def _shifted_up(value: Node, largest: int) -> Node:
    """Write the distance from the lowest number.

    Of sums DuckDB puts the constants together first, which would overflow.
    """
    opposite = exp.Sub(this=exp.Neg(this=number(1)), expression=value.copy())
    return paren(exp.Sub(this=number(largest), expression=paren(opposite)))
