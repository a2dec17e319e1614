"""Rules for Flink SQL: choices and comparisons.

NaN equals itself and is larger than any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from ...sql.flink import plain_cast
from ...sql.tree import Node, NotTranslatable, call, paren, text
from .casts import is_nan
from .translator import Rule, Translation

_NUMBERS = {"integer", "float", "decimal"}


def _is(t: Translation, node: Node) -> Node:
    if not isinstance(node.expression, exp.Null | exp.Boolean):
        raise NotTranslatable("IS with something else than NULL, TRUE or FALSE")
    return exp.Is(this=paren(t.of(node.this)), expression=node.expression.copy())


def _case(t: Translation, node: Node) -> Node:
    if isinstance(node.args.get("default"), exp.Upper | exp.Lower):
        return t.of(node.args["default"])  # the other case of rare letters, which Java knows
    kind, operand = t.type_of(node), node.this
    ifs = []
    for branch in node.args["ifs"]:
        condition = (
            exp.EQ(this=operand.copy(), expression=branch.this.copy())
            if operand is not None
            else branch.this
        )
        ifs.append(exp.If(this=t.of(condition), true=t.as_type(branch.args["true"], kind)))
    default = node.args.get("default")
    return exp.Case(ifs=ifs, default=t.as_type(default, kind) if default is not None else None)


def _if(t: Translation, node: Node) -> Node:
    false = node.args.get("false")
    return _case(
        t,
        exp.Case(
            ifs=[exp.If(this=node.this.copy(), true=node.args["true"].copy())],
            default=false and false.copy(),
        ),
    )


def _coalesce(t: Translation, node: Node) -> Node:
    kind = t.type_of(node)
    return call("COALESCE", *(t.as_type(part, kind) for part in [node.this, *node.expressions]))


def _nullif(t: Translation, node: Node) -> Node:
    equal = exp.EQ(this=node.this.copy(), expression=node.expression.copy())
    return exp.Case(
        ifs=[exp.If(this=_compared(t, equal), true=exp.Null())],
        default=t.as_type(node.this, t.type_of(node)),
    )


def _logical(t: Translation, node: Node) -> Node:
    """Translate AND, OR or NOT.

    Flink does not take NULL as a part of them.
    """
    parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
    _check_nulls(parts)
    return type(node)(**{key: t.of(node.args[key]) for key in node.args if node.args[key]})


def _check_nulls(parts: Iterable[Node]) -> None:
    if any(isinstance(part.unnest(), exp.Null) for part in parts):
        raise NotTranslatable("NULL as a part of a condition, which Flink does not take")


def _compared(t: Translation, node: Node) -> Node:
    _check_nulls((node.this, node.expression))
    families = {
        t.family(part) for part in (node.this, node.expression) if not isinstance(part, exp.Null)
    }
    if len(families) > 1 and not families <= _NUMBERS:
        raise NotTranslatable(
            f"a comparison of {' with '.join(sorted(families))}; cast one of them"
        )
    if "float" in families:
        return _compared_floats(t, node)
    left = paren(t.of(node.this))
    if families == {"text"} and not isinstance(node, exp.EQ | exp.NEQ):
        # Flink compares texts by UTF-16 where it has both as Java strings, else by bytes; one
        # that it has just made is bytes.
        left = call("CONCAT", left, text(""))
    return paren(type(node)(this=left, expression=paren(t.of(node.expression))))


def _compared_floats(t: Translation, node: Node) -> Node:
    left, right = (plain_cast(t.of(part), "DOUBLE") for part in (node.this, node.expression))
    left_nan, right_nan = (
        None if _is_finite(part) else is_nan(side.copy())
        for part, side in ((node.this, left), (node.expression, right))
    )
    if isinstance(node, exp.EQ | exp.NEQ):
        # Flink looks several equal numbers up in a set, in which -0.0 is not 0.0.
        if _is_zero(node.expression):
            left = call("ABS", left)
        if _is_zero(node.this):
            right = call("ABS", right)
    plain = type(node)(this=left, expression=right)
    nan = _by_nan(node, left_nan, right_nan)
    if nan is None:
        return paren(plain)
    return paren(
        exp.and_(plain, exp.not_(paren(nan), copy=False), copy=False)
        if isinstance(node, exp.NEQ)
        else exp.or_(plain, nan, copy=False)
    )


def _by_nan(node: Node, left_nan: Node | None, right_nan: Node | None) -> Node | None:
    """Tell when NaN decides a comparison; None for never.

    It then holds, or for `<>` does not. As in DuckDB and Spark NaN equals itself and is larger than
    any number, which Java's comparisons do not know. A side that cannot be NaN has None.
    """
    larger, smaller = (
        (left_nan, right_nan) if isinstance(node, exp.GT | exp.GTE) else (right_nan, left_nan)
    )
    if isinstance(node, exp.EQ | exp.NEQ):
        return None if larger is None or smaller is None else exp.and_(larger, smaller, copy=False)
    if isinstance(node, exp.GT | exp.LT) and larger is not None and smaller is not None:
        return exp.and_(larger, exp.not_(smaller, copy=False), copy=False)
    return larger


def _is_finite(node: Node) -> bool:
    inner = _bare(node)
    return isinstance(inner, exp.Literal) and not inner.is_string


def _is_zero(node: Node) -> bool:
    return _is_finite(node) and float(_bare(node).name) == 0


def _bare(node: Node) -> Node:
    inner = node
    while isinstance(inner, exp.Paren | exp.Neg | exp.Cast):
        inner = inner.this
    return inner


def _between(t: Translation, node: Node) -> Node:
    low = exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
    high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
    return paren(exp.and_(_compared(t, low), _compared(t, high), copy=False))


def _in(t: Translation, node: Node) -> Node:
    return paren(
        exp.or_(
            *(
                _compared(t, exp.EQ(this=node.this.copy(), expression=one.copy()))
                for one in node.expressions
            ),
            copy=False,
        )
    )


RULES: Mapping[type[Node], Rule] = {
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _logical),
    exp.Is: _is,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _compared),
    exp.Between: _between,
    exp.In: _in,
}
