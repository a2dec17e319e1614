"""Arithmetic of doubles in other dialects: what ends their query is null."""

from __future__ import annotations

import math

import duckdb
import pytest

from tilewright_compiler.expressions.binder import shared_binder

COLUMNS = {"d": "DOUBLE", "e": "DOUBLE", "operands": "DOUBLE"}


def _computed(expression: str, dialect: str, d: float, e: float) -> float | None:
    """Compute an expression over one row."""
    sql = shared_binder().bind(expression, dialect, COLUMNS).sql
    with duckdb.connect() as database:
        query = f"SELECT {sql} FROM (SELECT ?::DOUBLE AS d, ?::DOUBLE AS e, 3::DOUBLE AS operands)"
        found = database.execute(query, [d, e]).fetchone()
    assert found is not None
    return found[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("expression", "left", "right", "value"),
    [
        ("d + e", 1e308, 1e308, None),
        ("d - e", math.inf, 1.0, math.inf),
        ("d * e", -1e200, 1e200, None),
        ("d * e", 1e-200, 1e-200, None),
        ("d * e", 0.0, 1e300, 0.0),
        ("d / e", 1e-200, math.inf, 0.0),
        ("d / e", 1e-200, 1e200, None),
        ("d / e", 1e200, 1e-200, None),
        # A zero that is written is no product too near to zero.
        ("d * 0", 2.5, 1.0, 0.0),
        ("0 / d", 2.5, 1.0, 0.0),
        # Operands that are computed.
        ("(d + e) * (d + e)", 1e200, 1e200, None),
        ("(d + e) * (d - e)", 3.0, 2.0, 5.0),
        ("d + e + d + e", math.inf, 1.0, math.inf),
        ("d / (e - e)", 1.0, 1.0, None),
        ("(d + e) * operands", 1.0, 2.0, 9.0),
    ],
)
def test_doubles_beyond_their_range(
    expression: str, left: float, right: float, value: float | None
) -> None:
    """Where PostgreSQL ends the query there is no value, and infinite parts stay infinite."""
    assert _computed(expression, "postgres", left, right) == value


def test_nan_divided_by_zero() -> None:
    """It is NaN in PostgreSQL, where every other number divided by zero ends the query."""
    found = _computed("d / e", "postgres", math.nan, 0.0)
    assert found is not None
    assert math.isnan(found)
    assert _computed("d / e", "redshift", math.nan, 0.0) is None


def test_what_is_no_number() -> None:
    """SQLite gives null, also where the rest goes on computing."""
    assert _computed("d - e", "sqlite", math.inf, math.inf) is None
    assert _computed("coalesce(d - e, 1.5e0) + 1", "sqlite", math.inf, math.inf) == 2.5
    assert _computed("d + e", "sqlite", 1e308, 1e308) == math.inf


def test_a_long_sum_stays_short() -> None:
    """Each further number adds as much, since no operand is written twice."""
    lengths = [
        len(shared_binder().bind(" + ".join(["d"] * terms), "postgres", COLUMNS).sql)
        for terms in (10, 20, 30)
    ]
    assert lengths[2] - lengths[1] == lengths[1] - lengths[0]
