"""Spark SQL of a job: whole numbers that go beyond their type are null and do not wrap round."""

from __future__ import annotations

import pytest

from tilewright_compiler.expressions.transpile import overflowing, portable
from tilewright_compiler.plan.model import Column, Source
from tilewright_compiler.sql.dialects import DIALECTS

COLUMNS = {
    "i": "INTEGER",
    "n": "BIGINT",
    "d": "DOUBLE",
    "m": "DECIMAL(10,2)",
    "day": "DATE",
    "s": "VARCHAR",
}
SOURCE = Source(
    name="events",
    table=None,
    topic=None,
    dialect="spark",
    schema=[Column(name=name, type=kind) for name, kind in COLUMNS.items()],
    selects={},
    wheres=[],
    time_column="n",
)


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("i * 1000", "TRY_MULTIPLY(`i`, 1000)"),
        ("i + n - 1", "TRY_SUBTRACT(TRY_ADD(`i`, `n`), 1)"),
        ("-i", "TRY_SUBTRACT(0, `i`)"),
        # Spark would end the query.
        (
            "timestamp_millis(n)",
            "IF((`n`) BETWEEN -9200000000000000 AND 9200000000000000, TIMESTAMP_MILLIS(`n`), NULL)",
        ),
        ("day - i", "IF((`i`) BETWEEN -88000000 AND 88000000, `day` - `i`, NULL)"),
        (
            "cast(m as timestamp)",
            "IF((`m`) > -9200000000000 AND (`m`) < 9200000000000, CAST(`m` AS TIMESTAMP), NULL)",
        ),
        (
            "n div m",
            "IF((`n`) / (`m`) > -9223372036854775809 AND (`n`) / (`m`) < 9223372036854775808, "
            "`n` DIV `m`, NULL)",
        ),
        # An int in Spark, though DuckDB counts in bigints.
        ("-length(s)", "TRY_SUBTRACT(0, LENGTH(`s`))"),
        (
            "add_months(day, i)",
            "IF((`i`) BETWEEN -2900000 AND 2900000, ADD_MONTHS(`day`, `i`), NULL)",
        ),
        ("add_months(day, 1)", "ADD_MONTHS(`day`, 1)"),
        ("make_date(i, 1, 1)", "IF((`i`) BETWEEN -100000 AND 100000, MAKE_DATE(`i`, 1, 1), NULL)"),
        ("element_at(split(s, ','), i)", "ELEMENT_AT(SPLIT(`s`, ','), NULLIF(`i`, 0))"),
        (
            "left(s, n)",
            "LEFT(`s`, IF((`n`) > -2147483649 AND (`n`) < 2147483648, CAST(`n` AS INT), NULL))",
        ),
        ("left(s, length(s))", "LEFT(`s`, LENGTH(`s`))"),
        (
            "n div i",
            "IF((`i`) = -1, TRY_SUBTRACT(0, `n`), `n` DIV `i`)",
        ),
        (
            "cast(n as int)",
            "IF((`n`) > -2147483649 AND (`n`) < 2147483648, CAST(`n` AS INT), NULL)",
        ),
        (
            "floor(d)",
            "IF((`d`) >= -9223372036854775808D AND (`d`) < 9223372036854775808D, FLOOR(`d`), NULL)",
        ),
    ],
)
def test_what_may_overflow_is_tried(expression: str, written: str) -> None:
    """Arithmetic has Spark's own trying functions; casts are of what fits."""
    assert portable(expression, SOURCE, DIALECTS["spark"]).replace("`raw`.", "") == written


@pytest.mark.parametrize(
    "expression", ["d * 2", "m + 1.5", "cast(i as bigint)", "day + 1", "i / 2"]
)
def test_what_cannot_overflow_is_left_alone(expression: str) -> None:
    """Fractions, days and wider types stay as the author wrote them."""
    written = portable(expression, SOURCE, DIALECTS["spark"])
    assert written.replace("`raw`.", "").replace("`", "").lower() == expression


def test_an_overflow_is_told_from_a_missing_operand() -> None:
    """Arithmetic has gone beyond its type if it is null and what it is made of is not."""
    condition = overflowing("n + i * 1000", SOURCE, DIALECTS["spark"])
    assert (condition or "").replace("`raw`.", "") == (
        "(NOT (`n`) IS NULL AND NOT (TRY_MULTIPLY(`i`, 1000)) IS NULL AND "
        "TRY_ADD(`n`, TRY_MULTIPLY(`i`, 1000)) IS NULL) OR "
        "(NOT (`i`) IS NULL AND TRY_MULTIPLY(`i`, 1000) IS NULL)"
    )


@pytest.mark.parametrize(
    ("expression", "dialect"),
    [
        ("d * 2", "spark"),
        ("if(i > 0, timestamp_seconds(0), null)", "spark"),
        ("i * 2", "bigquery"),
    ],
)
def test_where_nothing_overflows_there_is_no_condition(expression: str, dialect: str) -> None:
    """Doubles and written times do not, and of other dialects it is not known."""
    assert overflowing(expression, SOURCE, DIALECTS[dialect]) is None


def test_a_pattern_of_dates_stays() -> None:
    """Without it Spark would read more texts as dates."""
    written = portable("to_date(s, 'yyyy-MM-dd')", SOURCE, DIALECTS["spark"])
    assert written == "TO_DATE(`raw`.`s`, 'yyyy-MM-dd')"
