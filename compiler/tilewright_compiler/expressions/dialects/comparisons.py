"""Comparisons in dialects other than Spark's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, call, text
from ..spark.types import families, family_of
from .rules import Rules

#: The families of numbers, each wider than those before it.
_RANKS = {"integer": 1, "decimal": 2, "float": 3}
_NUMBERS = set(_RANKS)
OTHER_NAN = "a comparison of floats, of which the dialect never calls two NaN equal"
_ORDERED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
#: Digits that every double keeps.
_DIGITS_OF_DOUBLES = 15
BUT_BY_SIGNS = "a comparison of texts but by =, <> or IN"


def unlike(of: set[str], what: str) -> NotTranslatable:
    """Say that unlike parts stand together."""
    shown = " and ".join(sorted(one.lower() for one in of))
    return NotTranslatable(f"{what} of {shown}, which each dialect does in its own way")


def compared(node: Node, rules: Rules, type_of: TypeOf) -> Node:
    """Translate a comparison, or refuse it."""
    keys = ("this", "expression", "low", "high")
    parts = [part for key in keys if isinstance(part := node.args.get(key), Node)]
    parts += node.expressions
    of = alike(parts, _NUMBERS, type_of, "a comparison")
    check_numbers(parts, rules, type_of)
    if isinstance(node, exp.Nullif):
        _check_widened(parts[0], parts[1], type_of)
    if rules.skips_nulls and not all(map(is_written, node.expressions)):
        raise NotTranslatable("what may be null in a list. Compare it by =")
    if rules.skips_nulls and "float" in of and any(map(_is_zero, node.expressions)):
        raise NotTranslatable("a float in a list with 0, in which -0.0 is not found. Compare by =")
    is_equality = isinstance(node, exp.EQ | exp.NEQ | exp.In | exp.Nullif)
    if "text" in of and not (rules.equals_texts if is_equality else rules.orders_texts):
        raise NotTranslatable("a comparison of texts, which the dialect does by its collation")
    if "text" in of and rules.ignores_blanks:
        return _without_blanks(node)
    if "float" in of and rules.nan_is_unequal:
        return _compared_with_nan(node, parts, type_of)
    return node


def _check_widened(value: Node, other: Node, type_of: TypeOf) -> None:
    """Refuse NULLIF of a number beside a wider one.

    In some dialects it takes the type of that one.
    """
    ranks = [_RANKS.get(family_of(type_of(part)) or "", 0) for part in (value, other)]
    if ranks[0] < ranks[1] and not isinstance(value.unnest(), exp.Null):
        raise NotTranslatable("NULLIF of a number and one with a fraction. Cast the first to it")


def alike(parts: Sequence[Node], mixed: set[str], type_of: TypeOf, what: str) -> set[str]:
    """Check that parts are of one family.

    Numbers of the families `mixed` may stand together, but no 32-bit float with others, nor an
    instant with a time of no zone.
    """
    of = families(parts, type_of)
    if len(of) > 1 and not of <= mixed:
        raise unlike(of, what)
    kinds = {type_of(part) for part in parts if not isinstance(part.unnest(), exp.Null)}
    if len(kinds) > 1 and ("FLOAT" in kinds or of == {"timestamp"}):
        raise unlike(kinds, what)
    return of


def check_numbers(parts: Sequence[Node], rules: Rules, type_of: TypeOf) -> None:
    """Refuse numbers that only some engines compare as doubles."""
    kinds = [type_of(part) for part in parts if not is_short(part)]
    if rules.compares_exactly and "BIGINT" in kinds and "DOUBLE" in kinds:
        raise unlike({"bigint", "double"}, "a comparison")


def _is_zero(part: Node) -> bool:
    return part.is_number and float(part.sql()) == 0


def is_short(part: Node) -> bool:
    """Tell whether a number is written and short."""
    bare = part.unnest()
    digits = bare.this if isinstance(bare, exp.Neg) else bare
    is_number = isinstance(digits, exp.Literal) and not digits.is_string
    return is_number and len(digits.name.replace(".", "")) <= _DIGITS_OF_DOUBLES


def _without_blanks(node: Node) -> Node:
    """Compare texts without the blanks at their ends."""
    if not isinstance(node, exp.EQ | exp.NEQ | exp.In):
        raise NotTranslatable(BUT_BY_SIGNS)
    new = node.copy()
    for key in ("this", "expression"):
        if isinstance(part := node.args.get(key), Node):
            new.set(key, call("RTRIM", part.copy(), text(" ")))
    new.set("expressions", [call("RTRIM", part.copy(), text(" ")) for part in node.expressions])
    return new


def _compared_with_nan(node: Node, parts: Sequence[Node], type_of: TypeOf) -> Node:
    """Write a comparison that no NaN meets, but for `<>`.

    In DuckDB NaN equals itself and is greater than all numbers.
    """
    parts = [part for part in parts if not is_written(part)]
    floats = [part for part in parts if family_of(type_of(part)) == "float"]
    if not floats:  # a number that is written is not NaN
        return node
    if not isinstance(node, _ORDERED):
        # With numbers that are written none of these tells NaN from others.
        bounds = [node.args.get("low"), node.args.get("high")]
        if len(parts) > 1 or not all(map(is_written, bounds)):
            raise NotTranslatable(OTHER_NAN)
        return node
    is_nan = exp.or_(*(call("ISNAN", part.copy()) for part in floats))
    there = [exp.not_(exp.Is(this=exp.paren(part), expression=exp.Null())) for part in parts]
    is_unequal = exp.Boolean(this=isinstance(node, exp.NEQ))
    beside = exp.and_(exp.paren(is_nan), *there) if len(parts) > 1 else is_nan
    return exp.Case(ifs=[exp.If(this=beside, true=is_unequal)], default=node.copy())


def is_point(part: Node) -> bool:
    """Tell whether a part is a number that is written with a point."""
    return part.unnest().is_number and "." in part.sql() and "e" not in part.sql().lower()


def is_written(part: Node | None) -> bool:
    """Tell whether a part is written, or missing."""
    return part is None or part.unnest().is_number or isinstance(part.unnest(), exp.Literal)
