"""A source's expressions, by the columns that they give."""

from __future__ import annotations

from tilewright.source import EventSource

from .parsing import as_column


def written_of(source: EventSource, types: dict[str, str]) -> dict[str, str]:
    """Collect the expressions that give the columns, by name.

    Without `selects` each column of the schema is given by the empty text.
    """
    query = source.query
    selects = query.selects
    written = dict.fromkeys(types, "") if selects is None else dict(selects)
    for name, text in written.items():
        # A column's name is that column, even where SQL has the word for itself.
        if text in types:
            written[name] = as_column(text, query.dialect)
    return written


def told(source: EventSource, written: dict[str, str], taken: dict[str, str]) -> dict[str, str]:
    """Write down the expressions by the names of their columns.

    A column that is taken as it is has its name for an expression.
    """
    dialect = source.query.dialect
    told: dict[str, str] = {}
    for column, text in written.items():
        if text or column in taken:
            told[column] = text or as_column(column, dialect)
    return told


def only(types: dict[str, str], used: set[str]) -> dict[str, str]:
    """Keep the columns that are used, with their types."""
    return {name: kind for name, kind in types.items() if name in used}
