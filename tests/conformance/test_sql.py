"""The SQL of warehouses on the kit of event logs, where the engine can be installed: DuckDB,
ClickHouse, Spark.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.kit import KIT
from tilewright.windows import format_duration
from tilewright_compiler.targets.sql import in_dialect
from tilewright_runtime import open_store
from tilewright_runtime.engines.spark.session import open_session
from tilewright_runtime.ingest.bulk_load import load_tiles
from tilewright_runtime.testing.event_logs import EventLog

pytestmark = pytest.mark.usefixtures("spark")


def in_duckdb(events: Path, relation: str, statement: str) -> pa.Table:
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.execute(f"CREATE VIEW {relation} AS FROM '{events}'")
    return database.sql(statement).to_arrow_table()


def in_clickhouse(events: Path, relation: str, statement: str) -> pa.Table:
    import chdb.session

    session_of: Any = chdb.session.Session
    session = session_of()
    try:
        session.query("CREATE DATABASE kit")
        session.query("USE kit")
        session.query(f"CREATE VIEW {relation} AS SELECT * FROM file('{events}')")
        found = session.query(statement.rstrip().rstrip(";"), "Parquet")
        return pq.read_table(pa.BufferReader(found.bytes()))
    finally:
        session.close()


def in_spark(events: Path, relation: str, statement: str) -> pa.Table:
    spark = open_session("test")
    spark.read.parquet(str(events)).createOrReplaceTempView(relation)
    return spark.sql(statement.rstrip().rstrip(";")).toArrow()


ENGINES: dict[str, Callable[[Path, str, str], pa.Table]] = {
    "duckdb": in_duckdb,
    "clickhouse": in_clickhouse,
    "spark": in_spark,
}


def log_with_short_calendar(name: str, folder: Path) -> EventLog:
    """A log without days that ClickHouse has not."""
    shutil.copytree(KIT / name, folder)
    for part in folder.glob("*.jsonl"):
        part.write_text(
            part.read_text(encoding="utf-8").replace("9999-12-31", "2024-12-31"), encoding="utf-8"
        )
    return EventLog(folder)


def typed(log: EventLog, path: Path) -> Path:
    """The events of a log as Parquet, with the types of the schema."""
    columns = {column.name: column.type for column in log.plan.sources[0].columns}
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    read = database.read_json(
        [str(part.path) for part in log.parts], columns=columns, format="newline_delimited"
    )
    read.write_parquet(str(path))
    return path


@pytest.mark.parametrize(
    "name", ["operations", pytest.param("disorder", marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize("dialect", list(ENGINES))
def test_the_tiles_are_the_embedded_writers(tmp_path: Path, dialect: str, name: str) -> None:
    """What the statement of the finest level gives makes the tiles of all levels, in every
    state.
    """
    log = log_with_short_calendar(name, tmp_path / "log")
    target = in_dialect(dialect)
    assert target.unsupported(log.plan) == []
    files = target.files(log.plan)
    events = typed(log, tmp_path / "events.parquet")
    relation = log.plan.sources[0].name
    tiles = {}
    for level in log.plan.levels:
        statement = files[f"sql/tiles_{format_duration(level.size_ms)}.sql"]
        tiles[level.size_ms] = ENGINES[dialect](events, relation, statement)
    store = open_store("memory:")
    load_tiles(log.plan, store, tiles[log.plan.levels[-1].size_ms])
    assert log.disagreements(store) == []
    for level in log.plan.levels:
        expected = sum(tile.size_ms == level.size_ms for tile in log.expected)
        assert len(tiles[level.size_ms]) == expected
