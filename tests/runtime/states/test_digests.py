"""Quantiles of digests side by side."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import datasketches as ds
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.kernels import numpy_only, required_kernel
from tilewright_runtime.states.digests import DigestUnion

RANKS = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0]


def digest(values: Sequence[float], k: int = 200) -> bytes:
    sketch = ds.tdigest_double(k)
    sketch.update(np.array(values, dtype=np.float64))
    return sketch.serialize()  # type: ignore[no-any-return]


def quantiles(parts: Sequence[bytes]) -> list[float] | None:
    with numpy_only():
        return DigestUnion(parts).quantiles(RANKS)


def test_a_single_value_is_each_quantile() -> None:
    """There is nothing to interpolate."""
    assert quantiles([digest([7.5])]) == [7.5] * len(RANKS)


def test_no_values_have_no_quantiles() -> None:
    """Whether there are no digests or empty ones."""
    assert quantiles([]) is None
    assert quantiles([digest([])]) is None


def test_few_values_are_kept_exactly() -> None:
    """Quantiles are values that occurred, however they are spread over digests."""
    parts = [digest([1, 5, 9]), digest([2, 4]), digest([3, 6, 7, 8])]
    assert quantiles(parts) == quantiles([digest(range(1, 10))])
    assert set(quantiles(parts) or []) <= set(range(1, 10))


def test_many_values_keep_their_ranks() -> None:
    """Thirty digests of skewed values: ranks are within half a percent."""
    draw = random.Random(3)
    days = [[draw.expovariate(1) * day for _ in range(3_000)] for day in range(1, 31)]
    ordered = np.sort(np.concatenate(days))
    ranks = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
    with numpy_only():
        values = DigestUnion(list(map(digest, days))).quantiles(ranks)
    assert values is not None
    found = np.searchsorted(ordered, values) / len(ordered)
    assert max(abs(found - np.array(ranks))) < 0.005


def test_the_ends_are_the_smallest_and_largest_values() -> None:
    """Digests keep both exactly."""
    parts = [digest(np.linspace(part, 10 + part, 5_000).tolist()) for part in range(4)]
    values = quantiles(parts)
    assert values is not None
    assert (values[0], values[-1]) == (0.0, 13.0)


def test_infinities_are_values() -> None:
    """Nothing is interpolated to NaN beside them."""
    values = quantiles([digest([-math.inf, 1.0, 2.0, math.inf])])
    assert values is not None
    assert (values[0], values[-1]) == (-math.inf, math.inf)
    assert not any(math.isnan(value) for value in values)


VALUES = st.lists(st.floats(allow_nan=False), max_size=30)


@few(40)
@given(st.lists(VALUES, max_size=6), st.integers(0, 3))
def test_the_kernel_finds_the_same(lists: list[list[float]], longer: int) -> None:
    """Term by term, for single values and for merged ones."""
    required_kernel()
    parts = [digest(values * (1 + 20 * longer), k=10) for values in lists]
    assert repr(DigestUnion(parts).quantiles(RANKS)) == repr(quantiles(parts))


def test_damaged_digests_are_refused() -> None:
    """By the library, in its words."""
    with pytest.raises((RuntimeError, ValueError)):
        quantiles([b"\x07\x07\x07\x07\x07\x07\x07\x07\x07"])
