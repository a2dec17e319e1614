"""Keeps whole numbers within their types.

A warehouse may have fewer types than DuckDB, let numbers wrap round, or fail.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from .dialects import SqlDialect
from .tree import Node, NotTranslatable, TypeOf, call, data_type, number, text

#: DuckDB type -> its bits but for the sign.
_BITS = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}


def within_types(tree: Node, dialect: SqlDialect, type_of: TypeOf) -> Node:
    """Write whole-number arithmetic that is null beyond its type.

    The tree is in DuckDB SQL, where that is null too. A part is computed in a wider type, and a
    number beyond its own type becomes the one next to it, which NULLIF then takes out.

    Raises:
        NotTranslatable: if it casts to float in a dialect that has doubles only.
    """
    # Types are those of the parts as they were written, so all are asked for first.
    outside: list[tuple[Node, str, Callable[[Node, str, SqlDialect], Node]]] = []
    for node in tree.walk():
        rule = _RULES.get(type(node))
        if rule is not None and (kind := type_of(node)) in {*_BITS, "FLOAT"}:
            outside.append((node, kind, rule))
    for node, kind, rule in reversed(outside):
        written = rule(node, kind, dialect)
        if node is tree:
            tree = written
        elif written is not node:
            node.replace(written)
    return tree


def _calculated(node: Node, kind: str, dialect: SqlDialect) -> Node:
    if kind not in _BITS:
        return node
    left, right = (_widened(part, dialect) for part in (node.this, node.expression))
    return _inside(type(node)(this=left, expression=right), kind, dialect)


def _signed(node: Node, kind: str, dialect: SqlDialect) -> Node:
    if kind not in _BITS or isinstance(node.this.unnest(), exp.Literal):
        return node
    return _inside(type(node)(this=_widened(node.this, dialect)), kind, dialect)


def _widened(value: Node, dialect: SqlDialect) -> Node:
    """Widen a number for sums and products."""
    if isinstance(value.unnest(), exp.Literal):
        return value.copy()
    return exp.Cast(this=value.copy(), to=data_type(dialect.wide))


def _inside(value: Node, kind: str, dialect: SqlDialect) -> Node:
    """Narrow a number, null beyond its type.

    The number stands there once, or sums of many parts would double with each of them. Whether
    LEAST and GREATEST pass over nulls makes no difference.
    """
    least, most = -(1 << _BITS[kind]) - 1, 1 << _BITS[kind]
    below, beyond = (_bound(bound, kind, dialect) for bound in (least, most))
    clamped = call("GREATEST", call("LEAST", value, beyond), below)
    within = exp.Nullif(
        this=exp.Nullif(this=clamped, expression=beyond.copy()), expression=below.copy()
    )
    return exp.Cast(this=within, to=data_type(kind))


def _bound(bound: int, kind: str, dialect: SqlDialect) -> Node:
    """Write a number next to the end of a type.

    For the largest type it is no literal.
    """
    if kind == "BIGINT":
        return exp.Cast(this=text(str(bound)), to=data_type(dialect.wide))
    return number(bound) if bound >= 0 else exp.Neg(this=number(-bound))


def _cast(node: Node, kind: str, dialect: SqlDialect) -> Node:
    """Check the range of a cast to int.

    The dialect has one type for all whole numbers.
    """
    if not dialect.has_widest_types_only or kind == "BIGINT":
        return node
    if kind == "FLOAT":
        raise NotTranslatable("a cast to float")
    return _inside(node.copy(), kind, dialect)


_RULES: dict[type[Node], Callable[[Node, str, SqlDialect], Node]] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _calculated),
    **dict.fromkeys((exp.Neg, exp.Abs), _signed),
    **dict.fromkeys((exp.Cast, exp.TryCast), _cast),
}
