"""Calls in other dialects, by their names and their arguments as they are written."""

from __future__ import annotations

import pytest

from tilewright_compiler.expressions.binder import shared_binder
from tilewright_compiler.expressions.parsing import ExpressionError

COLUMNS = {"i": "INTEGER", "n": "BIGINT", "s": "VARCHAR", "yes": "BOOLEAN"}


@pytest.mark.parametrize(
    ("dialect", "expression", "why"),
    [
        ("trino", "mod(i, 1, n)", "mod with 3 arguments: it takes 2"),
        ("trino", "length(s, s)", "length with 2 arguments: it takes 1"),
        ("doris", "isnull()", "isnull with 0 arguments: it takes 1 or 2"),
        ("postgres", "date_to_date_str(i)", "date_to_date_str, which is not known"),
        ("clickhouse", "and(i)", r"and\(…\) as a function"),
        ("clickhouse", "yes and (or(yes, i = 1))", r"or\(…\) as a function"),
        ("clickhouse", "xor(i)", r"xor\(…\) as a function"),
    ],
)
def test_what_no_dialect_takes(dialect: str, expression: str, why: str) -> None:
    """Names of the parser's own and arguments that it would drop are refused."""
    with pytest.raises(ExpressionError, match=why):
        shared_binder().bind(expression, dialect, COLUMNS)


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("clickhouse", "yes and (i = 1 or (n = 2))"),
        ("clickhouse", "if(not (yes), i, n)"),
        ("mysql", "ifnull(i, 0)"),
        ("postgres", "mod(abs(i), n)"),
        ("tsql", "iif(i = 1, n, 0)"),
        ("snowflake", "iff(yes, i, n)"),
    ],
)
def test_what_dialects_take(dialect: str, expression: str) -> None:
    """Functions with a translation pass, and connectors beside brackets."""
    assert shared_binder().bind(expression, dialect, COLUMNS).sql


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("bigquery", "date_add(i)"),
        ("bigquery", "regexp_extract()"),
        ("bigquery", "overlay(s, 1, 2)"),
        ("clickhouse", "xor()"),
        ("doris", "timestampadd(i = 1, i, n)"),
        ("spark", "map(1)"),
    ],
)
def test_calls_that_the_parser_fails_on(dialect: str, expression: str) -> None:
    """Missing arguments are a mistake of the author, and no traceback."""
    with pytest.raises(ExpressionError, match="a call has missing or other arguments"):
        shared_binder().bind(expression, dialect, COLUMNS)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("regexp_split_to_table(s, ',')", "which makes rows"),
        ("list_resize([n], n)", "which makes rows or long lists"),
        ("lpad(s, i, 'x')", "a text whose length a row may choose"),
    ],
)
def test_what_makes_rows_or_any_length(expression: str, why: str) -> None:
    """Macros of DuckDB that make several rows would count an event more than once."""
    with pytest.raises(ExpressionError, match=why):
        shared_binder().bind(expression, "duckdb", COLUMNS)
