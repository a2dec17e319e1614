"""Types of expressions, as DuckDB binds them.

They are bound over columns of the source's schema, without rows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import duckdb
from duckdb.sqltypes import DuckDBPyType

from ..quoting import quoted
from .parsing import COLUMNS, ExpressionError, Scope, shown
from .translate import Expression, translate

_NESTED = ("list", "map", "struct")
_SHOWN = {
    "tinyint",
    "smallint",
    "integer",
    "bigint",
    "utinyint",
    "usmallint",
    "uinteger",
    "ubigint",
    "hugeint",
    "float",
    "double",
}
_SHOWN |= {"decimal", "boolean", "varchar", "date", "timestamp", "timestamp with time zone"}


#: How many expressions are bound together. Of 25 each takes a fifth of what it takes alone, and of
#: more no less.
_TOGETHER = 25
#: A text, its dialect, the columns that it may read with their types, and the words of messages.
_Key = tuple[str, str, tuple[tuple[str, str], ...], Scope]


@dataclass(frozen=True)
class Typed:
    """An expression in DuckDB SQL, with its type and columns.

    The type is DuckDB's; the columns are those that it reads.
    """

    sql: str
    type: str
    columns: tuple[str, ...]


def _leaves(kind: DuckDBPyType) -> set[str]:
    """Collect the plain types that a type is made of."""
    parts = (
        [part for _, part in kind.children if isinstance(part, DuckDBPyType)]
        if kind.id in _NESTED
        else []
    )
    return {leaf for part in parts for leaf in _leaves(part)} or {kind.id}


@cache
def shared_binder() -> Binder:
    """Give a binder to those that have none at hand.

    All share it, since opening a database takes longer than all the rest.
    """
    return Binder()


class Binder:
    """Binds expressions, and remembers what it has bound.

    GroupBys share their sources, so the same expressions come again.
    """

    def __init__(self) -> None:
        """Open its own database, without files or the network."""
        self._database = duckdb.connect(
            ":memory:",
            config={
                "enable_external_access": False,
                "python_enable_replacements": False,
                "threads": 1,
            },
        )
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")
        self._of_thread = threading.local()
        self._types: dict[str, str] = {}  # by query: GroupBys of one repository ask the same
        self._known: dict[_Key, Typed | ExpressionError] = {}

    def bind(
        self, text: str, dialect: str, columns: dict[str, str], scope: Scope = COLUMNS
    ) -> Typed:
        """Translate and type one expression over columns of DuckDB types.

        Raises:
            ExpressionError: if it is not one scalar expression, or has no type.
        """
        key = (text, dialect, tuple(columns.items()), scope)
        if key not in self._known:
            try:
                self._known[key] = self._bind(text, dialect, columns, scope)
            except ExpressionError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, ExpressionError):
            raise ExpressionError(known.code, str(known))
        return known

    def bind_together(self, texts: Iterable[str], dialect: str, columns: dict[str, str]) -> None:
        """Bind expressions beforehand, by few questions to the database.

        What is wrong with one of them is left to `bind`.
        """
        if dialect == "duckdb":
            return  # COLUMNS('…') would see what the others read
        expressions: dict[_Key, Expression] = {}
        for text in texts:
            key = (text, dialect, tuple(columns.items()), COLUMNS)
            if key not in self._known:
                with suppress(ExpressionError, duckdb.Error):
                    expressions[key] = translate(text, dialect, columns, self)
        self._learn_types(expressions.values(), columns)
        for key, expression in expressions.items():
            with suppress(duckdb.Error):
                self._known[key] = self._typed(expression, columns)

    def column(self, name: str, columns: dict[str, str]) -> Typed:
        """A column as it is."""
        return Typed(quoted(name), columns[name], (name,))

    def type_of(self, sql: str, columns: dict[str, str]) -> str:
        """The DuckDB type of DuckDB SQL over columns."""
        query = _query(sql, columns)
        if query not in self._types:
            self._types[query] = self._types_of(query)[0]
        return self._types[query]

    def can_be_shown(self, kind: str) -> bool:
        """Tell whether values of a DuckDB type can be shown.

        Those that have a form in Python and JSON can: plain ones, and lists, maps and structs of
        them.
        """
        return _SHOWN.issuperset(_leaves(duckdb.sqltype(kind)))

    def is_volatile(self, function: str) -> bool:
        """Tell whether a function depends on more than its arguments.

        A function that DuckDB does not have is not volatile.
        """
        query = (
            "SELECT count(*) FROM duckdb_functions() WHERE function_name = ? AND "
            "(function_type NOT IN ('scalar', 'macro') OR stability = 'VOLATILE')"
        )
        row = self._cursor().execute(query, [function]).fetchone()
        return bool(row and row[0])

    def is_pattern(self, pattern: str) -> bool:
        """Whether DuckDB can run a regular expression."""
        try:
            self._cursor().execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error:
            return False
        return True

    def is_zone(self, name: str) -> bool:
        """Whether DuckDB knows a time zone of this name."""
        row = (
            self._cursor()
            .execute(
                "SELECT count(*) FROM pg_timezone_names() WHERE lower(name) = lower(?)", [name]
            )
            .fetchone()
        )
        return bool(row and row[0])

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """Give this thread's connection.

        It takes long to open, and no two threads may use it.
        """
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "cursor", None)
        if cursor is None:
            cursor = self._of_thread.cursor = self._database.cursor()
        return cursor

    def _learn_types(self, expressions: Iterable[Expression], columns: dict[str, str]) -> None:
        """Ask for the types of expressions, unless one is wrong."""
        unknown: dict[str, Expression] = {}
        for expression in expressions:
            query = _query(expression.sql, _used(expression, columns))
            if query not in self._types and not _is_column(expression):
                unknown[query] = expression
        queries = list(unknown)
        for start in range(0, len(queries), _TOGETHER):
            some = queries[start : start + _TOGETHER]
            parts = [unknown[query] for query in some]
            used = {name: columns[name] for part in parts for name in part.columns}
            listed = ", ".join(part.sql for part in parts)
            with suppress(duckdb.Error):
                self._types |= zip(some, self._types_of(_query(listed, used)), strict=True)

    def _types_of(self, query: str) -> list[str]:
        """Ask for the types of a query's columns."""
        # A relation is bound and not run, which takes half the time of DESCRIBE.
        return [str(kind) for kind in self._cursor().sql(query).types]

    def _typed(self, expression: Expression, columns: dict[str, str]) -> Typed:
        sql, used = expression.sql, _used(expression, columns)
        if _is_column(expression):
            (kind,) = used.values()
        else:
            kind = self.type_of(sql, used)
        return Typed(sql, kind, expression.columns)

    def _bind(self, text: str, dialect: str, columns: dict[str, str], scope: Scope) -> Typed:
        try:
            return self._typed(translate(text, dialect, columns, self, scope), columns)
        except duckdb.Error as error:
            reason = (str(error).split("\n")[0].partition(": ")[2] or str(error)).rstrip(".")
            raise ExpressionError(
                "TW025", f"{shown(text)} has no type: {reason}. Correct it, or cast its parts."
            ) from None


def _query(sql: str, columns: dict[str, str]) -> str:
    """Select expressions of one empty row of columns."""
    empty = ", ".join(
        f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in columns.items() if kind
    )
    return f"SELECT {sql} FROM (SELECT {empty or 'NULL'})"


def _used(expression: Expression, columns: dict[str, str]) -> dict[str, str]:
    """Give the columns that an expression reads."""
    return {name: columns[name] for name in expression.columns}


def _is_column(expression: Expression) -> bool:
    return any(expression.sql == quoted(name) for name in expression.columns)
