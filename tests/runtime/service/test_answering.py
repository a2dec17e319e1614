"""Values of answers as JSON has them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

from tilewright_runtime.fetch.answers import Answer
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
