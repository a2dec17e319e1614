"""Whole numbers in an array, used as a list."""

from __future__ import annotations

import numpy as np

from tilewright_runtime.tiles.integers import Integers


def test_a_copy_is_another_array() -> None:
    """Whoever changes it leaves the numbers as they were."""
    numbers = Integers(np.array([1, 2, 3]))
    for copied in (np.array(numbers), np.array(numbers, np.int64)):
        copied[0] = 7
    assert list(numbers) == [1, 2, 3]
    assert np.shares_memory(np.asarray(numbers), np.asarray(numbers, np.int64))


def test_a_number_is_one_of_python() -> None:
    """What is made of it may be written as JSON, or be larger than 64 bits."""
    numbers = Integers(np.array([1, 2, 3]))
    assert {type(numbers[1]), *map(type, numbers)} == {int}
    assert numbers[1] == 2
    assert list(numbers[1:]) == [2, 3]
    assert numbers != Integers(np.array([1, 2]))
