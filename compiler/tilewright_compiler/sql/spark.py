"""Spark SQL for sqlglot, with what its dialects omit."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlglot.dialects.dialect import Dialect

#: How the names of our dialects begin, which sqlglot keeps among its own.
AS_WRITTEN = "as_written_"

#: Dialects whose expressions mean what Spark's mean, without ANSI's errors.
SPARK_FAMILY = frozenset({"spark", "databricks"})


@cache
def as_written(name: str) -> type[Dialect]:
    """Choose the dialect that keeps patterns of times.

    It is of the same family and keeps them as they are written. Two quotes in a text are one, as
    in Spark from version 4 on.
    """
    base: Any = type(Dialect.get_or_raise(name))
    tokens = type("Tokenizer", (base.Tokenizer,), {"STRING_ESCAPES": ["\\", "'", '"']})
    namespace = {"__module__": __name__, "TIME_MAPPING": {}, "Tokenizer": tokens}
    dialect: type[Dialect] = type(base)(f"{AS_WRITTEN}{name}", (base,), namespace)
    return dialect


def reading(name: str) -> str | type[Dialect]:
    """Give what sqlglot reads a dialect by."""
    return as_written(name) if name in SPARK_FAMILY else name
