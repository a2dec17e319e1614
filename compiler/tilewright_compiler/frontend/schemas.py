"""The columns of a source: as declared, or as a local file has them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from tilewright.source import EventSource

from .column_types import duckdb_type
from .names import unusable

_READERS = {
    ".parquet": "read_parquet({})",
    ".csv": "read_csv({})",
    ".tsv": "read_csv({})",
    ".json": "read_json({})",
    ".jsonl": "read_json({}, format = 'newline_delimited')",
    ".ndjson": "read_json({}, format = 'newline_delimited')",
}


class SchemaError(Exception):
    """A source without columns, and why."""


@dataclass(frozen=True)
class Schema:
    """DuckDB types of columns (empty where unreadable), and what is wrong."""

    types: dict[str, str]
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """Codes of diagnostics with their messages."""


def read_schema(source: EventSource, base_dir: str | None) -> Schema:
    """The columns of a source; a relative file is relative to the author's file.

    Raises:
        SchemaError: if there is no schema and no file to ask.
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
    wrong = [
        ("TW007", f"the column name {name!r} {why}.") for name in types if (why := unusable(name))
    ]
    folded: dict[str, str] = {}
    for name in types:
        if (other := folded.setdefault(name.casefold(), name)) != name:
            wrong.append(
                (
                    "TW006",
                    (
                        f"the columns {other!r} and {name!r} differ in case only, "
                        "which SQL does not "
                        "see. Rename one."
                    ),
                )
            )
    return wrong


def _of_file(source: EventSource, base_dir: str | None) -> Schema:
    advice = "Say schema={…}, with the columns that are used and their types."
    if source.table is None:
        raise SchemaError(f"the source has neither a schema nor a table. {advice}")
    reader = _READERS.get(os.path.splitext(source.table.removesuffix(".gz"))[1].lower())
    if reader is None or "://" in source.table:
        raise SchemaError(
            f"the table {source.table!r} is not a local file whose columns can be read. {advice}"
        )
    import duckdb

    path = os.path.join(
        base_dir or os.path.dirname(os.path.abspath(source.site.file)), source.table
    )
    try:
        with duckdb.connect(":memory:") as database:
            # The name is a parameter: nothing that an author writes becomes part of the statement.
            rows = database.execute(
                f"DESCRIBE SELECT * FROM {reader.format('?')}", [path]
            ).fetchall()
    except duckdb.Error as error:
        reason = str(error).split("\n")[0].replace(path, source.table)
        raise SchemaError(
            f"the columns of {source.table!r} cannot be read: {reason}. {advice}"
        ) from None
    types = {str(name): _plain(str(kind)) for name, kind, *_ in rows}
    return Schema(types, _names(types))


def _plain(kind: str) -> str:
    # Nanoseconds and seconds of files become the microseconds that all else here is in.
    return re.sub(r"^TIMESTAMP_\w+", "TIMESTAMP", kind)
