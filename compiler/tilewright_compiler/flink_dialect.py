"""Flink SQL for sqlglot: how names, types and functions are written; it only generates."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp, generator, tokens
from sqlglot.dialects.dialect import Dialect


class Flink(Dialect):
    """Flink SQL, registered in sqlglot under the name `flink`."""

    class Tokenizer(tokens.Tokenizer):
        """Backquotes around names."""

        IDENTIFIERS: ClassVar = ["`"]

    class Generator(generator.Generator):
        """Types and the few functions that Flink writes in its own way."""

        TYPE_MAPPING: ClassVar = {
            **generator.Generator.TYPE_MAPPING,
            exp.DataType.Type.TEXT: "STRING",
            exp.DataType.Type.VARCHAR: "STRING",
        }
        TRANSFORMS: ClassVar = {
            **generator.Generator.TRANSFORMS,
            exp.DPipe: lambda self, e: self.binary(e, "||"),
            exp.Length: lambda self, e: self.func("CHAR_LENGTH", e.this),
            exp.StartsWith: lambda self, e: self.func("STARTSWITH", e.this, e.expression),
            exp.EndsWith: lambda self, e: self.func("ENDSWITH", e.this, e.expression),
            exp.StrPosition: lambda self, e: self.func("LOCATE", e.args["substr"], e.this),
        }


def identifier(name: str) -> str:
    """A name in Flink SQL, whatever it holds."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text in Flink SQL, whatever it holds."""
    return "'" + text.replace("'", "''") + "'"
