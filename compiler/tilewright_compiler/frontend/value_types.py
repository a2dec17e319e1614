"""The types that values of a file fit.

The plan's SQL will cast the values to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import duckdb

# A number that begins with a zero is a code, such as a postal one, and would lose the zero.
_WHOLE = re.compile(r" *[-+]?(0|[1-9][0-9]{0,18}) *")
_NUMBER = re.compile(r" *[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)? *")
_NO_NUMBER = re.compile(r" *(nan|[-+]?inf(inity)?) *", re.IGNORECASE)
_LONGEST_WHOLE = re.compile(r" *[-+]?[0-9]{19,} *")
_DAY = re.compile(r" *[0-9]{4}([-/])[0-9]{1,2}\1[0-9]{1,2} *")
_MOMENT = re.compile(r" *[0-9]{4}([-/])[0-9]{1,2}\1[0-9]{1,2}([T ].*)?")
_ZONE = re.compile(r".*:.*(Z|[-+][0-9:]+|[A-Za-z]+(/[A-Za-z_]+)*) *")
_BIGINTS = range(-(2**63), 2**63)


def type_of_texts(values: Iterable[str]) -> str:
    """Name the narrowest DuckDB type that texts fit.

    None of the texts is missing.

    >>> type_of_texts(["1", "2.5"]), type_of_texts(["05/20/1987"]), type_of_texts(["01234"])
    ('DOUBLE', 'VARCHAR', 'VARCHAR')
    """
    distinct = set(values)
    if not distinct:
        return "VARCHAR"
    if all(value.strip().lower() in ("true", "false") for value in distinct):
        return "BOOLEAN"
    if all(map(_WHOLE.fullmatch, distinct)):
        return "BIGINT" if all(int(value) in _BIGINTS for value in distinct) else "VARCHAR"
    if _are_numbers(distinct):
        return "DOUBLE"
    return _calendar_type(distinct)


def _are_numbers(values: set[str]) -> bool:
    """Tell whether texts are numbers that a double holds.

    Some of them may be NaN or infinite, but not all.
    """
    numbers = [value for value in values if not _NO_NUMBER.fullmatch(value)]
    if not numbers or any(map(_LONGEST_WHOLE.fullmatch, numbers)):
        return False
    return all(map(_NUMBER.fullmatch, numbers))


def _calendar_type(values: set[str]) -> str:
    if all(map(_DAY.fullmatch, values)) and _fit(values, "DATE"):
        return "DATE"
    if not all(map(_MOMENT.fullmatch, values)):
        return "VARCHAR"
    kind = "TIMESTAMP WITH TIME ZONE" if any(map(_ZONE.fullmatch, values)) else "TIMESTAMP"
    return kind if _fit(values, kind) else "VARCHAR"


def type_of_json(values: Sequence[Any]) -> str:
    """Name the narrowest DuckDB type that values of JSON fit.

    None of the values is missing.

    What has members is a text of JSON, and so is what nests deeper than a list.

    >>> type_of_json([1, 2.5]), type_of_json(["1"]), type_of_json([["a"], []]), type_of_json([{}])
    ('DOUBLE', 'VARCHAR', 'VARCHAR[]', 'VARCHAR')
    """
    classes = set(map(type, values))
    if classes == {list}:
        elements = [part for value in values for part in value if part is not None]
        if any(isinstance(part, (list, dict)) for part in elements):
            return "VARCHAR"
        return f"{type_of_json(elements)}[]"
    if classes == {bool}:
        return "BOOLEAN"
    if classes == {int}:
        return "BIGINT" if all(value in _BIGINTS for value in values) else "VARCHAR"
    if classes and classes <= {int, float}:
        return "DOUBLE"
    return _calendar_type(set(values)) if classes == {str} else "VARCHAR"


@cache
def _database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:", config={"enable_external_access": False, "threads": 1})
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    return database


def _fit(values: set[str], kind: str) -> bool:
    query = (
        f"SELECT bool_and(TRY_CAST(value AS {kind}) IS NOT NULL) FROM (SELECT unnest(?) AS value)"
    )
    (row,) = _database().cursor().execute(query, [sorted(values)]).fetchall()
    return bool(row[0])
