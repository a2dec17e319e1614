"""The author's expressions, written again as DuckDB SQL.

They are parsed, and checked for what cannot run for each row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tilewright.suggestions import nearest

from ..sql.spark import SPARK_FAMILY
from ..sql.tree import Node, NotTranslatable, TypeOf, UnknownFunction
from .dialects.adapt import adapt
from .dialects.calls import check_connectors, check_names
from .failures import contained
from .parsing import (
    COLUMNS,
    ExpressionError,
    Scope,
    as_column,
    parse,
    quiet,
    shown,
    sqlglot_dialect,
)
from .spark.calls import check_calls, check_lengths
from .spark.functions import correct
from .volatility import is_of_arguments

#: Macros of DuckDB that make several rows of one, and functions that make lists of any length.
_OF_ROWS = frozenset(
    {"regexp_split_to_table", "generate_subscripts", "list_resize", "array_resize"}
)


class Facts(Protocol):
    """What DuckDB is asked while an expression is translated."""

    def type_of(self, sql: str, columns: dict[str, str]) -> str:
        """The type of a part in DuckDB SQL."""
        ...

    def is_volatile(self, function: str) -> bool:
        """Tell whether a function depends on more than its arguments.

        One that does not exist is not volatile.
        """
        ...

    def is_pattern(self, pattern: str) -> bool:
        """Whether a regular expression can be run."""
        ...

    def is_zone(self, name: str) -> bool:
        """Whether there is such a time zone."""
        ...


@dataclass(frozen=True)
class Expression:
    """An expression in DuckDB SQL, with the columns it reads.

    The columns are in the order of their appearance.
    """

    sql: str
    columns: tuple[str, ...]


def translate(
    text: str,
    dialect: str,
    columns: dict[str, str],
    database: Facts,
    scope: Scope = COLUMNS,
) -> Expression:
    """Translate one scalar expression over columns of DuckDB types.

    `price * quantity` gives `"price" * "quantity"`. Messages speak of columns in the words of
    `scope`.

    Raises:
        ExpressionError: if the text is not one scalar expression over the columns.
    """
    try:
        tree = parse(text, dialect, scope)
    except ExpressionError as error:
        raise ExpressionError(error.code, f"{error}{_meant(text, dialect, columns)}") from None
    used = _columns(tree, text, columns, scope)
    try:
        if dialect in SPARK_FAMILY:
            check_calls(tree, text, dialect)
        elif dialect != "duckdb":
            check_names(tree, text)
        if dialect == "clickhouse":
            check_connectors(text, dialect)
        return Expression(_written(tree, dialect, columns, database), used)
    except NotTranslatable as error:
        advice = f" {scope.instead}" if isinstance(error, UnknownFunction) else ""
        raise ExpressionError(
            "TW024", f"{shown(text)} holds {str(error).rstrip('.')}.{advice}"
        ) from None
    except SqlglotError as error:
        raise ExpressionError(
            "TW024", f"{shown(text)} cannot be written for DuckDB: {' '.join(str(error).split())}."
        ) from None


def _written(tree: Node, dialect: str, columns: dict[str, str], database: Facts) -> str:
    """Write a checked tree in DuckDB SQL.

    It means there what it means in its dialect.
    """
    _check_zones(tree, database)
    if dialect != "duckdb" and tree.find(exp.Lambda) is not None:
        raise NotTranslatable("a function of elements. Take them one by one, as in x[0]")
    if dialect != "duckdb":
        type_of = _typing(columns, database)
        is_spark = dialect in SPARK_FAMILY
        tree = correct(tree, type_of) if is_spark else adapt(tree, dialect, type_of)
        tree = contained(tree, type_of)
    if dialect == "duckdb":
        check_lengths(tree)
        _check_patterns(tree, database)
    sql = _generate(tree)
    if dialect == "duckdb":
        _check_functions(sql, database)
    return sql


def _meant(text: str, dialect: str, columns: dict[str, str]) -> str:
    """Advise on a reserved word that may be a column."""
    words = set(re.findall(r"\w+", text))
    column = next(
        (name for name in columns if name in words and as_column(name, dialect) != name), None
    )
    return (
        ""
        if column is None
        else f" If {column!r} is the column, write {as_column(column, dialect)}."
    )


def _generate(tree: Node) -> str:
    """Write a tree, which is of no use afterwards."""
    raised = sqlglot.ErrorLevel.RAISE
    with quiet():
        return str(
            tree.sql(
                sqlglot_dialect("duckdb"),
                copy=False,
                identify=True,
                comments=False,
                unsupported_level=raised,
            )
        )


def _typing(columns: dict[str, str], database: Facts) -> TypeOf:
    """Make the function that types parts of one expression.

    A part is asked for by each operator around it, so its type is remembered.
    """
    known: dict[Node, str] = {}

    def of_tree(tree: Node) -> str:
        bare = tree.unnest()
        if isinstance(bare, exp.Column):
            return columns[bare.name]
        if isinstance(bare, exp.Literal):
            return _type_of_literal(bare)
        kind = known.get(bare)
        if kind is None:
            kind = known[bare] = database.type_of(_generate(bare.copy()), columns)
        return kind

    return of_tree


def _type_of_literal(literal: exp.Literal) -> str:
    if literal.is_string:
        return "VARCHAR"
    if literal.is_int:
        return "INTEGER" if int(literal.name) < 1 << 31 else "BIGINT"
    if "e" in literal.name.lower():
        return "DOUBLE"
    whole, _, fraction = literal.name.partition(".")
    digits = max(len(whole.lstrip("0")) + len(fraction), 1)
    if digits > 38:
        raise NotTranslatable(f"{literal.name}, which has more than 38 digits")
    return f"DECIMAL({digits},{len(fraction)})"


def _check_zones(tree: Node, database: Facts) -> None:
    # DuckDB would meet an unknown zone only at the first row, and end the write.
    for node in tree.find_all(exp.AtTimeZone, exp.FromTimeZone):
        zone = node.args["zone"]
        if not isinstance(zone, exp.Literal) or not database.is_zone(zone.name):
            raise NotTranslatable(
                f"{zone.name!r}, which is not a time zone. Write one such as 'America/New_York'"
            )


def _check_functions(sql: str, database: Facts) -> None:
    """Refuse functions that depend on more than their arguments.

    They are looked for in DuckDB SQL.
    """
    code = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""", "''", sql)
    for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*(?=\s*\()", code)):
        if name.lower() in _OF_ROWS:
            raise NotTranslatable(f"the function {name.lower()}, which makes rows or long lists")
        if not is_of_arguments(name) or database.is_volatile(name.lower()):
            what = "which is unknown or gives another value each time"
            raise NotTranslatable(f"the function {name.lower()}, {what}")


def _check_patterns(tree: Node, database: Facts) -> None:
    """Check literal regular expressions.

    A wrong one would otherwise be null for every row.
    """
    for node in tree.find_all(exp.Func):
        if "REGEXP" in (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).upper():
            pattern = node.expressions[1:2] or [node.expression]
            if isinstance(pattern[0], exp.Literal) and not database.is_pattern(pattern[0].name):
                raise NotTranslatable(
                    f"the regular expression {pattern[0].name!r}, which DuckDB cannot run"
                )


def _columns(tree: Node, text: str, columns: dict[str, str], scope: Scope) -> tuple[str, ...]:
    by_folded = {name.casefold(): name for name in columns}
    used: dict[str, None] = {}
    for column in tree.find_all(exp.Column):
        if column.table:
            what = f"{scope.thing}s have no table before them. Write {column.name!r}."
            if (owner := by_folded.get(column.table.casefold())) is not None:
                what = _of_field(owner, columns[owner], column.name)
            raise ExpressionError("TW020", f"{shown(text)} reads {column.sql()!r}: {what}")
        if (name := by_folded.get(column.name.casefold())) is None:
            what = (
                f"{shown(text)} reads the {scope.thing} {column.name!r}, {scope.missing}. "
                f"{nearest(column.name, columns)}"
            )
            raise ExpressionError("TW020", what)
        column.set("this", exp.to_identifier(name, quoted=True))
        used[name] = None
    if any(not columns[name] for name in used):
        raise ExpressionError("", "a column without a readable type, which is reported by itself")
    return tuple(used)


def _of_field(owner: str, kind: str, field: str) -> str:
    """Say how a field of a column is taken.

    That depends on the column's type.
    """
    if kind == "VARCHAR":
        return f"a text has no fields; of JSON, write get_json_object({owner}, '$.{field}')."
    if kind.startswith("MAP("):
        return f"a map has its values by keys. Write {owner}['{field}']."
    if kind.endswith("[]"):
        return f"a field is taken of one element. Write {owner}[0].{field}."
    return f"{owner!r} has no fields."
