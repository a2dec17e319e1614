"""Fields of events in Flink SQL: their texts and values.

Plans of one repository read the same fields, whose texts take longer to write than all else of a
job.
"""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from ...expressions.flink import casts, reading
from ...sql.flink import Flink
from ...sql.tree import Node


@lru_cache(maxsize=4096)
def value(name: str, kind: str) -> str:
    """Write the value of a field from its text."""
    return sql(reading.read(text_of(name), kind))


@lru_cache(maxsize=4096)
def is_unreadable(name: str, kind: str) -> str:
    """Write when a field's text does not fit its type."""
    return sql(reading.unreadable(text_of(raw(name)), text_of(name), kind))


@lru_cache(maxsize=4096)
def is_unreadable_text(name: str, kind: str) -> str:
    """Write the same over the text alone."""
    read = exp.var(f"({value(name, kind)})")
    return sql(reading.unreadable(text_of(name), read, kind))


@lru_cache(maxsize=4096)
def is_nan(name: str) -> str:
    """Write when a column is not a number."""
    return sql(casts.is_nan(text_of(name)))


def raw(name: str) -> str:
    """Name the column of a field's text.

    No name of an author begins like it.
    """
    return f"__text:{name}"


def text_of(name: str) -> Node:
    """Make the column of a name."""
    return exp.column(name, quoted=True)


def sql(tree: Node) -> str:
    """Write a tree in Flink's SQL."""
    return str(tree.sql(Flink, identify=True, comments=False, copy=False))
