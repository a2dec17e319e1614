"""Small pieces of syntax trees."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    Node = exp.Expr
else:  # the root of the tree's classes has had two names
    Node = getattr(exp, "Expr", exp.Expression)

#: The DuckDB type of a part of an expression.
TypeOf = Callable[[Node], str]


class NotTranslatable(Exception):
    """A part of an expression that has no translation.

    The text completes "'…' holds …".
    """


class UnknownFunction(NotTranslatable):
    """A function not known to give the same value.

    It has no translation.
    """


def call(name: str, *arguments: Node) -> Node:
    """Make a call of a DuckDB function."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def number(value: int) -> Node:
    """Make a literal number."""
    return exp.Literal.number(value)


def text(value: str) -> Node:
    """Make a literal text."""
    return exp.Literal.string(value)


def paren(value: Node) -> Node:
    """Put a part in brackets.

    sqlglot's own function would copy all of it.
    """
    return exp.Paren(this=value)


def data_type(duckdb_type: str) -> Node:
    """Make a type by its name in DuckDB."""
    return _data_type(duckdb_type).copy()


# To read a name takes as long as to write a line of SQL, and a job has the same few types in
# hundreds of places.
@cache
def _data_type(duckdb_type: str) -> Node:
    return exp.DataType.build(duckdb_type, dialect="duckdb")


def tried(value: Node, duckdb_type: str) -> Node:
    """Make a cast that gives null where it fails."""
    return exp.TryCast(this=value, to=data_type(duckdb_type))
