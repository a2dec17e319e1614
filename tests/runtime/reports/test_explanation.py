"""How values look: as JSON, and in few characters on a terminal."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from support.plans import AT
from tilewright_runtime import Answer
from tilewright_runtime.fetch.documents import answer_document, jsonable
from tilewright_runtime.reports.explanation import short


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2**63 - 1, 2**63 - 1),
        (0.1, 0.1),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (Decimal("1.500"), "1.500"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000000001"), "0.000000001"),
        (date(2024, 1, 4), "2024-01-04"),
        (datetime(2024, 1, 4, 14, 37, 25, tzinfo=UTC), "2024-01-04T14:37:25Z"),
        (
            datetime(2024, 1, 4, 16, 37, 25, 1, tzinfo=timezone(timedelta(hours=2))),
            "2024-01-04T14:37:25.000001Z",
        ),
        ([math.nan, Decimal("1")], ["NaN", "1"]),
        ([{"item": date(2024, 1, 4), "count": 2}], [{"item": "2024-01-04", "count": 2}]),
        ({"a": 2, "": 1}, {"a": 2, "": 1}),
        ({True: 2, False: 1}, {"true": 2, "false": 1}),
        ({7: 2, -1: 1}, {"7": 2, "-1": 1}),
        ({0.5: 1, math.nan: 2, -math.inf: 3}, {"0.5": 1, "NaN": 2, "-Infinity": 3}),
        ({Decimal("1.50"): 2}, {"1.50": 2}),
        ({date(2024, 1, 4): 2}, {"2024-01-04": 2}),
        ({datetime(2024, 1, 4, tzinfo=UTC): 2}, {"2024-01-04T00:00:00Z": 2}),
    ],
)
def test_a_value_as_json(value: Any, shown: Any) -> None:
    """Decimals are text with all their digits, times ISO 8601 in UTC, NaN and the infinities text
    (design §3).
    """
    assert jsonable(value) == shown
    json.dumps(jsonable(value), allow_nan=False)


def test_an_answer_as_json() -> None:
    """A line of output holds the keys, the time in milliseconds, the features, and the quality only
    where it is not clean.
    """
    clean = Answer({"k": "é"}, AT, {"x": Decimal("1.0")})
    assert answer_document(clean) == {"keys": {"k": "é"}, "at": AT, "features": {"x": "1.0"}}
    assert answer_document(Answer({}, AT, {}, {"head_end_ms": 5}))["quality"] == {"head_end_ms": 5}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (True, "true"),
        (1_234_567, "1,234,567"),
        (0.5, "0.5"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ("text", "text"),
        ("\x1b[31mred\n", r"\x1b[31mred\n"),
        ([{"item": "\a", "count": 2}], r"\x07×2"),
        ({"\r": 1}, r"\r=1"),
        (Decimal("1.500"), "1.500"),
        (date(2024, 1, 4), "2024-01-04"),
        ([1.0, 2.0], "1 2"),
        ([{"item": "a", "count": 2}], "a×2"),
        ([{"item": True, "count": 2}], "true×2"),
        ({"a": 4, "b": 3, "c": 2, "d": 1}, "a=4 b=3 c=2 …"),
        ({"item": 3, "count": 2}, "item=3 count=2"),
        ({False: 1}, "false=1"),
        ({"a": 0.1, "b": None, "c": [1, 2]}, "a=0.1 b=– c=1 2"),
        ({}, ""),
        (["b", "a"], "b a"),
    ],
)
def test_a_value_in_few_characters(value: Any, shown: str) -> None:
    """A terminal shows every kind of value, and nothing where there is none."""
    assert short(value) == shown
