"""The corpus in DuckDB: each translated expression, computed as the writer does."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from support.corpus import Case, Rows, columns, recorded_of, rows
from tilewright_runtime.plans.session import open_session

#: Functions such as exp differ in their last bits between libraries.
_RELATIVE = 1e-13
_RELATIVE_OF_FLOATS = 1e-6
_DAY_US = 86_400_000_000
#: Microseconds of the years 1 to 9999; the writer makes null of others.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999


class Corpus:
    """The tables of rows in a session such as the writer's."""

    def __init__(self) -> None:
        self.session = open_session()
        self._loaded: set[str] = set()

    def close(self) -> None:
        """End the session."""
        self.session.close()

    def answers(self, table: str) -> list[dict[str, Any]]:
        """Give the rows of a table as the features of answers."""
        self._load(table)
        found = self.session.execute(f"SELECT * EXCLUDE (__row) FROM {table} ORDER BY __row")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _load(self, table: str) -> None:
        if table not in self._loaded:
            _load(self.session, rows(table))
            self._loaded.add(table)

    def disagreements(self, case: Case, sql: str, kind: str) -> list[tuple[Any, Any, Any]]:
        """Find the rows of which an expression in DuckDB SQL has another value than Spark gave."""
        self._load(case.rows)
        spark = recorded_of(case)
        ours = _computed(self.session, case.rows, sql, kind)
        cells = rows(case.rows).cells
        return [
            (row, one, other)
            for row, one, other in zip(cells, ours, spark.values, strict=True)
            if not same(one, other, spark.type)
        ]


def _load(session: Any, table: Rows) -> None:
    """Make a table of the rows: texts first, which DuckDB then reads."""
    types = columns(table.name)
    names = ", ".join(f'"{name}" VARCHAR' for name in types)
    session.execute(f"CREATE OR REPLACE TEMP TABLE raw_texts (__row INTEGER, {names})")
    session.executemany(
        f"INSERT INTO raw_texts VALUES (?{', ?' * len(types)})",
        [[at, *map(_text, cells)] for at, cells in enumerate(table.cells)],
    )
    typed = ", ".join(f'{_read(name, kind)} AS "{name}"' for name, kind in types.items())
    query = f"SELECT __row, {typed} FROM raw_texts ORDER BY 1"
    session.execute(f"CREATE TEMP TABLE {table.name} AS {query}")


def _text(cell: Any) -> str | None:
    return cell if cell is None or isinstance(cell, str) else json.dumps(cell)


def _read(name: str, kind: str) -> str:
    nested = kind.endswith("[]") or kind.startswith("MAP")
    return f'CAST(CAST("{name}" AS JSON) AS {kind})' if nested else f'CAST("{name}" AS {kind})'


def _computed(session: Any, table: str, sql: str, kind: str) -> list[Any]:
    """Compute an expression for each row as the writer does: null where it cannot be."""
    column = f"TRY({sql})"
    if kind.startswith("TIMESTAMP"):
        column = f"epoch_us({column})"
    elif kind == "DATE":
        column = f"({column} - DATE '1970-01-01')"
    found = session.execute(f"SELECT {column} FROM {table} ORDER BY __row").fetchall()
    return [row[0] for row in found]


def same(ours: Any, spark: Any, kind: str) -> bool:
    """Whether a value of DuckDB is the one that was recorded of a Spark type."""
    if spark is None or ours is None:
        return ours is spark or (ours is None and beyond(spark, kind))
    if kind.startswith("array<"):
        inner = kind[6:-1]
        if len(ours) != len(spark):
            return False
        return all(same(one, other, inner) for one, other in zip(ours, spark, strict=True))
    if kind in ("double", "float"):
        relative = _RELATIVE_OF_FLOATS if kind == "float" else _RELATIVE
        return isinstance(ours, float) and _close(ours, float(spark), relative)
    if kind.startswith("decimal"):
        return (
            isinstance(ours, Decimal | int)
            and not isinstance(ours, bool)
            and Decimal(ours) == Decimal(spark)
        )
    if kind in ("date", "timestamp", "timestamp_ntz") and isinstance(ours, date):
        ours = _number(ours)
    return type(ours) is type(spark) and ours == spark


def beyond(spark: Any, kind: str) -> bool:
    if kind.startswith("timestamp"):
        return not _FIRST_US <= spark <= _LAST_US
    return kind == "date" and not _FIRST_US <= spark * _DAY_US <= _LAST_US


def _number(value: date) -> int:
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    return (value - date(1970, 1, 1)).days


def _close(one: float, other: float, relative: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=relative)
