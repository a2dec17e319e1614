"""What a DuckDB session must be for a plan's SQL to mean the same everywhere."""

from __future__ import annotations

import duckdb


def open_session(**config: str | bool | int | float | list[str]) -> duckdb.DuckDBPyConnection:
    """A database of its own in memory, in UTC, in which x/0 is null as the plan's SQL expects;
    `config` is DuckDB's.
    """
    session = duckdb.connect(":memory:", config=config)
    session.execute("SET TimeZone = 'UTC'")
    session.execute("SET error_on_division_by_zero = false")
    return session
