"""Key values at the edges of their types; what keys look like is in test_keys."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

import pandas as pd
import pytest

from tilewright_compiler.plan.model import Column
from tilewright_runtime.errors import KeyValueError
from tilewright_runtime.tiles.entities import entity_encoder


def encoded(kind: str, value: Any) -> str:
    return entity_encoder([Column(name="k", type=kind)])([value])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TIMESTAMP", "0001-01-01T00:00:00+23:59"),
        ("TIMESTAMP", "9999-12-31T23:59:59-23:59"),
        ("DECIMAL(12,2)", "1E+999999999"),
        ("DECIMAL(12,2)", "1E-999999999"),
        ("DECIMAL(12,2)", Decimal("Infinity")),
        ("DECIMAL(12,2)", Decimal("sNaN")),
        ("BIGINT", "9" * 5000),
        ("DOUBLE", 10**400),
        ("DATE", "10000-01-01"),
        ("VARCHAR", "\ud800"),
    ],
)
def test_values_beyond_a_type_are_refused(kind: str, value: Any) -> None:
    """An error of ours names the key; Python's overflows do not come through."""
    with pytest.raises(KeyValueError, match="key k: "):
        encoded(kind, value)


def test_the_missing_time_of_pandas_is_no_key() -> None:
    """NaT is a datetime to Python, but names no entity."""
    with pytest.raises(KeyValueError, match="key k: "):
        encoded("TIMESTAMP", pd.NaT)


def test_a_decimal_does_not_depend_on_the_context() -> None:
    """A long decimal keeps its digits where the caller's context has fewer."""
    long = "1234567890123456.78"
    with localcontext(prec=5):
        assert encoded("DECIMAL(18,2)", long) == encoded("DECIMAL(18,2)", Decimal(long + "0"))
        assert long in encoded("DECIMAL(18,2)", long)


def test_times_of_the_first_and_last_year_are_keys() -> None:
    """All that a timestamp can say in UTC can name an entity."""
    assert encoded("TIMESTAMP", datetime.min) != encoded("TIMESTAMP", datetime.max)
