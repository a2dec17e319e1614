"""Arithmetic of doubles in dialects other than Spark's.

What ends the dialect's query is null.
"""

from __future__ import annotations

from sqlglot import exp

from ...sql.tree import Node, TypeOf, call, number
from ..spark.types import family_of
from .rules import Rules

#: What may stand twice, since it holds nothing that is computed.
_SHORT = (exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Neg)
#: What the list of operands is called. A column of this name is not seen beside it.
_OPERANDS = "operands"
_NAN = exp.cast(exp.Literal.string("NaN"), "double")


def of_doubles(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    """Write arithmetic of a double.

    Operands that are computed are named, since a sum of ten columns would hold the first one
    thousands of times.
    """
    if not rules.ends_beyond_doubles or all(map(_is_short, (node.this, node.expression))):
        value = _checked(node, node.this, node.expression, rules, type_of)
        return call("NULLIF", value, _NAN.copy()) if rules.nan_is_null else value
    computed: list[Node] = []
    named: list[Node] = []
    for part in (node.this, node.expression):
        if part.is_number:
            named.append(part)
            continue
        computed.append(part.copy())
        place = number(len(computed))
        named.append(exp.Bracket(this=exp.column(_OPERANDS), expressions=[place], offset=1))
    body = _checked(node, named[0], named[1], rules, type_of)
    of_operands = exp.Lambda(this=body, expressions=[exp.to_identifier(_OPERANDS)], colon=True)
    once = call("LIST_TRANSFORM", exp.array(exp.array(*computed)), of_operands)
    return exp.Bracket(this=once, expressions=[number(1)], offset=1)


def _is_short(part: Node) -> bool:
    return all(isinstance(node, _SHORT) for node in part.walk())


def _checked(node: Node, left: Node, right: Node, rules: Rules, type_of: TypeOf) -> Node:
    """Make null of what ends the query in the dialect."""
    value = _value(node, left, right, rules)
    operands = ((left, node.this), (right, node.expression))
    named = [(name, part) for name, part in operands if not part.is_number]
    floats = [name for name, part in named if family_of(type_of(part)) == "float"]
    if not rules.ends_beyond_doubles or not floats:
        return value
    infinite = exp.or_(*(call("ISINF", name.copy()) for name in floats))
    is_new = exp.not_(exp.paren(infinite))
    ifs = [exp.If(this=exp.and_(call("ISINF", value.copy()), is_new), true=exp.Null())]
    if rules.ends_below_doubles and _may_vanish(node):
        is_zero = exp.EQ(this=exp.paren(value.copy()), expression=number(0))
        others = [exp.NEQ(this=exp.paren(name.copy()), expression=number(0)) for name, _ in named]
        ifs.append(exp.If(this=exp.and_(is_zero, *others, is_new.copy()), true=exp.Null()))
    return exp.Case(ifs=ifs, default=value)


def _value(node: Node, left: Node, right: Node, rules: Rules) -> Node:
    if not isinstance(node, exp.Div):
        return type(node)(this=left.copy(), expression=right.copy())
    divisor = call("NULLIF", right.copy(), number(0))
    quotient = exp.Div(this=left.copy(), expression=divisor, safe=False)
    if not rules.divides_nan_by_zero or right.is_number or left.is_number:
        return quotient
    is_zero = exp.EQ(this=exp.paren(right.copy()), expression=number(0))
    is_nan = exp.and_(call("ISNAN", left.copy()), is_zero)
    return exp.Case(ifs=[exp.If(this=is_nan, true=left.copy())], default=quotient)


def _may_vanish(node: Node) -> bool:
    """Tell whether a value may be too near to 0.

    That of a written 0 is 0.
    """
    written = [part for part in (node.this, node.expression) if part.is_number]
    return isinstance(node, exp.Mul | exp.Div) and all(float(part.sql()) for part in written)
