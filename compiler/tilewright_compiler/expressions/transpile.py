"""The author's expressions for engines other than DuckDB.

They are written as far as they are known to give the same values there.
"""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..plan.model import Source
from ..quoting import quoted
from ..sql.dialects import DIALECTS, SqlDialect
from ..sql.ranges import within_types
from ..sql.spark import SPARK_FAMILY, reading
from ..sql.tree import Node, NotTranslatable, TypeOf, call
from .binder import shared_binder
from .failures import uncontained
from .parsing import ExpressionError, parse, shown
from .spark.overflows import overflows, without_overflow

#: What has one meaning in every dialect of the table, once DuckDB's corrected form of an expression
#: is translated.
_SAME = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Is,
    exp.In, exp.Between,
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Add, exp.Sub, exp.Mul, exp.Div,
    exp.Neg, exp.Abs, exp.Trunc,
    exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Upper, exp.Lower, exp.DPipe,
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null,
)  # fmt: skip


#: What the raw events are called where they are selected from: some dialects prefer the names of
#: the select's results to those of its columns where a name has nothing before it.
RAW = "raw"


class NotPortable(Exception):
    """An expression that the dialect would not compute alike.

    It computes it in another way, or not at all. The text says why and what to do.
    """


def portable(text: str, source: Source, dialect: SqlDialect) -> str:
    """One expression of a source in a dialect.

    Where the author wrote that dialect it is written as it is, its identifiers quoted. Anything
    else takes the way of the embedded writer, whose DuckDB SQL says in full what Spark means (`a /
    b` is `a / NULLIF(b, 0)`), and may hold only what has one meaning everywhere.

    Raises:
        NotPortable: if a part has no certain translation.
    """
    return _portable(
        text,
        source.dialect,
        tuple((column.name, column.type) for column in source.columns),
        dialect.name,
    )


def overflowing(text: str, source: Source, dialect: SqlDialect) -> str | None:
    """Write when an expression's whole numbers go beyond their types.

    None where that cannot be, or is not known: only Spark's dialects say so.
    """
    if source.dialect not in SPARK_FAMILY or dialect.name not in SPARK_FAMILY:
        return None
    columns = {column.name: column.type for column in source.columns}
    tree = without_overflow(parse(text, source.dialect), _typing(source.dialect, columns))
    conditions = overflows(tree)
    if not conditions:
        return None
    return _written(exp.or_(*conditions), source.dialect, list(columns), dialect.name)


@lru_cache(maxsize=4096)  # asked first whether it can be written, then to write it
def _portable(text: str, written: str, columns: tuple[tuple[str, str], ...], wanted: str) -> str:
    if _same(written, wanted):
        tree = parse(text, written)
        if written in SPARK_FAMILY:
            tree = without_overflow(tree, _typing(written, dict(columns)))
        return _written(tree, written, [name for name, _ in columns], wanted)
    bound = shared_binder().bind(text, written, dict(columns))
    if wanted == "duckdb":  # what cannot be computed is null, as in the embedded writer
        is_column = bound.sql in {quoted(name) for name, _ in columns}
        return bound.sql if is_column else f"TRY({bound.sql})"
    tree = uncontained(sqlglot.parse_one(bound.sql, read="duckdb"))
    refused = tuple(DIALECTS[wanted].refused)
    for node in tree.walk():
        if isinstance(node, refused) or not isinstance(node, _SAME):
            raise NotPortable(
                f"{shown(text)} holds {shown(node.sql('duckdb'))} (in DuckDB's words), which is "
                "not known to give the same value "
                f"in {wanted}. "
                f"Compute the column in a view, or write the source's expressions in {wanted} "
                f"with Query(dialect={wanted!r})"
            )
    try:
        tree = within_types(tree, DIALECTS[wanted], _typing("duckdb", dict(columns)))
    except NotTranslatable as error:
        raise NotPortable(
            f"{shown(text)} holds {error}, a type that {wanted} does not have. Cast to double"
        ) from None
    for column in tree.find_all(exp.Column):
        column.set("table", exp.to_identifier(RAW))
    return _generated(_plain_division(tree), text, wanted)


def _typing(written: str, columns: dict[str, str]) -> TypeOf:
    """Make the function that types parts of an expression.

    Types are DuckDB's; what is no value has none.
    """

    def of_tree(tree: Node) -> str:
        try:
            return shared_binder().bind(tree.sql(reading(written)), written, columns).type
        except ExpressionError:
            return ""

    return of_tree


def _same(written: str, wanted: str) -> bool:
    return written == wanted or (written in SPARK_FAMILY and wanted in SPARK_FAMILY)


def _written(tree: Node, written: str, columns: list[str], wanted: str) -> str:
    by_folded = {name.casefold(): name for name in columns}
    for column in tree.find_all(exp.Column):
        column.set("this", exp.to_identifier(by_folded[column.name.casefold()], quoted=True))
        column.set("table", exp.to_identifier(RAW))
    return _generated(tree.transform(_as_spark_has_it), tree.sql(written), wanted)


def _as_spark_has_it(node: Node) -> Node:
    """Write what sqlglot would write in other words.

    It drops the pattern of a date that it takes for the default, though Spark reads more without
    it, and makes an operator of a function that matches texts, whose order is another.
    """
    match node:
        case exp.TsOrDsToDate() if (pattern := node.args.get("format")) is not None:
            return call("TO_DATE", node.this, pattern)
        case exp.RegexpLike() if isinstance(node.parent, exp.Binary | exp.Unary | exp.Predicate):
            return exp.paren(node, copy=False)
    return node


def _plain_division(tree: Node) -> Node:
    """Make every division one of doubles.

    DuckDB divides doubles whatever it is given; others divide integers or decimals as such.
    """
    for node in list(tree.find_all(exp.Div)):
        node.set("this", exp.cast(node.this, "double"))
        node.set("expression", exp.cast(node.expression, "double"))
        node.set("typed", False)
    return tree


def _generated(tree: Node, text: str, dialect: str) -> str:
    try:
        raised = sqlglot.ErrorLevel.RAISE
        written = reading(dialect)
        return str(tree.sql(written, identify=True, comments=False, unsupported_level=raised))
    except SqlglotError as error:
        reason = " ".join(str(error).split())
        raise NotPortable(
            f"{shown(text)} cannot be written for {dialect}: {reason}. Compute the column in a view"
        ) from None
