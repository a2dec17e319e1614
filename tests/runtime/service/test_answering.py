"""Values of answers as JSON has them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tilewright_runtime.fetch.answers import Answer
from tilewright_runtime.fetch.documents import jsonable
from tilewright_runtime.service.answering import success
from tilewright_runtime.service.requests import Options


def test_values_are_those_of_the_command_line() -> None:
    """Decimals, times, NaN and the infinities are text, also within lists and maps."""
    time = datetime(2024, 1, 4, tzinfo=UTC)
    features = {"x": math.nan, "y": [Decimal("1.50")], "z": {True: -math.inf}, "t": time, "n": 1.5}
    assert success(Answer({"k": 1}, 0, features), Options())["features"] == {
        "x": "NaN",
        "y": ["1.50"],
        "z": {"true": "-Infinity"},
        "t": "2024-01-04T00:00:00Z",
        "n": 1.5,
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, Decimal("1.5"), 10**400])
def test_one_value_among_numbers_is_written_as_json_has_it(value: Any) -> None:
    """Numbers are told by their sum, also where it overflows."""
    answer = Answer({}, 0, {"before": 1, "odd": value, "after": 2.5})
    features = success(answer, Options())["features"]
    assert features == {"before": 1, "odd": jsonable(value), "after": 2.5}


def test_numbers_whose_sum_overflows_stay_numbers() -> None:
    """Each of them is finite."""
    assert success(Answer({}, 0, {"a": 1e308, "b": 1e308}), Options())["features"]["a"] == 1e308
