"""Python's values as texts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilewright_runtime.readers.python_values import text_of

_SPANS = st.timedeltas(timedelta(days=-9_000), timedelta(days=9_000))


@given(st.lists(st.datetimes() | _SPANS | st.times(), min_size=1, max_size=20))
def test_times_have_the_texts_that_columns_of_them_have(values: list[Any]) -> None:
    """A time among values of other classes is written as DuckDB writes one of its own column."""
    with duckdb.connect() as connection:
        for value in values:
            connection.register("alone", pa.table({"value": pa.array([value])}))
            written = connection.sql("SELECT CAST(value AS VARCHAR) FROM alone").fetchall()
            assert written == [(text_of(value),)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=1, seconds=5), "24:00:05"),
        (timedelta(seconds=-1), "-00:00:01"),
        (np.timedelta64(1_500, "us"), "00:00:00.0015"),
        (datetime(2024, 1, 4, 1, 2, 3, 120_000), "2024-01-04 01:02:03.12"),
        (datetime(2024, 1, 4, 1, tzinfo=timezone(timedelta(hours=2))), "2024-01-03 23:00:00+00"),
        (time(1, 2, 3), "01:02:03"),
        (time(1, 2, 3, 500_000, UTC), "01:02:03.5+00:00"),
        (np.datetime64("2024-01-04T05"), "2024-01-04 05:00:00"),
        (np.datetime64("2024-01-04T05:06:07.123456789"), "2024-01-04 05:06:07.123456"),
        (np.datetime64("2024-01"), "2024-01-01"),
        (np.float32(0.1), "0.1"),
        (np.float64(0.1), "0.1"),
    ],
)
def test_a_value_has_one_text(value: Any, text: str) -> None:
    """It is the same alone and among values of other classes."""
    assert text_of(value) == text
