"""Expressions in dialects other than Spark's.

Only what is known to mean the same in DuckDB is translated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from ..sql.tree import Node, NotTranslatable, TypeOf, UnknownFunction, call, number
from .spark.types import families, family_of

_NUMBERS = {"integer", "float", "decimal"}
_NARROW = {"TINYINT", "SMALLINT", "INTEGER"}


@dataclass(frozen=True)
class _Rules:
    """What of a dialect's own documentation agrees with DuckDB."""

    equals_texts: bool = False
    """Whether texts are equal only if their characters are, whatever the collation."""
    orders_texts: bool = False
    """Whether texts are ordered by their characters' numbers, whatever the collation."""
    joins_texts: bool = False
    """Whether `||` puts texts together, and gives null if one is."""
    counts_characters: bool = False
    """Whether LENGTH counts characters, and not bytes."""
    divides: str = ""
    """How `/` divides whole numbers: "whole" cuts the fraction off, "double" keeps it."""
    divides_floats: bool = False
    """Whether a float divided by 0 is no number: an error, which is null here."""
    nan_is_unequal: bool = False
    """Whether NaN is neither equal to itself nor greater than all numbers."""
    computes_bigints: bool = False
    """Whether sums and products of whole numbers go on beyond 32 bits."""
    has_bigints_only: bool = False
    """Whether every whole number has 64 bits or more, whatever its type is called."""


_POSTGRES = _Rules(
    equals_texts=True,
    joins_texts=True,
    counts_characters=True,
    divides="whole",
    divides_floats=True,
)
_TRINO = _Rules(
    equals_texts=True,
    orders_texts=True,
    joins_texts=True,
    counts_characters=True,
    divides="whole",
)
#: Of other dialects only numbers, conditions and comparisons are taken.
_DIALECTS: dict[str, _Rules] = {
    # Texts have collations of the database; bytes of texts decide whether they are equal.
    "postgres": _POSTGRES,
    # LEN ignores spaces at the end of CHAR.
    "redshift": _Rules(equals_texts=True, joins_texts=True, divides="whole", divides_floats=True),
    # Presto has changed how it compares NaN.
    "presto": _TRINO,
    **dict.fromkeys(("trino", "athena"), replace(_TRINO, nan_is_unequal=True)),
    "bigquery": _Rules(
        equals_texts=True,
        orders_texts=True,
        joins_texts=True,
        counts_characters=True,
        divides="double",
        divides_floats=True,
        nan_is_unequal=True,
        computes_bigints=True,
        has_bigints_only=True,
    ),
    # `/` of whole numbers is a decimal with six digits.
    "snowflake": _Rules(
        equals_texts=True,
        orders_texts=True,
        joins_texts=True,
        counts_characters=True,
        computes_bigints=True,
        has_bigints_only=True,
    ),
    # A sum has twice the bits of its parts, up to 64.
    "clickhouse": _Rules(
        equals_texts=True, orders_texts=True, nan_is_unequal=True, computes_bigints=True
    ),
    # They compute whole numbers in 64 bits.
    **dict.fromkeys(("mysql", "sqlite"), _Rules(computes_bigints=True, has_bigints_only=True)),
}
_NONE = _Rules()

_PLAIN = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.DataType),
    *(exp.DataTypeParam, exp.Var, exp.Is),
)
_OTHER_NAN = "a comparison of floats, of which the dialect never calls two NaN equal"
_ORDERED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_WHOLE_TYPES = {exp.DataType.Type.INT, exp.DataType.Type.BIGINT}


def adapt(tree: Node, dialect: str, type_of: TypeOf) -> Node:
    """Translate a tree of a dialect, or refuse it.

    `a / b` of whole numbers in Postgres gives `a // NULLIF(b, 0)`.

    Raises NotTranslatable if a part is not known to give the same value.
    """
    rules = _DIALECTS.get(dialect, _NONE)
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
    found: Node = holder.this
    return found


def _unlike(of: set[str], what: str) -> NotTranslatable:
    shown = " and ".join(sorted(one.lower() for one in of))
    return NotTranslatable(f"{what} of {shown}, which each dialect does in its own way")


def _logical(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
    if (of := families(parts, type_of)) - {"boolean"}:
        raise _unlike(of, node.key)
    return node


def _compared(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    keys = ("this", "expression", "low", "high")
    parts = [part for key in keys if isinstance(part := node.args.get(key), Node)]
    parts += node.expressions
    of = families(parts, type_of)
    if len(of) > 1 and not of <= _NUMBERS:
        raise _unlike(of, "a comparison")
    is_equality = isinstance(node, exp.EQ | exp.NEQ | exp.In | exp.Nullif)
    if "text" in of and not (rules.equals_texts if is_equality else rules.orders_texts):
        raise NotTranslatable("a comparison of texts, which the dialect does by its collation")
    if "float" in of and rules.nan_is_unequal:
        return _compared_with_nan(node, parts, type_of)
    return node


def _compared_with_nan(node: Node, parts: Sequence[Node], type_of: TypeOf) -> Node:
    """Write a comparison that no NaN meets, but for `<>`.

    In DuckDB NaN equals itself and is greater than all numbers.
    """
    parts = [part for part in parts if not _is_written(part)]
    floats = [part for part in parts if family_of(type_of(part)) == "float"]
    if not floats:  # a number that is written is not NaN
        return node
    if not isinstance(node, _ORDERED):
        # With numbers that are written none of these tells NaN from others.
        bounds = [node.args.get("low"), node.args.get("high")]
        if len(parts) > 1 or not all(map(_is_written, bounds)):
            raise NotTranslatable(_OTHER_NAN)
        return node
    is_nan = exp.or_(*(call("ISNAN", part.copy()) for part in floats))
    there = [exp.not_(exp.Is(this=exp.paren(part), expression=exp.Null())) for part in parts]
    is_unequal = exp.Boolean(this=isinstance(node, exp.NEQ))
    beside = exp.and_(exp.paren(is_nan), *there) if len(parts) > 1 else is_nan
    return exp.Case(ifs=[exp.If(this=beside, true=is_unequal)], default=node.copy())


def _is_written(part: Node | None) -> bool:
    return part is None or part.unnest().is_number or isinstance(part.unnest(), exp.Literal)


def _chosen(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
        return node
    if isinstance(node, exp.Case) and node.this is not None:
        for branch in node.args["ifs"]:
            equal = exp.EQ(this=node.this.copy(), expression=branch.this.copy())
            if _compared(equal, rules, type_of) is not equal and not _is_written(branch.this):
                raise NotTranslatable(_OTHER_NAN)
    branches = [branch.args["true"] for branch in node.args.get("ifs") or ()]
    if isinstance(node, exp.Coalesce):
        branches = [node.this, *node.expressions]
    named = [node.args.get(key) for key in ("true", "false", "default")]
    of = families([*branches, *(part for part in named if part is not None)], type_of)
    if len(of) > 1 and not of <= {"integer", "float"}:
        raise _unlike(of, "a choice")
    return node


def _calculated(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    if node.is_number:  # with its sign
        return node
    parts = [part for part in (node.this, node.args.get("expression")) if isinstance(part, Node)]
    if not (of := families(parts, type_of)) <= {"integer", "float"}:
        raise _unlike(of, "arithmetic")
    if of == {"integer"} and rules.computes_bigints and type_of(node.this) in _NARROW:
        node.this.replace(exp.cast(node.this.copy(), "BIGINT"))
    return node


def _remainder(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    if (of := families([node.this, node.expression], type_of)) != {"integer"}:
        raise _unlike(of, "a remainder")
    return exp.Mod(this=node.this.copy(), expression=_divisor(node))


def _divisor(node: Node) -> Node:
    return call("NULLIF", node.expression.copy(), number(0))


def _divided(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    of = families([node.this, node.expression], type_of)
    if of == {"integer"} and rules.divides == "whole":
        return exp.IntDiv(this=node.this.copy(), expression=_divisor(node))
    is_float = "float" in of and of <= {"integer", "float"} and rules.divides_floats
    if is_float or (of == {"integer"} and rules.divides == "double"):
        return exp.Div(this=node.this.copy(), expression=_divisor(node), safe=False)
    raise _unlike(of, "a division")


def _joined(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    of = families([node.this, node.expression], type_of)
    if not rules.joins_texts or of != {"text"}:
        raise _unlike(of, "||")
    return node


def _counted(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    of = families([node.this], type_of)
    if not rules.counts_characters or of != {"text"}:
        raise _unlike(of, "length")
    return node


def _cast(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
    source, to = family_of(type_of(node.this)), node.args["to"]
    is_text = to.this in exp.DataType.TEXT_TYPES and not to.expressions
    if is_text and source in ("integer", "text"):
        return node
    if to.this in _WHOLE_TYPES and source == "integer":
        if rules.has_bigints_only:
            return exp.cast(node.this.copy(), "BIGINT")
        return node
    if to.this == exp.DataType.Type.DOUBLE and source in ("integer", "float"):
        return node
    raise NotTranslatable(
        f"a cast of {(source or 'this').lower()} to {to.sql().lower()}, which each dialect does in "
        "its own way"
    )


def _part(node: Node, rules: _Rules, type_of: TypeOf) -> Node:
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


_Check = Callable[[Node, _Rules, TypeOf], Node]
_CHECKS: dict[type[Node], _Check] = {
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _logical),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _compared),
    **dict.fromkeys((exp.Between, exp.In, exp.Nullif), _compared),
    **dict.fromkeys((exp.Case, exp.If, exp.Coalesce), _chosen),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs), _calculated),
    exp.Mod: _remainder,
    exp.Div: _divided,
    exp.DPipe: _joined,
    exp.Length: _counted,
    exp.Cast: _cast,
    **dict.fromkeys((exp.Extract, exp.Year, exp.Month, exp.Day), _part),
}
