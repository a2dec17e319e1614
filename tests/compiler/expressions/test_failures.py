"""Parts of expressions that fail are null by themselves."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import sqlglot

from tilewright_compiler.expressions.binder import shared_binder
from tilewright_compiler.expressions.failures import uncontained

COLUMNS = {"n": "BIGINT", "m": "BIGINT", "i": "INTEGER", "x": "DOUBLE"}
LARGEST, LOWEST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    ("expression", "sql"),
    [
        ("n + m", '"n" + "m"'),
        ("(n + m) * 2 - 1", '("n" + "m") * 2 - 1'),
        ("n + 1 > 5", 'TRY("n" + 1) > 5'),
        ("coalesce(n + m, 0)", 'COALESCE(TRY("n" + "m"), 0)'),
        ("coalesce(n, m + 1)", 'COALESCE("n", "m" + 1)'),
        ("case when m > 0 then n * 1000 else n end",
         'CASE WHEN "m" > 0 THEN "n" * 1000 ELSE "n" END'),
        ("coalesce(if(m > 0, n * 2, n), 0)",
         'COALESCE(TRY(CASE WHEN "m" > 0 THEN "n" * 2 ELSE "n" END), 0)'),
        ("coalesce(coalesce(n + 1, m) * 2, 0)",
         'COALESCE(TRY(COALESCE(TRY("n" + 1), "m") * 2), 0)'),
        ("x + 1 > 5", '"x" + 1 > 5'),
        ("n > -1", '"n" > -1'),
    ],
)  # fmt: skip
def test_parts_that_may_fail_are_tried(expression: str, sql: str) -> None:
    """Only where a null of the part would be none of the whole."""
    assert shared_binder().bind(expression, "spark", COLUMNS).sql == sql


@pytest.mark.parametrize(
    ("expression", "row", "value"),
    [
        ("n + 1 > 5", {"n": LARGEST}, None),
        ("5 < n + 1", {"n": LARGEST}, None),
        ("100 * n <= 0", {"n": LOWEST}, None),
        ("-n < 0", {"n": LOWEST}, None),
        ("n + 1 between 1 and 9", {"n": LARGEST}, None),
        ("n + 1 in (1, 2)", {"n": LARGEST}, None),
        ("coalesce(n + m, 7)", {"n": LARGEST, "m": 1}, 7),
        ("(n + m) is null", {"n": LARGEST, "m": 1}, True),
        ("n * 2 > 0 or m = 1", {"n": LARGEST, "m": 1}, True),
        ("not (n * 2 > 0 and m = 1)", {"n": LARGEST, "m": 2}, True),
        ("case when n + 1 > 0 then 1 else 2 end", {"n": LARGEST}, 2),
        ("if(abs(n) > 0, 1, 2)", {"n": LOWEST}, 2),
        ("greatest(n + 1, m)", {"n": LARGEST, "m": 3}, 3),
        ("nullif(m, n + 1)", {"n": LARGEST, "m": 3}, 3),
        ("n + 1 <=> null", {"n": LARGEST}, True),
        ("array(n + 1, m)[1]", {"n": LARGEST, "m": 3}, 3),
        ("coalesce(timestamp_seconds(n), timestamp_seconds(0)) > timestamp_seconds(1)",
         {"n": LARGEST}, False),
        ("coalesce(round(i, -1), 0)", {"i": 2**31 - 1}, 0),
    ],
)  # fmt: skip
def test_overflows_are_null_by_themselves(
    expression: str, row: dict[str, int], value: Any, database: duckdb.DuckDBPyConnection
) -> None:
    """What is around them goes on with null, as in Flink and Spark jobs."""
    bound = shared_binder().bind(expression, "spark", COLUMNS)
    names = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    database.execute(f"CREATE TABLE events ({names})")
    database.execute("INSERT INTO events VALUES (?, ?, ?, ?)", [row.get(name) for name in COLUMNS])
    assert database.execute(f"SELECT TRY({bound.sql}) FROM events").fetchone() == (value,)


def test_other_engines_get_the_parts_as_they_were() -> None:
    """They have means of their own."""
    tree = sqlglot.parse_one("COALESCE(TRY(n + 1) * 2, TRY((m - 1)), 0)", read="duckdb")
    assert uncontained(tree).sql("duckdb") == "COALESCE(n + 1 * 2, (m - 1), 0)"
