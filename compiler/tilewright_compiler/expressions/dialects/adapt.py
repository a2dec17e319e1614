"""Expressions in dialects other than Spark's.

Only what is known to mean the same in DuckDB is translated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, UnknownFunction, call, number
from ..spark.types import families, family_of
from .comparisons import (
    BUT_BY_SIGNS,
    OTHER_NAN,
    alike,
    check_numbers,
    compared,
    is_point,
    is_short,
    is_written,
    unlike,
)
from .doubles import of_doubles
from .rules import Rules, rules_of

_NARROW = {"TINYINT", "SMALLINT", "INTEGER"}


_PLAIN = (
    *(exp.Column, exp.Identifier, exp.Null, exp.Boolean, exp.Paren, exp.DataType),
    *(exp.DataTypeParam, exp.Var),
)
_SMALL = {"TINYINT", "SMALLINT"}
_WHOLE_TYPES = {exp.DataType.Type.INT, exp.DataType.Type.BIGINT}
_EMPTY_IS_NULL = "a text that may be empty, which is null in the dialect"
_CHARS = {exp.DataType.Type.CHAR}  # NCHAR of MySQL lacks characters
_TEXT_TYPES = {exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.NVARCHAR}


def adapt(tree: Node, dialect: str, type_of: TypeOf) -> Node:
    """Translate a tree of a dialect, or refuse it.

    `a / b` of whole numbers in Postgres gives `a // NULLIF(b, 0)`.

    Raises NotTranslatable if a part is not known to give the same value.
    """
    rules = rules_of(dialect)
    holder = exp.Paren(this=tree)
    for node in reversed(list(holder.dfs())):
        if node is holder or isinstance(node, _PLAIN):
            continue
        check = _CHECKS.get(type(node))
        if check is None:
            name = node.name if isinstance(node, exp.Anonymous) else node.key
            raise UnknownFunction(
                f"{name.lower()}, which is not known to mean the same in {dialect} and here"
            )
        parent, key, index = node.parent, node.arg_key, node.index
        new = check(node, rules, type_of)
        if new is not node and parent is not None and key is not None:
            parent.set(key, new, index=index)
    adapted: Node = holder.this
    return adapted


def _logical(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
    if (of := families(parts, type_of)) - {"boolean"}:
        raise unlike(of, node.key)
    return node


def _chosen(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
        return node
    _check_conditions(node, rules, type_of)
    branches = [branch.args["true"] for branch in node.args.get("ifs") or ()]
    if isinstance(node, exp.Coalesce):
        branches = [node.this, *node.expressions]
    named = [node.args.get(key) for key in ("true", "false", "default")]
    parts = [*branches, *(part for part in named if part is not None)]
    if rules.points_are_doubles and any(map(is_point, parts)):
        raise NotTranslatable("a choice of numbers with points, which are doubles. Cast them")
    of = alike(parts, {"integer", "float"}, type_of, "a choice")
    check_numbers(parts, rules, type_of)
    if isinstance(node, exp.Coalesce) and rules.empty_is_null and "text" in of:
        raise NotTranslatable(_EMPTY_IS_NULL)
    if node.args.get("is_null") and len({type_of(part) for part in parts}) > 1:
        raise NotTranslatable("ISNULL of unlike types, of which the first counts. Use COALESCE")
    return node


def _check_conditions(node: Node, rules: Rules, type_of: TypeOf) -> None:
    """Check the conditions of a choice."""
    branches = node.args.get("ifs") or ()
    if isinstance(node, exp.Case) and node.this is not None:
        for branch in branches:
            if rules.skips_nulls and not is_written(branch.this):
                raise NotTranslatable("CASE of a value beside one that may be null")
            equal = exp.EQ(this=node.this.copy(), expression=branch.this.copy())
            comparison = compared(equal, rules, type_of)
            if isinstance(comparison, exp.EQ) and comparison is not equal:
                raise NotTranslatable(BUT_BY_SIGNS)
            if comparison is not equal and not is_written(branch.this):
                raise NotTranslatable(OTHER_NAN)
        return
    conditions = [branch.this for branch in branches]
    conditions += [node.this] if isinstance(node, exp.If) else []
    if of := families(conditions, type_of) - {"boolean"}:
        raise unlike(of, "a condition")


def _is(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    of = families([node.this], type_of)
    if isinstance(node.expression, exp.Boolean) and of - {"boolean"}:
        raise unlike(of, "IS TRUE or IS FALSE")
    if rules.empty_is_null and "text" in of:
        raise NotTranslatable(_EMPTY_IS_NULL)
    return node


def _literal(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    if node.args["is_string"] and node.name == "" and rules.empty_is_null:
        raise NotTranslatable(_EMPTY_IS_NULL)
    if rules.points_are_doubles and is_point(node) and not is_short(node):
        raise NotTranslatable("a number with more digits than a double has")
    if not node.args["is_string"] and "e" in node.name.lower() and rules.exponents_are_decimals:
        around = node.parent
        others = [around.this, around.expression] if isinstance(around, exp.Binary) else []
        if not any(other is not node and type_of(other) == "DOUBLE" for other in others):
            raise NotTranslatable(f"{node.name}, which is a decimal. Write it without exponent")
    return node


def _calculated(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    if node.is_number:  # with its sign
        return node
    parts = [part for part in (node.this, node.args.get("expression")) if isinstance(part, Node)]
    if not (of := families(parts, type_of)) <= {"integer", "float"}:
        raise unlike(of, "arithmetic")
    _check_floats(parts, type_of)
    is_kept = rules.keeps_negated and isinstance(node, exp.Neg)
    is_narrow = type_of(node.this) in _NARROW or node.this.is_number
    if of == {"integer"} and rules.computes_bigints and is_narrow:
        if is_kept:
            return node
        node.this.replace(exp.cast(node.this.copy(), "BIGINT"))
    elif of == {"integer"} and len(parts) > 1:
        _widen(parts, type_of)
    elif "float" in of and len(parts) > 1:
        return of_doubles(node, rules, type_of)
    return node


def _check_floats(parts: Sequence[Node], type_of: TypeOf) -> None:
    """Refuse sums of 32-bit floats.

    They are doubles in some dialects.
    """
    if len(parts) > 1 and "FLOAT" in {type_of(part) for part in parts}:
        raise NotTranslatable("arithmetic of 32-bit floats. Cast them to double")


def _widen(parts: Sequence[Node], type_of: TypeOf) -> None:
    """Make an int of a small number.

    It stands beside a written one, which is an int.
    """
    small = [part for part in parts if type_of(part) in _SMALL]
    if len(small) == len(parts):
        raise NotTranslatable("arithmetic of small whole numbers. Cast one of them to int")
    if any(part.is_number for part in parts):
        for part in small:
            part.replace(exp.cast(part.copy(), "INT"))


def _remainder(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    if (of := families([node.this, node.expression], type_of)) != {"integer"}:
        raise unlike(of, "a remainder")
    if rules.mod_is_float and "start" in node.meta:
        raise NotTranslatable("mod(a, b), which computes with floats. Write a % b")
    rest = exp.Mod(this=node.this.copy(), expression=_divisor(node))
    if not rules.mod_of_zero_is_dividend:
        return rest
    is_zero = exp.EQ(this=exp.paren(node.expression), expression=number(0))
    return exp.Case(ifs=[exp.If(this=is_zero, true=node.this.copy())], default=rest)


def _divisor(node: Node) -> Node:
    return call("NULLIF", node.expression.copy(), number(0))


def _divided(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    _check_floats([node.this, node.expression], type_of)
    of = families([node.this, node.expression], type_of)
    if rules.parts_are_fractions and _has_part(node):
        raise NotTranslatable("a division of a part of a time. Cast it to int before")
    if of == {"integer"} and rules.divides == "whole":
        return exp.IntDiv(this=node.this.copy(), expression=_divisor(node))
    is_float = "float" in of and of <= {"integer", "float"} and rules.divides_floats
    if is_float or (of == {"integer"} and rules.divides == "double"):
        return of_doubles(node, rules, type_of)
    raise unlike(of, "a division")


def _has_part(node: Node) -> bool:
    """Tell whether a part of a time is an operand that no cast has made whole."""
    if isinstance(node, exp.Cast):
        return False
    return isinstance(node, _PARTS) or any(map(_has_part, node.iter_expressions()))


def _joined(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    of = families([node.this, node.expression], type_of)
    if not rules.joins_texts or of != {"text"}:
        raise unlike(of, "||")
    return node


def _counted(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    of = families([node.this], type_of)
    if not rules.counts_characters or of != {"text"}:
        raise unlike(of, "length")
    return node


def _cast(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    source, to = family_of(type_of(node.this)), node.args["to"]
    is_char = to.this in _CHARS and rules.has_long_chars
    is_whole = (is_char or to.this in _TEXT_TYPES) and not to.expressions
    if is_whole and (source == "integer" or (source == "text" and rules.casts_texts)):
        return node
    if to.this in _WHOLE_TYPES and source == "integer":
        if rules.has_bigints_only:
            return exp.cast(node.this.copy(), "BIGINT")
        return node
    if to.this == exp.DataType.Type.DOUBLE and source in ("integer", "float"):
        if rules.doubles_are_decimals:
            raise NotTranslatable("a cast to double precision, which keeps more digits there")
        return node
    raise NotTranslatable(
        f"a cast of {(source or 'this').lower()} to {to.sql().lower()}, which each dialect does in "
        "its own way"
    )


def _part(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    """Keep the year, month or day of a time.

    These are the same everywhere; other parts are refused.
    """
    of_time = node.expression if isinstance(node, exp.Extract) else node.this
    unit = node.this.name.upper() if isinstance(node, exp.Extract) else "DAY"
    of = families([of_time], type_of)
    if unit not in ("YEAR", "MONTH", "DAY") or not of <= {"date", "timestamp"}:
        what = f"the {unit.lower()} of a time, which each dialect has in its own way"
        raise NotTranslatable(what)
    return node


_PARTS = (exp.Extract, exp.Year, exp.Month, exp.Day)
_Check = Callable[[Node, Rules, TypeOf], Node]
_CHECKS: dict[type[Node], _Check] = {
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _logical),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), compared),
    **dict.fromkeys((exp.Between, exp.In, exp.Nullif), compared),
    **dict.fromkeys((exp.Case, exp.If, exp.Coalesce), _chosen),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs), _calculated),
    exp.Is: _is,
    exp.Literal: _literal,
    exp.Mod: _remainder,
    exp.Div: _divided,
    exp.DPipe: _joined,
    exp.Length: _counted,
    exp.Cast: _cast,
    **dict.fromkeys((exp.Extract, exp.Year, exp.Month, exp.Day), _part),
}
