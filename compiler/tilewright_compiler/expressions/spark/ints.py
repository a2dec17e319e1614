"""Parts that are ints or bigints in Spark.

`datediff(a, b) * 86400000` goes beyond an int, though DuckDB counts days as bigints. Spark adds
ints to a day, and refuses bigints.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from ...sql.tree import Node, TypeOf

#: The names under which parts are marked.
_MARK, _OF_BIGINTS = "is_int", "of_bigints"
_INT_TYPES = {"TINYINT", "SMALLINT", "INTEGER"}
_OPERATIONS = (exp.Add, exp.Sub, exp.Mul)
_ADDITIONS = (exp.Add, exp.Sub, exp.TsOrDsAdd, exp.AddMonths)
#: Functions whose value is an int, whatever their arguments are.
_INT_FUNCTIONS = (
    *(exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfYear),
    *(exp.WeekOfYear, exp.Hour, exp.Minute, exp.Second, exp.Extract, exp.DateDiff),
    *(exp.Length, exp.StrPosition, exp.Ascii, exp.ArraySize),
)
_INT_FUNCTIONS_BY_NAME = {"weekday", "cardinality"}
#: Parts that are ints if all of their values are.
_OF_INTS = (
    *(*_OPERATIONS, exp.Mod, exp.Neg, exp.Abs, exp.Paren, exp.Round),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot),
    *(exp.Coalesce, exp.Greatest, exp.Least, exp.Nullif, exp.If, exp.Case, exp.Nvl2),
)


def mark_ints(tree: Node, type_of: TypeOf) -> None:
    """Mark the sums and products that Spark computes as ints.

    Parts that may add days or months are marked, too, if these are bigints in Spark.
    """
    for node in tree.find_all(*_OPERATIONS, *_ADDITIONS):
        if isinstance(node, _OPERATIONS) and _is_int(node, type_of):
            node.meta[_MARK] = True
        if isinstance(node, _ADDITIONS) and _is_bigint(node.expression, type_of):
            node.meta[_OF_BIGINTS] = True


def is_marked(node: Node) -> bool:
    """Tell whether Spark computes an int."""
    return bool(node.meta.get(_MARK))


def adds_bigint(node: Node) -> bool:
    """Tell whether what is added is a bigint in Spark."""
    return bool(node.meta.get(_OF_BIGINTS))


def _is_bigint(node: Node, type_of: TypeOf) -> bool:
    match node:
        case exp.Column():
            return type_of(node) == "BIGINT"
        case exp.Literal():
            return node.is_int and int(node.name) >= 1 << 31
        case exp.Cast():
            return bool(node.to.this == exp.DataType.Type.BIGINT)
    if isinstance(node, exp.IntDiv):
        return True
    return isinstance(node, _OF_INTS) and any(_is_bigint(part, type_of) for part in _values(node))


def _is_int(node: Node, type_of: TypeOf) -> bool:
    match node:
        case exp.Column():
            return type_of(node) in _INT_TYPES
        case exp.Literal():
            return node.is_int and int(node.name) < 1 << 31
        case exp.Cast():
            return node.to.this in (exp.DataType.Type.INT, exp.DataType.Type.SMALLINT)
        case exp.Anonymous():
            name, parts = node.name.lower(), node.expressions
            is_remainder = name == "pmod" and all(_is_int(part, type_of) for part in parts)
            return is_remainder or name in _INT_FUNCTIONS_BY_NAME
        case exp.Null():
            return True
    if isinstance(node, _INT_FUNCTIONS):
        return True
    return isinstance(node, _OF_INTS) and all(_is_int(part, type_of) for part in _values(node))


def _values(node: Node) -> Iterator[Node]:
    """List the parts that give the value of a part."""
    if isinstance(node, exp.Case):
        yield from (branch.args["true"] for branch in node.args["ifs"])
    is_choice = isinstance(node, exp.If | exp.Case | exp.Nvl2)
    for key in ("true", "false", "default") if is_choice else ("this", "expression"):
        if isinstance(part := node.args.get(key), Node):
            yield part
    yield from node.expressions
