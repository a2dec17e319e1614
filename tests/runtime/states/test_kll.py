"""Quantiles of KLL sketches side by side."""

from __future__ import annotations

from collections.abc import Sequence

import datasketches as ds
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.kernels import numpy_only
from tilewright_runtime.states.kll import LISTED, KllUnion, retained

RANKS = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0]


def kll(values: Sequence[float], k: int = 200) -> bytes:
    sketch = ds.kll_doubles_sketch(k)
    sketch.update(np.array(values, dtype=np.float64))
    return sketch.serialize()  # type: ignore[no-any-return]


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


VALUES = st.lists(st.floats(allow_nan=False), max_size=30)


@few(40)
@given(st.lists(VALUES, max_size=6), st.integers(0, 3))
def test_the_kernel_finds_the_same(lists: list[list[float]], longer: int) -> None:
    """For sketches of one level and of several."""
    pytest.importorskip("tilewright_kernel", reason="there was no compiler to build the kernel")
    parts = [kll(values * (1 + 20 * longer), k=8) for values in lists]
    assert repr(KllUnion(parts).quantiles(RANKS)) == repr(quantiles(parts))
