"""Where events come from, and which columns are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from .arguments.durations import CheckedDuration
from .arguments.texts import Address, Text
from .declaration import Declaration


def select(*columns: str, **expressions: str) -> dict[str, str]:
    """Select columns by name and expressions by new names.

    >>> select("user_id", amount="price * quantity")
    {'user_id': 'user_id', 'amount': 'price * quantity'}

    Raises ValueError if a name is given twice.
    """
    if twice := {name for name in columns if columns.count(name) > 1 or name in expressions}:
        raise ValueError(
            f"select names {', '.join(sorted(map(str, twice)))} twice. Give each column a name of "
            "its own."
        )
    return {name: name for name in columns} | expressions


class Query(Declaration):
    """The columns and rows that are read from a source.

    The expressions are SQL of `dialect`. Without `selects` all columns are read; rows for which one
    of `wheres` is not true are left out. `time_column` gives the event time: a timestamp, a date,
    or a bigint of epoch milliseconds.
    """

    selects: Mapping[str, str] | None = None
    wheres: Sequence[str] = ()
    time_column: str
    dialect: str = "spark"


class EventSource(Declaration):
    """A history of events, and the stream that continues it.

    `table` is a file, a glob or a warehouse table, relative to the author's file; `topic` is a
    stream. `schema` gives the columns that are used and their Spark types; a local file may be
    asked instead. `delimiter` separates the fields of CSV files (else a comma, or a tab in `.tsv`);
    `null_values` are texts that stand for no value, such as "NA". `event_id`, a column or an
    expression, tells events apart: one with an id that was counted already is passed over, as long
    as the newest event is not `event_id_horizon` later.
    """

    table: Address | None = None
    topic: Address | None = None
    columns: Mapping[str, str] | None = Field(default=None, alias="schema")
    delimiter: str | None = None
    null_values: Sequence[Text] = ()
    query: Query
    event_id: str | None = None
    event_id_horizon: CheckedDuration = "7d"
    name: str | None = None

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, delimiter: str | None) -> str | None:
        if delimiter is not None and (
            len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'
        ):
            raise PydanticCustomError(
                "tw:bad-value",
                "a delimiter is one ASCII character, and neither a quote nor a newline. "
                "Write ';' or '\\t'",
            )
        return delimiter
