"""Summaries of frequent values: their bytes, their bounds, and what the kernel reads of them."""

from __future__ import annotations

import struct
from collections import Counter

import datasketches as ds
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.finalizing import state_of
from support.kernels import numpy_only, required_kernel
from support.summaries import summary_of
from tilewright_runtime.states.frequency_summary import SummaryUnion


def test_the_bytes_of_a_summary() -> None:
    """They are the documented ones; what was seen stands there only after a cut."""
    exact = struct.pack("<4xIqq2q2I", 2, 0, 5, 2, 3, 1, 2) + "aé".encode()
    assert summary_of([("é", 3), ("a", 2)]) == exact
    cut = summary_of({"a": 9, "b": 5, "c": 2, "d": 1, "e": 2}, lg_max_k=2)  # room for three
    assert cut == struct.pack("<4xIqq2q2q2I", 2, 2, 19, 7, 3, 9, 5, 1, 1) + b"ab"
    state = state_of("frequent", "VARCHAR", {"lg_max_k": 2})
    for part in (exact, cut):
        assert state.encode(state.merge([part])) == part


@pytest.mark.parametrize("seed", range(5))
def test_the_bounds_hold_however_values_are_split_and_merged(seed: int) -> None:
    """No value came less or more often than it says, and the error is at most n / (room + 1)."""
    random = np.random.default_rng(seed)
    values = [str(number) for number in random.zipf(1.2, 4000) % 400]
    counts, state = Counter(values), state_of("frequent", "VARCHAR", {"lg_max_k": 5})
    parts = [
        summary_of(Counter(part.tolist()), lg_max_k=5)
        for part in np.array_split(np.array(values), random.integers(2, 40))
    ]
    while len(parts) > 3:
        first, second = parts.pop(0), parts.pop(random.integers(len(parts)))
        parts.append(state.encode(state.merge([first, second])))
    merged = state.merge(parts).summary
    assert merged.total == len(values)
    assert 0 < merged.error <= len(values) / (24 + 1)
    for value, count in counts.items():
        low, high = merged.bounds(value.encode())
        assert low <= count <= high


@pytest.mark.parametrize("lg_max_k", [2, 4, 10])
def test_the_kernel_finds_the_same_values(lg_max_k: int) -> None:
    """Of exact summaries and of those that were cut, with all ties of the last value."""
    required_kernel()
    random = np.random.default_rng(lg_max_k)
    parts = []
    for _ in range(8):
        numbers = random.zipf(1.3, 300) % 90
        # Texts of up to 40 bytes; the kernel compares the first 16 apart.
        texts = ["/" * (number % 40) + str(number) for number in numbers.tolist()]
        parts.append(summary_of(Counter(texts), lg_max_k))
    union = SummaryUnion(parts)
    for k in (1, 3, 10, 500):
        found = union.top(k)
        with numpy_only():
            assert found == union.top(k)
    assert union.error == union.summary.error


@few(60)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=60),
    st.lists(st.dictionaries(st.integers(0, 70), st.integers(1, 30), min_size=1), max_size=3),
    st.integers(1, 12),
    st.sampled_from([2, 10]),
)
def test_the_kernel_reads_of_a_large_summary_what_may_be_frequent(
    large: list[int], others: list[dict[int, int]], k: int, lg_max_k: int
) -> None:
    """Whether the small ones can change which values come most often, or not."""
    required_kernel()
    counts = [dict(enumerate(large)), *others]
    parts = []
    for one in counts:
        parts.append(summary_of({str(item): count for item, count in one.items()}, lg_max_k))
    union = SummaryUnion(parts)
    found = union.top(k)
    with numpy_only():
        assert found == SummaryUnion(parts).top(k)


@pytest.mark.parametrize("lg_max_k", [6, 10])
@pytest.mark.parametrize("exponent", [1.1, 1.5])
def test_the_kernel_passes_over_rare_values(lg_max_k: int, exponent: float) -> None:
    """Few of some thousand values are frequent, not all of them in every tile."""
    required_kernel()
    random = np.random.default_rng(lg_max_k)
    parts = []
    for tile in range(12):
        numbers = random.zipf(exponent, 1500) % 3000 + 2 * (tile % 3)
        parts.append(summary_of(Counter(map(str, numbers.tolist())), lg_max_k))
    for k in (1, 10, 200):
        found = SummaryUnion(parts).top(k)
        with numpy_only():
            assert found == SummaryUnion(parts).top(k)


def test_the_kernel_leaves_sketches_of_earlier_versions_to_the_library() -> None:
    """It knows no other form than the one that is written."""
    sketch = ds.frequent_strings_sketch(4)
    sketch.update("often", 10)
    union = SummaryUnion([sketch.serialize(), summary_of({"often": 5})])
    assert union.top(1) == [(b"often", 15)]
    assert union.error == union.summary.error


def test_a_sketch_of_an_earlier_version_is_read() -> None:
    """Its bounds stand, alone and merged with tiles of this version."""
    sketch = ds.frequent_strings_sketch(4)
    for number in range(100):
        sketch.update(f"value {number}")
        sketch.update("often", 10)
    state = state_of("frequent", "VARCHAR", {"lg_max_k": 4})
    old = state.merge([sketch.serialize()]).summary
    assert old.error > 0 and old.total == 1100
    assert old.bounds(b"often") == (
        sketch.get_lower_bound("often"),
        sketch.get_upper_bound("often"),
    )
    assert old.bounds(b"never") == (0, sketch.get_upper_bound("never"))
    both = state.merge([sketch.serialize(), summary_of({"often": 5})]).summary
    low, high = both.bounds(b"often")
    assert low <= 1005 <= high and both.total == 1105
    assert state.merge([ds.frequent_strings_sketch(4).serialize()]).summary.counters == {}
