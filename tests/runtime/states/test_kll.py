"""Quantiles of KLL sketches side by side."""

from __future__ import annotations

from collections.abc import Sequence

import datasketches as ds
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.kernels import numpy_only, required_kernel
from tilewright_runtime.states.kll import LISTED, Floats, KllUnion, joined_sketches, retained

RANKS = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0]


def kll(values: Sequence[float], k: int = 200) -> bytes:
    sketch = ds.kll_doubles_sketch(k)
    sketch.update(np.array(values, dtype=np.float64))
    return sketch.serialize()  # type: ignore[no-any-return]


def around(count: int) -> Floats:
    """Numbers from 0 on, whose first and last come in the middle."""
    return np.roll(np.arange(float(count)), count // 2)


def quantiles(parts: Sequence[bytes]) -> list[float] | None:
    with numpy_only():
        return KllUnion(parts).quantiles(RANKS)


@pytest.mark.parametrize("count", [0, 1, 2, 200, 5_000])
def test_a_sketch_is_read_as_the_library_reads_it(count: int) -> None:
    """Its values with their weights, and its ends."""
    part = kll(np.arange(count)[::-1].tolist())
    sketch, own = ds.kll_doubles_sketch.deserialize(part), retained(part)
    assert list(zip(own.values.tolist(), own.weights.tolist(), strict=True)) == list(sketch)
    if count:
        assert (own.smallest, own.largest) == (0, count - 1)


def test_no_values_have_no_quantiles() -> None:
    """Whether there are no sketches or empty ones."""
    assert quantiles([]) is None
    assert quantiles([kll([]), LISTED]) is None


def test_listed_values_count_beside_sketches() -> None:
    """Each counts once; those that are no number are left out."""
    listed = LISTED + np.array([3.0, np.nan, 1.0]).tobytes()
    assert KllUnion([kll([2.0]), listed]).quantiles([0, 0.5, 1]) == [1, 2, 3]


def test_the_ends_are_known_exactly() -> None:
    """Also where a sketch has dropped its smallest and largest value."""
    for first in range(0, 100_000, 5_000):
        found = quantiles([kll((first + around(5_000)).tolist(), k=8)])
        assert found is not None
        assert (found[0], found[-1]) == (first, first + 4_999)


def test_joined_sketches_answer_as_side_by_side() -> None:
    """One part retains what all of them retain, and has their ends."""
    counts = [5_000, 1, 0, 300, 40]
    parts = [
        kll(((around(count) - count / 2) * (i + 0.5)).tolist(), k=8)
        for i, count in enumerate(counts)
    ]
    joined = joined_sketches(parts, 8)
    whole, each = retained(joined), list[tuple[float, int]]()
    for part in parts:
        each += ds.kll_doubles_sketch.deserialize(part)
    levels = zip(whole.weights.tolist(), whole.values.tolist(), strict=True)
    assert list(levels) == sorted((weight, value) for value, weight in each)
    assert (whole.smallest, whole.largest) == (-1_250, 1_249.5)
    assert KllUnion([joined]).quantiles(RANKS) == quantiles([joined]) == quantiles(parts)


def test_joined_sketches_are_read_by_the_kernel() -> None:
    """It has more values than the library has room for."""
    joined = joined_sketches([kll(range(5_000), k=8), kll(range(5_000), k=8)], 8)
    assert required_kernel().kll_quantiles([joined], RANKS) == quantiles([joined])


VALUES = st.lists(st.floats(allow_nan=False), max_size=30)


@few(40)
@given(st.lists(VALUES, max_size=6), st.integers(0, 3))
def test_the_kernel_finds_the_same(lists: list[list[float]], longer: int) -> None:
    """For sketches of one level and of several."""
    required_kernel()
    parts = [kll(values * (1 + 20 * longer), k=8) for values in lists]
    assert repr(KllUnion(parts).quantiles(RANKS)) == repr(quantiles(parts))
