"""Whole numbers that overflow their type, in Spark SQL.

They become null, where Spark would wrap round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from ...sql.tree import Node, TypeOf, call, number, paren
from .ints import MOST_DAYS, MOST_MONTHS, MOST_US, is_int
from .types import family_of

#: DuckDB type -> its bits but for the sign.
_WHOLE = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}
#: What sqlglot has no class for.
_BY_NAME = frozenset({"tinyint", "smallint", "bigint", "bround"})
#: Spark's arithmetic that gives null where it goes beyond its type.
_TRYING = frozenset({"TRY_ADD", "TRY_SUBTRACT", "TRY_MULTIPLY"})
#: What ends a query of Spark beyond its range: the largest number on both sides. The calendar of
#: answers ends long before.
_ENDING = {
    "timestamp_seconds": MOST_US // 10**6,
    "timestamp_millis": MOST_US // 10**3,
    "timestamp_micros": MOST_US,
    "make_date": 100_000,
}
#: Where Spark makes an int of a bigint unasked, by the part's name.
_INT_PARTS: Mapping[type[Node], tuple[str, ...]] = {
    exp.Substring: ("start", "length"),
    **dict.fromkeys((exp.Left, exp.Right, exp.Pad), ("expression",)),
    exp.Repeat: ("times",),
    exp.StrPosition: ("position",),
    exp.Space: ("this",),
}
_TIMES = ("DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP")
#: Seconds between which a time may be moved in Spark.
_SECONDS = (str(-MOST_US // 10**6), str(MOST_US // 10**6))
_BEYOND_BIGINT = (str(-(1 << 63) - 1), str(1 << 63))
#: A decimal with room for every whole number and its rounding.
_WIDE = "DECIMAL(20,0)"


def without_overflow(tree: Node, type_of: TypeOf) -> Node:
    """Write whole-number parts so that overflows are null.

    `type_of` gives the DuckDB type of a part in Spark SQL. `sec * 1000` of an int gives
    `TRY_MULTIPLY(sec, 1000)`.
    """
    _write_ints(tree, type_of)
    # Types are those of the parts as they were written, so all are asked for first.
    typed: list[tuple[Node, str, str]] = []
    for node in tree.walk():
        if _may_overflow(node) and (kind := type_of(node)) in (*_WHOLE, *_TIMES):
            kind = "INTEGER" if kind == "BIGINT" and is_int(node, type_of) else kind
            typed.append((node, kind, _type_of_operand(node, kind, type_of)))
    for node, kind, own in reversed(typed):
        written = _RULES[type(node)](node, kind, own)
        if node is tree:
            tree = written
        elif written is not node:
            node.replace(written)
    return _without_end(tree)


def _write_ints(tree: Node, type_of: TypeOf) -> None:
    """Write the ints that Spark makes of bigints, and null for the place 0, which ends a query."""
    for node in tree.find_all(*_INT_PARTS, exp.Bracket):
        if isinstance(node, exp.Bracket):
            place = node.expressions[0]
            if node.args.get("offset") and type_of(node.this).endswith("[]") and _reads(place):
                node.set("expressions", [exp.Nullif(this=place.copy(), expression=number(0))])
            continue
        for key in _INT_PARTS[type(node)]:
            part = node.args.get(key)
            if part is None or not _reads(part) or type_of(part) != "BIGINT":
                continue
            if not is_int(part, type_of):
                part.replace(exp.cast(part.copy(), "INT"))


def _reads(part: Node) -> bool:
    """Tell whether a part reads a column."""
    return part.find(exp.Column) is not None


def _without_end(tree: Node) -> Node:
    """Make null of times that would end the query."""
    whole = exp.paren(tree)
    for node in reversed(list(whole.find_all(exp.Anonymous, exp.AddMonths, exp.TsOrDsAdd))):
        if isinstance(node, exp.AddMonths):
            value, most = node.expression, MOST_MONTHS
        elif isinstance(node, exp.TsOrDsAdd):
            value, most = node.expression, MOST_DAYS
        elif node.name.lower() in _ENDING:
            value, most = node.expressions[0], _ENDING[node.name.lower()]
        else:
            continue
        if value.find(exp.Column) is not None:
            node.replace(_bounded(node, value, most))
    bounded: Node = whole.this
    return bounded


def _bounded(node: Node, value: Node, most: int) -> Node:
    inside = exp.Between(this=paren(value.copy()), low=number(-most), high=number(most))
    return exp.If(this=inside, true=node.copy(), false=exp.Null())


def overflows(tree: Node) -> list[Node]:
    """Write when arithmetic of `without_overflow` goes beyond its type.

    It gives null where both of its operands are there.
    """
    conditions: list[Node] = []
    for node in tree.find_all(exp.Anonymous):
        if node.name in _TRYING:
            there = [_is_there(part) for part in node.expressions if not part.is_number]
            is_null = exp.Is(this=node.copy(), expression=exp.Null())
            conditions.append(exp.and_(*there, is_null))
        elif node.name.lower() in _ENDING and isinstance(node.parent, exp.If):
            value = node.expressions[0]
            if not value.is_number:  # else the choice is the author's
                outside = exp.Is(this=exp.paren(node.parent.copy()), expression=exp.Null())
                conditions.append(exp.and_(_is_there(value), outside))
    return conditions


def _is_there(value: Node) -> Node:
    return exp.not_(exp.Is(this=exp.paren(value.copy()), expression=exp.Null()))


def _may_overflow(node: Node) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _BY_NAME
    return type(node) in _RULES


def _type_of_operand(node: Node, kind: str, type_of: TypeOf) -> str:
    """Give the type of what is cast or moves a day.

    It is empty for rules that do not need it.
    """
    if kind == "DATE" and isinstance(node, exp.Add | exp.Sub):
        return type_of(node.expression)
    if isinstance(node, exp.Anonymous):
        return type_of(node.expressions[0])
    if isinstance(node, exp.IntDiv) and family_of(type_of(node.expression)) == "decimal":
        return type_of(node.expression)
    is_read = isinstance(node, exp.Cast | exp.TryCast | exp.Ceil | exp.Floor | exp.IntDiv)
    return type_of(node.this) if is_read else ""


def _called(node: Node, kind: str, own: str) -> Node:
    """Translate a cast or rounding that is called by name."""
    name = node.name.lower()
    if name == "bround":
        return _rounded(node, kind, own)
    return _casted(exp.cast(node.expressions[0].copy(), kind, dialect="duckdb"), kind, own)


def _tried(name: str) -> Callable[[Node, str, str], Node]:
    def rule(node: Node, kind: str, own: str) -> Node:
        if kind in _TIMES:
            is_moved = family_of(own) == "integer" and node.expression.find(exp.Column) is not None
            return _bounded(node, node.expression, MOST_DAYS) if is_moved else node
        return call(name, node.this.copy(), node.expression.copy())

    return rule


def _negated(node: Node, kind: str, own: str) -> Node:
    if isinstance(node.this, exp.Literal):
        return node
    return _opposite(node.this, kind)


def _absolute(node: Node, kind: str, own: str) -> Node:
    is_negative = exp.LT(this=exp.paren(node.this), expression=number(0))
    opposite = _opposite(node.this, kind)
    return exp.If(this=is_negative, true=opposite, false=node.this.copy())


def _divided(node: Node, kind: str, own: str) -> Node:
    """Divide where the quotient is a bigint.

    That by -1 is a subtraction, since the lowest number has no opposite.
    """
    if family_of(own) == "decimal":
        quotient = exp.Div(this=exp.paren(node.this), expression=exp.paren(node.expression))
        return _within(node, exp.GT, *_BEYOND_BIGINT, quotient)
    if own != "BIGINT" or isinstance(node.expression.unnest(), exp.Literal):
        return node
    turns = exp.EQ(this=exp.paren(node.expression), expression=exp.Neg(this=number(1)))
    return exp.If(this=turns, true=_opposite(node.this, kind), false=node.copy())


def _opposite(value: Node, kind: str) -> Node:
    is_small = kind in ("TINYINT", "SMALLINT")  # beside which 0 is an int
    zero = exp.cast(number(0), kind, dialect="duckdb") if is_small else number(0)
    return call("TRY_SUBTRACT", zero, value.copy())


def _casted(node: Node, kind: str, own: str) -> Node:
    """Cast what lies within the type.

    Spark cuts off a fraction, so what is over by less than one lies within it too.
    """
    if kind in _TIMES:
        is_number = family_of(own) in ("decimal", "float") or own == "BIGINT"
        return _within(node, exp.GT, *_SECONDS) if kind != "DATE" and is_number else node
    bits = _WHOLE[kind]
    match family_of(own):
        case "integer" if _WHOLE.get(own, 64) > bits:
            lowest, beyond = -(1 << bits) - 1, 1 << bits
        case "decimal":
            lowest, beyond = -(1 << bits) - 1, 1 << bits
        case "float" if bits < 63:
            lowest, beyond = -(1 << bits) - 1, 1 << bits
        case "float":
            return _of_float(node, kind, own)
        case _:
            return node
    unit = "D" if family_of(own) == "float" else ""
    return _within(node, exp.GT, f"{lowest}{unit}", f"{beyond}{unit}")


def _of_float(node: Node, kind: str, own: str) -> Node:
    """Make a BIGINT of a float that fits in one.

    Next to the ends of BIGINT no float has a fraction.
    """
    if family_of(own) != "float":
        return node
    bits = _WHOLE["BIGINT"]
    return _within(node, exp.GTE, f"{-(1 << bits)}D", f"{1 << bits}D")


def _within(
    node: Node, above: type[Node], lowest: str, beyond: str, part: Node | None = None
) -> Node:
    value = exp.paren(node.this) if part is None else part
    inside = exp.and_(
        above(this=value, expression=exp.var(lowest)),
        exp.LT(this=value.copy(), expression=exp.var(beyond)),
    )
    return exp.If(this=inside, true=node.copy(), false=exp.Null())


def _shifted(node: Node, kind: str, own: str) -> Node:
    """Shift to the left if no bit is lost.

    That is so if the same shift back gives the value again.
    """
    value, bits = node.this, node.expression
    shifted = call("SHIFTLEFT", value.copy(), bits.copy())
    back = call("SHIFTRIGHT", shifted.copy(), bits.copy())
    return exp.If(
        this=exp.EQ(this=back, expression=exp.paren(value)), true=shifted, false=exp.Null()
    )


def _rounded(node: Node, kind: str, own: str) -> Node:
    """Round whole numbers as wide ones.

    They are then cast as far as they fit.
    """
    wide = node.copy()
    operand = wide.expressions[0] if isinstance(wide, exp.Anonymous) else wide.this
    operand.replace(exp.cast(operand.copy(), _WIDE, dialect="duckdb"))
    return _casted(exp.cast(wide, kind, dialect="duckdb"), kind, _WIDE)


_RULES: Mapping[type[Node], Callable[[Node, str, str], Node]] = {
    exp.Add: _tried("TRY_ADD"),
    exp.Sub: _tried("TRY_SUBTRACT"),
    exp.Mul: _tried("TRY_MULTIPLY"),
    **dict.fromkeys((exp.Neg, exp.Negative), _negated),
    exp.IntDiv: _divided,
    exp.Abs: _absolute,
    exp.BitwiseLeftShift: _shifted,
    **dict.fromkeys((exp.Cast, exp.TryCast), _casted),
    exp.Round: _rounded,
    **dict.fromkeys((exp.Ceil, exp.Floor), _of_float),
    exp.Anonymous: _called,
}
