"""Defaults: what is written as JSON, as a value of the feature's type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tilewright_compiler.plan.defaults import default_value


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        (0, "BIGINT", 0),
        (-(1 << 31), "INTEGER", -(1 << 31)),
        (255, "UTINYINT", 255),
        (0.5, "DOUBLE", 0.5),
        (0.5, "FLOAT", 0.5),
        (0, "DOUBLE", 0.0),
        (True, "BOOLEAN", True),
        ("a", "VARCHAR", "a"),
        (0, "DECIMAL(12,2)", Decimal("0.00")),
        ("1.5", "DECIMAL(12,2)", Decimal("1.50")),
        (0.1, "DECIMAL(12,2)", Decimal("0.10")),
        ("2024-01-04", "DATE", date(2024, 1, 4)),
        ("2024-01-04T01:00:00+01:00", "TIMESTAMP WITH TIME ZONE", datetime(2024, 1, 4, tzinfo=UTC)),
        ("2024-01-04", "TIMESTAMP", datetime(2024, 1, 4, tzinfo=UTC)),
        ([], "BIGINT[]", []),
        (["2024-01-04"], "DATE[]", [date(2024, 1, 4)]),
        (
            [{"item": "1.5", "count": 2}],
            "STRUCT(item DECIMAL(12,1), count BIGINT)[]",
            [{"item": Decimal("1.5"), "count": 2}],
        ),
        ({"a": 1}, "MAP(VARCHAR, BIGINT)", {"a": 1}),
        ({"7": 1}, "MAP(BIGINT, BIGINT)", {7: 1}),
        ({7: 1}, "MAP(BIGINT, BIGINT)", {7: 1}),
        ({"true": 1}, "MAP(BOOLEAN, BIGINT)", {True: 1}),
        ({"1.5": 1}, "MAP(DECIMAL(12,2), BIGINT)", {Decimal("1.50"): 1}),
    ],
)
def test_a_default_is_of_the_features_type(written: Any, kind: str, value: Any) -> None:
    """Decimals, days and times are no texts in an answer, also within lists and maps."""
    found = default_value(written, kind)
    assert (found, repr(found)) == (value, repr(value))


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (1 << 63, "BIGINT"),
        (1 << 31, "INTEGER"),
        (-(1 << 15) - 1, "SMALLINT"),
        (128, "TINYINT"),
        (-1, "UINTEGER"),
        (1e39, "FLOAT"),
        (True, "BIGINT"),
        (0.5, "BIGINT"),
        ("0", "BIGINT"),
        (float("nan"), "DOUBLE"),
        ("0", "DOUBLE"),
        (1, "VARCHAR"),
        (1, "BOOLEAN"),
        ("zero", "DECIMAL(12,2)"),
        ("NaN", "DECIMAL(12,2)"),
        ("0.005", "DECIMAL(12,2)"),
        ("10000000000", "DECIMAL(12,2)"),
        ([], "DECIMAL(12,2)"),
        ("noon", "TIMESTAMP"),
        ("2024-13-01", "DATE"),
        (20240104, "DATE"),
        ("a", "BIGINT[]"),
        (["a"], "BIGINT[]"),
        ([], "MAP(VARCHAR, BIGINT)"),
        ({"a": "b"}, "MAP(VARCHAR, BIGINT)"),
        ({"a": 1}, "MAP(BIGINT, BIGINT)"),
        ([{"item": "a"}], "STRUCT(item VARCHAR, count BIGINT)[]"),
    ],
)
def test_what_is_no_value_of_the_type(written: Any, kind: str) -> None:
    """A default that the type cannot hold is refused when the plan is made."""
    with pytest.raises(ValueError, match=r"."):
        default_value(written, kind)
