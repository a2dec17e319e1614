"""Spark SQL for DuckDB, part by part.

Each function and operator has what is written in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, UnknownFunction, data_type
from .arithmetic import ARITHMETIC
from .casts import CASTS, CASTS_BY_NAME, cast_to
from .conditions import CONDITIONS
from .ints import keep_marks, mark_ints
from .lists import LISTS, LISTS_BY_NAME
from .mathematics import MATHEMATICS, bround
from .patterns import PATTERNS, PATTERNS_BY_NAME
from .remainders import pmod
from .texts import TEXTS
from .times import TIMES, TIMES_BY_NAME
from .types import decimal_type

Correction = Callable[[Node, TypeOf], Node]
Named = tuple[int, int, Callable[[list[Node], TypeOf], Node]]


def correct(tree: Node, type_of: TypeOf) -> Node:
    """Replace parts whose translation would not give Spark's value.

    `cast(2.7 as int)` is 2 in Spark and 3 in DuckDB, so `TRY_CAST(TRUNC(2.7) AS INT)` is written.

    Raises NotTranslatable if a part is not known to give the same value.
    """
    mark_ints(tree, type_of)
    holder = exp.Paren(this=tree)
    for node in reversed(list(holder.dfs())):  # operands before what is made of them
        if node is holder:
            continue
        fix = _CORRECTIONS.get(type(node))
        if fix is not None:
            parent, key, index = node.parent, node.arg_key, node.index
            new = fix(node, type_of)
            keep_marks(node, new)
            if new is not node and parent is not None and key is not None:
                parent.set(key, new, index=index)
        elif isinstance(node, exp.Anonymous):
            raise _unknown(node.name)
        elif isinstance(node, exp.Func) and not isinstance(node, _SAME):
            raise _unknown(node.sql_name())
        elif not isinstance(node, (exp.Func, *_PLAIN)):
            raise NotTranslatable(f"{node.key}, which is not known to give the same value here")
    corrected = holder.this
    if not isinstance(corrected, Node):
        raise NotTranslatable("it is not an expression")
    return corrected


def _unknown(name: str) -> NotTranslatable:
    return UnknownFunction(
        f"the function {name.lower()}, which is not known to give the same value here as in Spark"
    )


def _anonymous(node: Node, type_of: TypeOf) -> Node:
    name = node.name.lower()
    if name not in BY_NAME:
        raise _unknown(name)
    arguments = [argument.copy() for argument in node.expressions]
    least, most, make = BY_NAME[name]
    if not least <= len(arguments) <= most:
        takes = f"it takes {least if least == most else f'{least} or {most}'}"
        raise NotTranslatable(f"{name} with {len(arguments)} arguments: {takes}")
    return make(arguments, type_of)


def _is_null(arguments: list[Node], type_of: TypeOf) -> Node:
    return exp.paren(exp.Is(this=exp.paren(arguments[0]), expression=exp.Null()))


def _is_not_null(arguments: list[Node], type_of: TypeOf) -> Node:
    return exp.Not(this=_is_null(arguments, type_of))


def _same(arguments: list[Node], type_of: TypeOf) -> Node:
    return exp.paren(arguments[0])


def _as_type(kind: str) -> Callable[[list[Node], TypeOf], Node]:
    def made(arguments: list[Node], type_of: TypeOf) -> Node:
        return cast_to(arguments[0], kind, type_of)

    return made


#: Functions that the parser leaves as they are: how many arguments they take, and what is written.
BY_NAME: dict[str, Named] = {
    "pmod": (2, 2, pmod),
    "bround": (1, 2, bround),
    "isnull": (1, 1, _is_null),
    "isnotnull": (1, 1, _is_not_null),
    "positive": (1, 1, _same),
    **{name: (1, 1, _as_type(kind)) for name, kind in CASTS_BY_NAME.items()},
    **TIMES_BY_NAME,
    **PATTERNS_BY_NAME,
    **LISTS_BY_NAME,
}


def _binary(node: Node, type_of: TypeOf) -> Node:
    raise NotTranslatable("a binary literal. Write a number or a text")


def _literal(node: Node, type_of: TypeOf) -> Node:
    """Make a decimal of a whole number beyond a bigint, as it is one in Spark."""
    if node.args["is_string"]:
        return node
    if not node.is_int:
        if not isfinite(float(node.name)):
            raise NotTranslatable(f"{node.name}, which is no double")
        return node
    value = int(node.name)
    if value < 1 << 63 or (value == 1 << 63 and isinstance(node.parent, exp.Neg)):
        return node
    return exp.Cast(this=node.copy(), to=data_type(decimal_type(len(node.name.lstrip("0")), 0)))


def _quoted(node: Node, type_of: TypeOf) -> Node:
    return exp.Literal.string(node.name)


#: Functions that need no correction.
_SAME = (exp.If, exp.TimeStrToTime, exp.Space, exp.JSONPath)
#: Parts that are neither functions nor operators.
_PLAIN = (
    *(exp.Column, exp.Identifier, exp.Null, exp.Boolean, exp.Paren),
    *(exp.DataType, exp.DataTypeParam, exp.Var, exp.Escape),
    *(exp.JSONPath, exp.JSONPathPart),
)

_CORRECTIONS: dict[type[Node], Correction] = {
    exp.Literal: _literal,
    exp.Anonymous: _anonymous,
    exp.HexString: _binary,
    exp.BitString: _binary,
    exp.RawString: _quoted,
    **CASTS,
    **ARITHMETIC,
    **MATHEMATICS,
    **CONDITIONS,
    **TEXTS,
    **PATTERNS,
    **LISTS,
    **TIMES,
}

#: All kinds of parts that are accepted.
ACCEPTED = frozenset({*_CORRECTIONS, *_SAME}) - {exp.Anonymous, exp.HexString, exp.BitString}
