"""The smallest and largest value."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import functions_of, state_of, value_of
from tilewright import Operation
from tilewright_runtime.states.grouped_values import GroupedValues


@pytest.mark.parametrize(
    ("operation", "kept"), [(Operation.MIN, b"a"), (Operation.MAX, "é".encode())]
)
def test_one_of_the_texts_is_kept_as_it_is(operation: Any, kept: bytes) -> None:
    """A merged extreme of texts is the bytes of one of them."""
    functions = functions_of(operation, "string")
    assert functions.encode(functions.merge([b"b", "é".encode(), b"a"])) == kept


@pytest.mark.parametrize("operation", [Operation.MIN, Operation.MAX])
def test_a_value_in_its_own_type(operation: Any) -> None:
    """What the tile keeps becomes the value; without values there is none, whatever the tile
    says.
    """
    assert value_of(operation, "bigint", {"value": -3, "n": 2}) == -3
    assert value_of(operation, "double", {"value": 0.0, "n": 1}) == 0.0
    assert value_of(operation, "date", {"value": -1, "n": 1}) == date(1969, 12, 31)
    assert value_of(operation, "timestamp", {"value": -1_000_000, "n": 1}) == datetime(
        1969, 12, 31, 23, 59, 59, tzinfo=UTC
    )
    assert value_of(operation, "bigint", {"value": -3, "n": 0}) is None
    assert value_of(operation, "string", {"n": 1}, {"value": b"x"}) == "x"
    assert value_of(operation, "string", {"n": 1}, {"value": None}) is None


@pytest.mark.parametrize(
    ("kind", "values", "text"), [("min", [1.0, 4.0], "b"), ("max", [math.nan, 6.0], "c")]
)
def test_of_raw_events(kind: str, values: list[float], text: str) -> None:
    """Each group by itself; NaN is the largest number, also where it comes last."""
    of_numbers = state_of(kind, "DOUBLE", words={"value": 0})
    numbers = np.array([3.0, 1.0, math.nan, 4.0, 6.0])
    runs = GroupedValues(
        np.array([0, 1]), np.array([0, 3]), np.array([3, 2]), np.arange(5), numbers
    )
    np.testing.assert_array_equal(of_numbers.from_values(runs)["value"], values)
    texts = GroupedValues(
        np.array([0]),
        np.array([0]),
        np.array([2]),
        np.arange(2),
        np.array([2, 1]),
        pa.array(["a", "b", "c"]),
    )
    assert state_of(kind, "VARCHAR", field="value").from_values(texts) == {"value": [text.encode()]}
