"""Flink SQL for sqlglot: names, types and texts.

It is only written, never read.
"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect

from .tree import Node, data_type


class Flink(Dialect):
    """Flink SQL, registered in sqlglot under the name `flink`.

    Its generator is sqlglot's general one: where a compiled sqlglot is installed, no generator of
    ours can derive from that.
    """

    class Tokenizer(tokens.Tokenizer):
        """Backquotes around names."""

        IDENTIFIERS: ClassVar = ["`"]


def flink_type(duckdb_type: str) -> Node:
    """Make a type by its name in DuckDB."""
    if duckdb_type == "VARCHAR":
        return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="STRING")
    return data_type(duckdb_type)


def plain_cast(value: Node, kind: str, how: type[Node] = exp.Cast) -> Node:
    """Cast as Flink does, to a DuckDB type by name."""
    return how(this=value, to=flink_type(kind))
