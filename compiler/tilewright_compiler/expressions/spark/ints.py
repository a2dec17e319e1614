"""Parts that are ints or bigints in Spark.

`datediff(a, b) * 86400000` goes beyond an int, though DuckDB counts days as bigints. Spark adds
ints to a day, and refuses bigints.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from ...sql.tree import Node, NotTranslatable, TypeOf, data_type, number, paren

#: The names under which parts are marked.
_MARK, _ADDS_INT, _INT_PART = "is_int", "adds_int", "int_part"
#: Days and months beyond which a day has no timestamp in Spark, which ends its query there.
MOST_DAYS, MOST_MONTHS = 88_000_000, 2_900_000
#: Microseconds beyond which a move or another zone ends a query of Spark.
MOST_US = 92 * 10**17
_INT_TYPES = {"TINYINT", "SMALLINT", "INTEGER"}
_OPERATIONS = (exp.Add, exp.Sub, exp.Mul)
#: What goes beyond an int where its operand does not.
_TURNS = (
    *(exp.Neg, exp.Negative, exp.Abs, exp.Round, exp.BitwiseLeftShift, exp.BitwiseRightShift),
)
_ADDITIONS = (exp.Add, exp.Sub, exp.TsOrDsAdd, exp.AddMonths)
#: Functions whose value is an int, whatever their arguments are.
_INT_FUNCTIONS = (
    *(exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfYear),
    *(exp.WeekOfYear, exp.Hour, exp.Minute, exp.Second, exp.Extract, exp.DateDiff),
    *(exp.Length, exp.StrPosition, exp.Ascii, exp.ArraySize),
)
_INT_FUNCTIONS_BY_NAME = {"weekday", "cardinality", "smallint", "tinyint"}
_OF_INTS_BY_NAME = {"pmod", "positive", "bround"}
_INT_CASTS = {exp.DataType.Type.INT, exp.DataType.Type.SMALLINT, exp.DataType.Type.TINYINT}
#: Parts that are ints if all of their values are.
_OF_INTS = (
    *(*_OPERATIONS, exp.Mod, exp.Neg, exp.Negative, exp.Abs, exp.Paren, exp.Round),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot),
    *(exp.BitwiseLeftShift, exp.BitwiseRightShift),
    *(exp.Coalesce, exp.Greatest, exp.Least, exp.Nullif, exp.If, exp.Case, exp.Nvl2),
)


def mark_ints(tree: Node, type_of: TypeOf) -> None:
    """Mark the sums and products that Spark computes as ints.

    What adds days or months is marked, too, if these are ints in Spark, and beside decimals every
    part that is one: its digits count.
    """
    for node in tree.find_all(*_OPERATIONS, *_ADDITIONS, *_TURNS, exp.Bracket):
        if isinstance(node, exp.Bracket):
            if len(node.expressions) == 1 and is_int(node.expressions[0], type_of):
                node.meta[_ADDS_INT] = True
            continue
        if isinstance(node, (*_OPERATIONS, *_TURNS)) and is_int(node, type_of):
            node.meta[_MARK] = True
        if isinstance(node, _ADDITIONS) and is_int(node.expression, type_of):
            node.meta[_ADDS_INT] = True
    if _has_decimals(tree, type_of):
        for part in tree.find_all(*_INT_FUNCTIONS, *_OF_INTS, exp.Anonymous):
            if is_int(part, type_of):
                part.meta[_INT_PART] = True


def _has_decimals(tree: Node, type_of: TypeOf) -> bool:
    for node in tree.find_all(exp.Column, exp.Literal, exp.DataType, exp.Anonymous):
        match node:
            case exp.Column() if type_of(node).startswith("DECIMAL"):
                return True
            case exp.Literal() if node.is_number and not node.is_int:
                return True
            case exp.DataType() if node.this == exp.DataType.Type.DECIMAL:
                return True
            case exp.Anonymous() if node.name.lower() == "decimal":
                return True
    return False


def near(value: Node, most: int) -> Node:
    """Make null of moves far beyond our years.

    Raises NotTranslatable for such a move that is written, which ends a query of Spark.
    """
    bare = value.unnest()
    if abs(int_of(bare.this if isinstance(bare, exp.Cast) else bare) or 0) > most:
        raise NotTranslatable("a move far beyond the years 1 to 9999")
    if value.find(exp.Column) is None:
        return paren(value.copy())
    inside = exp.Between(this=paren(value.copy()), low=number(-most), high=number(most))
    return exp.Case(ifs=[exp.If(this=inside, true=value.copy())])


def is_marked(node: Node) -> bool:
    """Tell whether Spark computes an int."""
    return bool(node.meta.get(_MARK))


def narrowed(node: Node, value: Node, type_of: TypeOf) -> Node | None:
    """Make an int of the bigint that DuckDB has where Spark computes an int.

    None where it need not be made.
    """
    if not is_marked(node) or type_of(value) != "BIGINT":
        return None
    return exp.Cast(this=value.copy(), to=data_type("INTEGER"))


def adds_bigint(node: Node, type_of: TypeOf) -> bool:
    """Tell whether what is added, or a place, is a bigint in Spark."""
    value = node.expressions[0] if isinstance(node, exp.Bracket) else node.expression
    return type_of(value) in ("BIGINT", "HUGEINT") and not node.meta.get(_ADDS_INT)


def is_int_part(node: Node) -> bool:
    """Tell whether a part beside decimals is an int."""
    return bool(node.unnest().meta.get(_INT_PART) or node.meta.get(_INT_PART))


def keep_marks(node: Node, new: Node) -> None:
    """Mark what replaces a part as it was."""
    if node.meta.get(_INT_PART):
        new.meta[_INT_PART] = True


def int_of(node: Node) -> int | None:
    """Give a written whole number with its sign."""
    bare = node.this if isinstance(node, exp.Neg) else node
    if not (isinstance(bare, exp.Literal) and bare.is_int):
        return None
    return -int(bare.name) if isinstance(node, exp.Neg) else int(bare.name)


def is_int(node: Node, type_of: TypeOf) -> bool:
    """Tell whether Spark computes an int, whatever DuckDB does."""
    match node:
        case exp.Column():
            return type_of(node) in _INT_TYPES
        case exp.Literal() | exp.Neg() if (value := int_of(node)) is not None:
            return -(1 << 31) <= value < 1 << 31
        case exp.Literal():
            return False
        case exp.Cast():
            return node.to.this in _INT_CASTS
        case exp.Anonymous():
            name, parts = node.name.lower(), node.expressions
            is_same = name in _OF_INTS_BY_NAME and all(is_int(part, type_of) for part in parts)
            return is_same or name in _INT_FUNCTIONS_BY_NAME
        case exp.Null():
            return True
    if isinstance(node, _INT_FUNCTIONS):
        return True
    return isinstance(node, _OF_INTS) and all(is_int(part, type_of) for part in _values(node))


def _values(node: Node) -> Iterator[Node]:
    """List the parts that give the value of a part."""
    if isinstance(node, exp.Case):
        yield from (branch.args["true"] for branch in node.args["ifs"])
    is_choice = isinstance(node, exp.If | exp.Case | exp.Nvl2)
    for key in ("true", "false", "default") if is_choice else ("this", "expression"):
        if isinstance(part := node.args.get(key), Node):
            yield part
    yield from node.expressions
