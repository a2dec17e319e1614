"""The checks of a plan's values: what each takes, and how it says what is wrong."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest

from tilewright_compiler.plan.checks import LARGEST, Natural, PartError, Positive, Real, check_of


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (str, "é"),
        (bool, False),
        (int, -3),
        (Positive, 1),
        (Natural, 0),
        (Natural, LARGEST),
        (Real, 0.5),
        (Any, [{}]),
        (Literal["a", 2], 2),
        (int | str, "x"),
        (Positive | None, None),
        (list[dict[str, int]], [{"a": 1}]),
    ],
)
def test_a_value_of_the_type_is_kept(kind: Any, value: Any) -> None:
    """Each kind of type takes its values as they are."""
    assert check_of(kind)(value) == value


@pytest.mark.parametrize(
    ("kind", "value", "wrong"),
    [
        (str, 1, ": is not a text"),
        (str, "\ud800", ": is half of a character"),
        (bool, 1, ": is neither true nor false"),
        (int, True, ": is not a whole number"),
        (Positive, 0, f": is not a whole number from 1 to {LARGEST}"),
        (Positive, 1.0, f": is not a whole number from 1 to {LARGEST}"),
        (Positive, True, f": is not a whole number from 1 to {LARGEST}"),
        (Natural, LARGEST + 1, f": is not a whole number from 0 to {LARGEST}"),
        (Real, float("nan"), ": is not a number from 0"),
        (Real, float("inf"), ": is not a number from 0"),
        (Real, -0.1, ": is not a number from 0"),
        (Real, True, ": is not a number from 0"),
        (Real, 10**400, ": is not a number that a double holds"),
        (Literal[2], True, ": is none of 2"),
        (Literal[1], True, ": is none of 1"),
        (int | None, "x", ": is not a whole number"),
        (list[int], {}, ": is not a list"),
        (list[int], [0, "x"], "1: is not a whole number"),
        (dict[str, list[int]], {"a": [None]}, "a.0: is not a whole number"),
        (dict[str, int], {1: 1}, "1: is not a text"),
        (dict[str, int], [], ": is not an object"),
    ],
)
def test_another_value_is_refused(kind: Any, value: Any, wrong: str) -> None:
    """The error says where, and what belongs there."""
    with pytest.raises(PartError) as refused:
        check_of(kind)(value)
    assert str(refused.value) == wrong


def test_a_whole_number_becomes_a_real_one() -> None:
    """A real number is written with a point, however it was given."""
    assert repr(check_of(Real)(2)) == "2.0"


def test_an_annotation_brings_its_check() -> None:
    """What stands beside a type checks its values."""
    assert check_of(Annotated[int, lambda value: value + 1])(1) == 2
