"""The most frequent values: exact while they are few, and nearly so when they are many."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa

from support.values import feature_of
from tilewright import Operation


def test_the_most_frequent_of_many_are_found_with_their_counts() -> None:
    """Among 300 different values the five most frequent come first with exact counts, ties by the smaller item (errata A1, A2)."""
    random = np.random.default_rng(3)
    values = [f"item {number}" for number in random.zipf(1.3, 20_000) % 300] + ["tie b"] * 5000 + ["tie a"] * 5000
    expected = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    assert feature_of(values, pa.string(), Operation.TOP_K(5)) == [{"item": item, "count": count} for item, count in expected]


def test_the_most_frequent_of_very_many_are_found_nearly() -> None:
    """Where values are far more than the sketch holds, those that dominate are still found, with counts off by little."""
    values = [number for number in range(30_000)] + [-1] * 3000 + [-2] * 2000
    first, second = feature_of(values, pa.int64(), Operation.TOP_K(2))
    assert (first["item"], second["item"]) == (-1, -2)
    assert abs(first["count"] - 3001) <= 0.02 * len(values)
