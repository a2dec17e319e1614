"""The author's expressions: parsed, checked for what cannot run per row, and written again as
DuckDB SQL.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from tilewright.suggestions import nearest

from ..sql.spark import AS_WRITTEN, SPARK_FAMILY, reading
from ..sql.tree import Node, NotTranslatable, TypeOf, UnknownFunction
from .dialects import adapt
from .spark.functions import correct

_OTHER_EACH_TIME = (
    "a function that gives another value each time: the same events must give the same values"
)
_REFUSED: tuple[tuple[tuple[type[Node], ...], str], ...] = (
    (
        (exp.Command, exp.Create, exp.Drop, exp.Alter, exp.Set, exp.Pragma, exp.DML),
        "a statement: write one expression",
    ),
    ((exp.Query, exp.Table), "a subquery: an expression sees one row only"),
    ((exp.Window,), "a window function: an expression sees one row only"),
    ((exp.AggFunc,), "an aggregate: what is aggregated is said by Aggregation(…)"),
    ((exp.UDTF, exp.Explode), "a function that makes rows: an expression gives one value a row"),
    ((exp.Star,), "'*': name the columns"),
    ((exp.Parameter, exp.Placeholder, exp.SessionParameter), "a parameter: write its value"),
    ((exp.Rand, exp.Randn, exp.Uuid), _OTHER_EACH_TIME),
)
#: Functions of the clock, of chance, of the session or of files, in whatever dialect.
_NOT_OF_ARGUMENTS = re.compile(
    r"current_.*|get_current_.*|local_?time(stamp)?|now|today|transaction_timestamp|txid_current"
    r"|sysdate|getdate|systimestamp|utc_(date|time|timestamp)|unix_now|age|ago"
    r"|rand(om|n|_.*)?|uuid.*|gen_random_uuid|newid|seq[1248]|nextval|currval|lastval|setval|setseed"
    r"|monotonically_increasing_id|shuffle|row_?number|rownum"
    r"|(session_|system_)?user|version|in_search_path|getvariable|getenv|stats|pg_.*|inet_.*|has_.*"
    r"|input_file_.*|read_.*|load_file|glob|sniff_csv|parquet_.*|query(_table)?|sleep.*|pg_sleep|error"
)


class Facts(Protocol):
    """What DuckDB is asked while an expression is translated."""

    def type_of(self, sql: str, columns: dict[str, str]) -> str:
        """The type of a part in DuckDB SQL."""
        ...

    def is_volatile(self, function: str) -> bool:
        """Whether there is such a function, and it depends on more than its arguments."""
        ...

    def is_pattern(self, pattern: str) -> bool:
        """Whether a regular expression can be run."""
        ...

    def is_zone(self, name: str) -> bool:
        """Whether there is such a time zone."""
        ...


@dataclass(frozen=True)
class Scope:
    """The words for what an expression reads, for the call that names its value, and for what to do
    without a function.
    """

    thing: str
    missing: str
    named_by: str
    instead: str


COLUMNS = Scope(
    "column",
    "which the source does not have",
    "select(…)",
    "Write it with other functions, compute the column before, or use Query(dialect='duckdb').",
)
FEATURES = Scope(
    "feature",
    "which the GroupBy does not have (and no derivation reads another)",
    "Derivation(…)",
    "Write it with other functions, or compute the value from the answer.",
)


class ExpressionError(Exception):
    """An expression that cannot be used; `code` is that of the diagnostic."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message."""
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Expression:
    """An expression in DuckDB SQL, and the columns that it reads in order of their appearance."""

    sql: str
    columns: tuple[str, ...]


def translate(
    text: str,
    dialect: str,
    columns: dict[str, str],
    database: Facts,
    scope: Scope = COLUMNS,
) -> Expression:
    """Translate one scalar expression over columns of DuckDB types; messages speak of them in the
    words of `scope`.

    `price * quantity` gives `"price" * "quantity"`.

    Raises:
        ExpressionError: if the text is not one scalar expression over the columns.
    """
    try:
        tree = parse(text, dialect, scope)
    except ExpressionError as error:
        raise ExpressionError(error.code, f"{error}{_meant(text, dialect, columns)}") from None
    used = _columns(tree, text, columns, scope)
    try:
        _check_zones(tree, database)
        if dialect != "duckdb" and tree.find(exp.Lambda) is not None:
            raise NotTranslatable("a function of elements. Take them one by one, as in x[0]")
        if dialect in SPARK_FAMILY:
            tree = correct(tree, _typing(columns, database))
        elif dialect != "duckdb":
            tree = adapt(tree, dialect, _typing(columns, database))
        sql = _generate(tree)
        if dialect == "duckdb":
            _check_functions(sql, database)
            _check_patterns(tree, database)
        return Expression(sql, used)
    except NotTranslatable as error:
        advice = f" {scope.instead}" if isinstance(error, UnknownFunction) else ""
        raise ExpressionError(
            "TW024", f"{shown(text)} holds {str(error).rstrip('.')}.{advice}"
        ) from None
    except SqlglotError as error:
        raise ExpressionError(
            "TW024", f"{shown(text)} cannot be written for DuckDB: {' '.join(str(error).split())}."
        ) from None


def parse(text: str, dialect: str, scope: Scope = COLUMNS) -> Node:
    """The syntax tree of one expression that can be computed per row."""
    if not _is_dialect(dialect):
        what = (
            f"Query(dialect={dialect!r}): this dialect does not exist. {nearest(dialect, _names())}"
        )
        raise ExpressionError("TW010", what)
    try:
        with _quiet():
            trees = sqlglot.parse(text, read=reading(dialect), error_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        reason = (details[0].get("description") or str(error).splitlines()[0]).rstrip(".")
        if reason.startswith("Required keyword"):  # of sqlglot's own classes
            reason = "an operand is missing"
        reason = reason.partition(" but got <Token")[0]
        raise ExpressionError(
            "TW023", f"{shown(text)} cannot be parsed as {dialect} SQL: {reason}. Correct it."
        ) from None
    except RecursionError:
        raise ExpressionError(
            "TW023", f"{shown(text)} is nested too deeply. Split it into several columns."
        ) from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(
            "TW023", f"{shown(text)} is not one expression. Write exactly one, without ';'."
        )
    tree = trees[0]
    if dialect in SPARK_FAMILY:
        _check_json_paths(text, dialect)
    for size in tree.find_all(exp.ArraySize):  # of null size is -1, array_size null
        start, end = size.meta.get("start", 0), size.meta.get("end", -1)
        if text[start : end + 1].lower() == "array_size":
            raise ExpressionError("TW024", f"{shown(text)} holds array_size. Use size(x).")
    for node in tree.walk():
        for kinds, why in _REFUSED:
            if isinstance(node, kinds):
                raise ExpressionError("TW024", f"{shown(text)} holds {why}.")
        if isinstance(node, exp.Func) and not _is_of_arguments(
            node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        ):
            raise ExpressionError("TW024", f"{shown(text)} holds {_OTHER_EACH_TIME}.")
    if isinstance(tree, exp.Null):
        raise ExpressionError(
            "TW025", f"{shown(text)} has no type. Give it one, as in cast(null as double)."
        )
    if isinstance(tree, exp.Alias):
        advice = f"Leave out 'as {tree.alias}': the name is the argument of {scope.named_by}."
        raise ExpressionError("TW024", f"{shown(text)} names its value. {advice}")
    return tree


def _check_json_paths(text: str, dialect: str) -> None:
    """A JSON path begins with `$`; the tree has those that do not as if they did."""
    if "get_json_object" not in text.lower():
        return
    tokens = sqlglot.tokenize(text, read=dialect)
    for at, token in enumerate(tokens):
        if token.text.lower() == "get_json_object":
            paths = [
                one.text
                for before, one in zip(tokens[at:], tokens[at + 1 :], strict=False)
                if before.token_type.name == "COMMA" and one.token_type.name == "STRING"
            ]
            if paths and not paths[0].startswith("$"):
                raise ExpressionError(
                    "TW024", f"{shown(text)} holds a JSON path without '$'. Write one as '$.a.b'."
                )


@cache
def as_column(name: str, dialect: str) -> str:
    """A column as an expression: its name, quoted where that would be something else, such as
    `select` or `a b`.
    """
    if not _is_dialect(dialect):
        return name  # which is reported where the expressions are parsed
    try:
        trees = sqlglot.parse(name, read=dialect)
    except SqlglotError:
        trees = []
    plain = len(trees) == 1 and isinstance(trees[0], exp.Column) and trees[0] == exp.column(name)
    return name if plain else str(exp.column(name, quoted=True).sql(dialect))


def _meant(text: str, dialect: str, columns: dict[str, str]) -> str:
    """Advice where a word that SQL keeps for itself may be a column."""
    words = set(re.findall(r"\w+", text))
    kept = next(
        (name for name in columns if name in words and as_column(name, dialect) != name), None
    )
    return "" if kept is None else f" If {kept!r} is the column, write {as_column(kept, dialect)}."


def _is_dialect(name: str) -> bool:
    # To ask for all names would load thirty dialects.
    return name != "" and not name.startswith(AS_WRITTEN) and Dialect.get(name) is not None


def _names() -> list[str]:
    return sorted(name for name in Dialect.classes if name and not name.startswith(AS_WRITTEN))


def shown(text: str) -> str:
    """An expression in a message: on one line, not too long."""
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= 80 else f"'{line[:77]}…'"


def _is_of_arguments(function: str) -> bool:
    return _NOT_OF_ARGUMENTS.fullmatch(function.lower()) is None


#: Whether sqlglot's warnings are of no use here: what it would warn of is raised or refused.
_IS_QUIET: ContextVar[bool] = ContextVar("_IS_QUIET", default=False)
logging.getLogger("sqlglot").addFilter(lambda record: not _IS_QUIET.get())


@contextmanager
def _quiet() -> Iterator[None]:
    token = _IS_QUIET.set(True)
    try:
        yield
    finally:
        _IS_QUIET.reset(token)


def _generate(tree: Node) -> str:
    with _quiet():
        return str(
            tree.sql(
                "duckdb", identify=True, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE
            )
        )


def _typing(columns: dict[str, str], database: Facts) -> TypeOf:
    def of_tree(tree: Node) -> str:
        bare = tree.unnest()
        if isinstance(bare, exp.Column):
            return columns[bare.name]
        if isinstance(bare, exp.Literal):
            return _type_of_literal(bare)
        return database.type_of(_generate(bare), columns)

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
    """Check that all functions of DuckDB SQL depend on nothing but their arguments."""
    code = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""", "''", sql)
    for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*(?=\s*\()", code)):
        if not _is_of_arguments(name) or database.is_volatile(name.lower()):
            what = "which is unknown or gives another value each time"
            raise NotTranslatable(f"the function {name.lower()}, {what}")


def _check_patterns(tree: Node, database: Facts) -> None:
    """Check literal regular expressions, which would otherwise be null for every row."""
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
    """Say how a field of a column is taken, by the column's type."""
    if kind == "VARCHAR":
        return f"a text has no fields; of JSON, write get_json_object({owner}, '$.{field}')."
    if kind.startswith("MAP("):
        return f"a map has its values by keys. Write {owner}['{field}']."
    if kind.endswith("[]"):
        return f"a field is taken of one element. Write {owner}[0].{field}."
    return f"{owner!r} has no fields."
