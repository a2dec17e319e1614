"""What tests of the compiler share: a small source, and a database that runs a plan's SQL as the
writer does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pytest

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.tile_sql.rules import END_MS
from tilewright_runtime.plans.session import open_session

Tiles = list[dict[str, Any]]
RunPlan = Callable[..., Tiles]


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    """A database with the session settings of the writer."""
    return open_session()


@pytest.fixture
def run_plan(database: duckdb.DuckDBPyConnection) -> RunPlan:
    """Run the statements of a plan over rows (tuples of the schema's columns), and give the tiles
    of one level.
    """

    def run(
        plan: Plan,
        rows: Sequence[Sequence[Any]],
        tile_ms: int | None = None,
        text: bool = True,
        source: int = 0,
    ) -> Tiles:
        load(database, plan, rows, text, source)
        script = plan.sql[plan.sources[source].name]["duckdb"]
        read = f"CREATE OR REPLACE TEMP TABLE events AS {script.read}"
        database.execute(read, {"latest_ms": END_MS})
        assert script.tiles is not None
        found = database.execute(script.tiles, {"tile_ms": tile_ms or plan.levels[0].size_ms})
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return run


def load(
    database: duckdb.DuckDBPyConnection,
    plan: Plan,
    rows: Sequence[Sequence[Any]],
    text: bool,
    source: int,
) -> None:
    columns = plan.sources[source].columns
    names = ['"' + column.name.replace('"', '""') + '"' for column in columns]
    declared = ", ".join(
        f"{name} {'VARCHAR' if text else column.type}"
        for name, column in zip(names, columns, strict=True)
    )
    database.execute(f'CREATE OR REPLACE TABLE batch ("__row" BIGINT, {declared})')
    places = ", ".join(["?"] * (len(columns) + 1))
    for number, row in enumerate(rows):
        database.execute(f"INSERT INTO batch VALUES ({places})", [number, *row])
