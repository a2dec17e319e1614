"""Features whose values are merged numbers as they stand."""

from __future__ import annotations

from typing import Any

from tilewright_runtime.fetch.number_values import NumberValues

FORMS = {
    "count": ("count", [0]),
    "sum": ("float_sum", [1, 2]),
    "average": ("float_average", [1, 2]),
    "max": ("integer", [1, 3]),
    "total": ("integer_sum", [1, 2, 3]),
}


def test_numbers_become_values_at_once() -> None:
    """A sum of 6 of four values is an average of 1.5."""
    values: dict[str, Any] = {}
    assert NumberValues(FORMS).put([7, 4, 6.0, 9], values)
    assert values == {"count": 7, "sum": 6.0, "max": 9, "average": 1.5}


def test_nothing_is_put_where_one_value_is_missing() -> None:
    """A feature without events has a null, which its own finalizer makes."""
    values: dict[str, Any] = {}
    assert not NumberValues(FORMS).put([7, 0, 0.0, 0], values)
    assert values == {}


def test_a_count_of_nothing_is_zero() -> None:
    """It is no missing value."""
    values: dict[str, Any] = {}
    assert NumberValues({"count": ("count", [0])}).put([0], values)
    assert values == {"count": 0}


def test_other_forms_are_left_to_their_finalizers() -> None:
    """An exact sum of two halves may be out of range."""
    assert NumberValues(FORMS).names == {"count", "sum", "average", "max"}
