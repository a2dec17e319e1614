"""Rules for Flink SQL: arithmetic and casts.

They give null where Flink would wrap round, cut or fail.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from ...sql.flink import plain_cast
from ...sql.tree import Node, NotTranslatable, call, number, paren
from ..spark.types import family_of
from .casts import WHOLE, carrier, decimal_digits, narrowed, tried_cast, wide
from .times import date_arithmetic
from .translator import Rule, Translation

_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}


def _arithmetic(t: Translation, node: Node) -> Node:
    kind = t.type_of(node)
    if t.family(node.this) == "date":
        return date_arithmetic(t, node, kind)
    match family_of(kind):
        case "float":
            left, right = (plain_cast(t.of(part), kind) for part in (node.this, node.expression))
            return paren(type(node)(this=left, expression=right))
        case "decimal":
            digits = [
                int(decimal_digits(_as_decimal(t.type_of(part)))[0])
                for part in (node.this, node.expression)
            ]
            if sum(digits) + 1 > 38:
                raise NotTranslatable(
                    "arithmetic of decimals with more than 37 digits together, of which Flink "
                    "drops some"
                )
            left, right = (
                plain_cast(t.of(part), _as_decimal(t.type_of(part)))
                for part in (node.this, node.expression)
            )
            return paren(type(node)(this=left, expression=right))
        case "integer":
            left, right = (wide(t.of(part)) for part in (node.this, node.expression))
            value = narrowed(type(node)(this=left, expression=right), kind)
            t.overflows.append(_is_lost(value, left, right))
            return value
    raise NotTranslatable(
        f"arithmetic that gives {kind.lower()}, which Flink computes in another way"
    )


def _is_lost(value: Node, left: Node, right: Node) -> Node:
    """Write when a value is null, but no operand is."""
    is_null, *others = (
        exp.Is(this=paren(part.copy()), expression=exp.Null()) for part in (value, left, right)
    )
    return exp.and_(is_null, *map(exp.not_, others))


def _negated(t: Translation, node: Node) -> Node:
    if isinstance(node.this, exp.Literal) or t.family(node) in ("float", "decimal"):
        return exp.Neg(this=paren(t.of(node.this)))
    return _arithmetic(t, exp.Sub(this=number(0), expression=node.this.copy()))


def _divided(t: Translation, node: Node) -> Node:
    left, right = (plain_cast(t.of(part), "DOUBLE") for part in (node.this, node.expression))
    return paren(exp.Div(this=left, expression=call("NULLIF", right, exp.Literal.number("0e0"))))


def _whole_divided(t: Translation, node: Node) -> Node:
    kind = t.type_of(node)
    if kind not in WHOLE or {t.family(node.this), t.family(node.expression)} != {"integer"}:
        raise NotTranslatable("a remainder or whole division of fractions")
    left = plain_cast(t.of(node.this), "BIGINT")
    right = call("NULLIF", plain_cast(t.of(node.expression), "BIGINT"), number(0))
    if isinstance(node, exp.Mod):
        return plain_cast(call("MOD", left, right), kind)
    quotient = plain_cast(paren(exp.Div(this=left, expression=right)), kind)
    if node.expression.find(exp.Column, exp.Neg) is None:
        return quotient
    # The lowest number has no opposite, and Flink's would wrap round.
    turns = exp.EQ(this=right.copy(), expression=number(-1))
    opposite = narrowed(exp.Sub(this=wide(number(0)), expression=wide(left.copy())), kind)
    return exp.Case(ifs=[exp.If(this=turns, true=opposite)], default=quotient)


def _absolute(t: Translation, node: Node) -> Node:
    if t.family(node.this) == "integer":
        negative = exp.LT(this=node.this.copy(), expression=number(0))
        return t.of(
            exp.If(
                this=negative, true=exp.Neg(this=paren(node.this.copy())), false=node.this.copy()
            )
        )
    return call("ABS", t.of(node.this))


def _truncated(t: Translation, node: Node) -> Node:
    if node.args.get("decimals") is not None or node.expressions:
        raise NotTranslatable("a truncation to some digits")
    value = t.of(node.this)
    match t.family(node.this):
        case "float":  # Flink's own goes over decimals, which have no NaN
            negative = exp.LT(this=value, expression=exp.Literal.number("0e0"))
            return exp.Case(
                ifs=[exp.If(this=negative, true=call("CEIL", value.copy()))],
                default=call("FLOOR", value.copy()),
            )
        case "decimal":
            return plain_cast(call("TRUNCATE", value, number(0)), t.type_of(node))
    return value


def _rounded_down(t: Translation, node: Node) -> Node:
    if t.family(node.this) != "float" or node.args.get("decimals") is not None:
        raise NotTranslatable("a rounding of a decimal")
    return call("FLOOR" if isinstance(node, exp.Floor) else "CEIL", t.of(node.this))


def _root(t: Translation, node: Node) -> Node:
    return call("SQRT", plain_cast(t.of(node.this), "DOUBLE"))


def _casted(t: Translation, node: Node) -> Node:
    kind = t.type_of(node)
    if isinstance(node.this, exp.Null):
        return plain_cast(exp.Null(), carrier(kind))
    t.family(node.this)
    return tried_cast(t.of(node.this), t.type_of(node.this), kind)


def _as_decimal(kind: str) -> str:
    return f"DECIMAL({_DIGITS[kind]},0)" if kind in _DIGITS else kind


RULES: Mapping[type[Node], Rule] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _arithmetic),
    exp.Neg: _negated,
    exp.Div: _divided,
    **dict.fromkeys((exp.Mod, exp.IntDiv), _whole_divided),
    exp.Abs: _absolute,
    exp.Trunc: _truncated,
    **dict.fromkeys((exp.Floor, exp.Ceil), _rounded_down),
    exp.Sqrt: _root,
    **dict.fromkeys((exp.Cast, exp.TryCast), _casted),
}
