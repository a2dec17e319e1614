"""The columns of a source, as declared or as found."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field
from pathlib import Path

from tilewright.source import EventSource

from ..plan.files import FileError, format_of
from .column_types import duckdb_type
from .file_columns import columns_of_file
from .names import unusable

_ADVICE = "Say schema={…}, with the columns that are used and their types."


class SchemaError(Exception):
    """A source without columns, and why."""


@dataclass(frozen=True)
class Schema:
    """DuckDB types of columns, and what is wrong with them.

    The type of an unreadable column is empty.
    """

    types: dict[str, str]
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """Codes of diagnostics with their messages."""
    unusable: dict[str, str] = field(default_factory=dict)
    """Columns of a file that no expression can name, and why."""
    guess: str = ""
    """What a file may be instead, where it lacks a column."""

    def lacks(self, text: str) -> str:
        """Say why a named column may be missing.

        The answer is empty if nothing is known.
        """
        for name, why in self.unusable.items():
            if name and name.casefold() in text.casefold():
                return f" The column {name!r} of the file cannot be used: its name {why}."
        return f" {self.guess}" if self.guess else ""


def read_schema(source: EventSource, base_dir: str | None) -> Schema:
    """Read the columns of a source.

    A relative file is relative to the author's file. Raises SchemaError if there is no schema and
    no file to ask.
    """
    if source.columns is None:
        return _of_file(source, base_dir)
    if not source.columns:
        raise SchemaError(
            "the schema names no column. Name the columns that are used, or leave it out for a "
            "local file."
        )
    types, wrong = {}, []
    for name, written in source.columns.items():
        types[name] = ""
        try:
            types[name] = duckdb_type(written)
        except ValueError as error:
            wrong.append(("TW021", f"the type of column {name!r}: {error}"))
    return Schema(types, wrong + _names(types))


def _names(types: dict[str, str]) -> list[tuple[str, str]]:
    wrong = []
    for name in types:
        if why := unusable(name):
            wrong.append(("TW007", f"the column name {name!r} {why}."))
    folded: dict[str, str] = {}
    for name in types:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            what = (
                f"the columns {other!r} and {name!r} differ in case only, which SQL does not see. "
                "Rename one."
            )
            wrong.append(("TW006", what))
    return wrong


def _of_file(source: EventSource, base_dir: str | None) -> Schema:
    table = source.table
    if table is None:
        raise SchemaError(f"the source has neither a schema nor a table. {_ADVICE}")
    kind = None if "://" in table else format_of(table)
    if kind is None:
        raise SchemaError(
            f"the table {table!r} is not a local file whose columns can be read. {_ADVICE}"
        )
    folder = base_dir or os.path.dirname(os.path.abspath(source.site.file))
    path = _first_of(Path(folder, table))
    unread = f"the columns of {table!r} cannot be read"
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "there is no such file"
        raise SchemaError(f"{unread}: {what}. {_ADVICE}")
    try:
        columns = columns_of_file(path, kind, source.delimiter, frozenset(source.null_values))
    except FileError as wrong:
        raise SchemaError(f"{unread}: {wrong}") from None
    return Schema(columns.types, unusable=columns.unusable, guess=columns.guess)


def _first_of(path: Path) -> Path:
    """Find the file of a name, or a pattern's first."""
    if path.exists():
        return path
    return Path(min(glob.glob(str(path), recursive=True), default=path))
