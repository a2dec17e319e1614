"""Whole numbers in the SQL of warehouses: what is beyond its type is null, as in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest

from tilewright_compiler.expressions.binder import shared_binder
from tilewright_compiler.expressions.transpile import NotPortable, portable
from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.sql.dialects import DIALECTS

COLUMNS = {"a": "BIGINT", "n": "BIGINT", "i": "INTEGER", "j": "INTEGER", "d": "DOUBLE"}
SOURCE = Source(
    name="events",
    table=None,
    topic=None,
    dialect="spark",
    schema=[Column(name=name, type=kind) for name, kind in COLUMNS.items()],
    selects={},
    wheres=[],
    time_column="a",
)
KINDS = ["Int64", "Int64", "Int32", "Int32"]
LOW, HIGH, LOW_INT, HIGH_INT = -(2**63), 2**63 - 1, -(2**31), 2**31 - 1
ROWS = [
    (HIGH, 2, HIGH_INT, 2),
    (LOW, -1, LOW_INT, -1),
    (LOW, 1, LOW_INT, 1),
    (LOW, LOW, LOW_INT, LOW_INT),
    (HIGH, 0, HIGH_INT, 0),
    (3, 4, 3, 4),
    (5, None, 5, None),
    (None, 3, None, 3),
]


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[Any]:
    import chdb.session

    session_of: Any = chdb.session.Session
    session = session_of()
    session.query("CREATE DATABASE ranges")
    session.query("USE ranges")
    types = ", ".join(f"{name} Nullable({kind})" for name, kind in zip("anij", KINDS, strict=True))
    session.query(f"CREATE TABLE raw (row Int32, {types}) ENGINE = Memory")
    session.query(f"INSERT INTO raw VALUES {_values(ROWS)}")
    yield session
    session.close()


def _values(rows: Sequence[Sequence[int | None]]) -> str:
    numbered = [(at, *row) for at, row in enumerate(rows)]
    return str(numbered)[1:-1].replace("None", "NULL")


def in_duckdb(expression: str) -> list[int | None]:
    """Compute an expression as the embedded writer does."""
    database = duckdb.connect()
    database.execute("CREATE TABLE raw (row INT, a BIGINT, n BIGINT, i INT, j INT)")
    database.execute(f"INSERT INTO raw VALUES {_values(ROWS)}")
    sql = shared_binder().bind(expression, "spark", COLUMNS).sql
    found = database.execute(f"SELECT TRY({sql}) FROM raw ORDER BY row").fetchall()
    return [row[0] for row in found]


@pytest.mark.parametrize(
    "expression",
    ["a * n", "a + n", "a - n", "i * 1000", "i * j", "-a", "-i", "abs(a)", "abs(i)", "a + i - 1"],
)
def test_clickhouse_has_null_where_duckdb_has(expression: str, clickhouse: Any) -> None:
    """Each row has the value that it has in DuckDB, and does not wrap round."""
    sql = portable(expression, SOURCE, DIALECTS["clickhouse"])
    said = str(clickhouse.query(f"SELECT {sql} FROM raw ORDER BY row", "TSV"))
    found = [None if one == r"\N" else int(one) for one in said.split()]
    assert found == in_duckdb(expression)


@pytest.mark.parametrize(
    ("dialect", "wide"),
    [("bigquery", "BIGNUMERIC"), ("snowflake", "DECIMAL(38, 0)"), ("trino", "DECIMAL(19, 0)")],
)
def test_arithmetic_is_of_wider_numbers(dialect: str, wide: str) -> None:
    """A product has room, and the numbers next to the type stand for all beyond it."""
    sql = portable("a * n", SOURCE, DIALECTS[dialect])
    for name in "an":
        column = ".".join(DIALECTS[dialect].identifier(part) for part in ("raw", name))
        assert f"CAST({column} AS {wide})" in sql
    for bound in (HIGH + 1, LOW - 1):
        assert sql.count(f"CAST('{bound}' AS {wide})") == 2


def test_a_sum_of_many_parts_grows_by_its_parts() -> None:
    """A part stands in the SQL once, whatever is around it."""
    few, many = (
        len(portable(" + ".join(["a"] * parts), SOURCE, DIALECTS["bigquery"])) for parts in (5, 20)
    )
    assert many < 6 * few


def test_bigquery_keeps_the_range_of_int() -> None:
    """Its only type of whole numbers is wider."""
    sql = portable("cast(d as int)", SOURCE, DIALECTS["bigquery"])
    assert "LEAST(SAFE_CAST(TRUNC(`raw`.`d`) AS INT64), 2147483648)" in sql


def test_bigquery_has_no_float() -> None:
    """A cast to float would keep all digits, so it is refused with what to write."""
    with pytest.raises(NotPortable, match="Cast to double"):
        portable("cast(d as float)", SOURCE, DIALECTS["bigquery"])
