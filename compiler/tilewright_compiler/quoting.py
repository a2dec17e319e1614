"""Names and texts as SQL writes them, whatever they hold."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Write a name in standard SQL."""
    return '"' + name.replace('"', '""') + '"'


def backquoted(name: str) -> str:
    """Write a name in the SQL of Flink and Spark."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Write a text as a literal of standard SQL."""
    return "'" + text.replace("'", "''") + "'"
