"""Values with names that do not change."""

from __future__ import annotations

import pytest

from tilewright_runtime.plans.frozen import Frozen


class Pair(Frozen):
    """Two numbers."""

    one: int
    other: int = 2


def test_values_are_given_by_place_or_name() -> None:
    """What is left out has its default."""
    pair = Pair(1)
    assert (pair.one, pair.other) == (1, 2)
    assert Pair(3, other=4) == Pair(one=3, other=4) == pair.copied(one=3, other=4)
    assert repr(pair) == "Pair(one=1, other=2)"


def test_equal_values_are_equal() -> None:
    """Those of another class never are."""
    assert len({Pair(1), Pair(1, 2), Pair(2)}) == 2
    assert Pair(1) != (1, 2)


def test_a_value_cannot_be_set() -> None:
    """A copy can have another one."""
    with pytest.raises(AttributeError, match="Pair is frozen"):
        Pair(1).one = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"one": 1}), ((1,), {"third": 3})]
)
def test_other_values_are_refused(values: tuple[int, ...], named: dict[str, int]) -> None:
    """One is missing, one too many, given twice or not known."""
    with pytest.raises(TypeError):
        Pair(*values, **named)
