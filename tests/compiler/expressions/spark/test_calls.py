"""Calls of Spark's functions as authors write them."""

from __future__ import annotations

import pytest

from tilewright_compiler.expressions.binder import Binder
from tilewright_compiler.expressions.parsing import ExpressionError

COLUMNS = {"s": "VARCHAR", "i": "INTEGER", "t": "TIMESTAMP WITH TIME ZONE"}


@pytest.fixture(scope="module")
def binder() -> Binder:
    return Binder()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("strpos(s, 'a')", "the function strpos, which Spark does not have"),
        ("coalesce(s, `charindex`('a', s))", "the function charindex"),
        ("left(s, 2, 3)", "left with 3 arguments: it takes 2"),
        ("date_trunc('month', t, 'UTC')", "date_trunc with 3 arguments"),
        ("length(concat(s, ',', \"(\"), /* , */ 1)", "length with 2 arguments"),
    ],
)
def test_what_spark_does_not_take(expression: str, said: str, binder: Binder) -> None:
    """Names of other engines, and arguments that the parser would drop, are refused."""
    with pytest.raises(ExpressionError, match=said.replace("(", "\\(")):
        binder.bind(expression, "spark", COLUMNS)


@pytest.mark.parametrize(
    "expression",
    [
        "coalesce(s, left(s, 2), concat(s, ',)', `s`), 'a')",
        "regexp_replace(s, '\\\\(,', \",\")",
        "if(i in (1, 2, 3), length(s), ascii (s))",
    ],
)
def test_what_spark_takes(expression: str, binder: Binder) -> None:
    """Commas and brackets in texts, names and inner calls are no arguments."""
    assert binder.bind(expression, "spark", COLUMNS).type


@pytest.mark.parametrize(
    "expression",
    [
        "repeat(s, i)",
        "space(length(s))",
        "lpad(s, i + 1, '0')",
        "rpad(s, -least(i, 5), '0')",
        "repeat(s, 10001)",
        "space(i % least(i, 5))",
    ],
)
def test_texts_of_any_length(expression: str, binder: Binder) -> None:
    """A length that one row could make some gigabytes is refused."""
    with pytest.raises(ExpressionError, match=r"as in least\(n, 100\)"):
        binder.bind(expression, "spark", COLUMNS)


@pytest.mark.parametrize(
    "expression",
    [
        "repeat(s, 0)",
        "space(i % 10)",
        "lpad(s, -1, '0')",
        "rpad(s, least(i, 10000), '0')",
        "repeat(s, cast(i % 5 as int))",
    ],
)
def test_texts_of_a_bounded_length(expression: str, binder: Binder) -> None:
    """A length is bounded by a number, a remainder or least."""
    assert binder.bind(expression, "spark", COLUMNS).type == "VARCHAR"


def test_what_databricks_has_more(binder: Binder) -> None:
    """Its own function is taken in its dialect."""
    assert binder.bind("charindex('a', s)", "databricks", COLUMNS).type == "BIGINT"
