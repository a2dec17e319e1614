"""Quantiles: within the stated error of a rank, however many values there are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from support.plans import aggregations, plan_of
from support.values import feature_of
from tilewright import Operation
from tilewright.operations import OperationSpec
from tilewright_runtime.layout import layout_of, variable_kinds

#: The rank error that a t-digest of compression 200 may have in the middle; at the ends it is far smaller.
RANK_ERROR = 0.01

PERCENTILES = [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0]


@pytest.mark.parametrize("shape", ["uniform", "lognormal", "equal", "sorted", "two"])
def test_percentiles_of_many_values_are_within_the_rank_error(shape: str) -> None:
    """Merged over parts and tiles, a percentile's rank is off by less than 1 % of 50,000 values of any shape."""
    random, count = np.random.default_rng(7), 50_000
    values = {
        "uniform": random.uniform(-5, 5, count),
        "lognormal": random.lognormal(3, 2, count),
        "equal": np.full(count, 2.5),
        "sorted": np.arange(count, dtype=np.float64),
        "two": random.choice([0.0, 1e9], count),
    }[shape]
    ordered = np.sort(values)
    found = feature_of(values.tolist(), pa.float64(), Operation.APPROX_PERCENTILE(PERCENTILES))
    for percentile, value in zip(PERCENTILES, found, strict=True):
        low, high = (np.clip(int((percentile + error) * count), 0, count - 1) for error in (-RANK_ERROR, RANK_ERROR))
        assert ordered[low] <= value <= ordered[high]
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])


@pytest.mark.parametrize("shape", ["lognormal", "equal", "sorted"])
def test_kll_percentiles_of_many_values_are_within_the_rank_error(shape: str) -> None:
    """A KLL sketch of k 200 is off by less than 2 % of 50,000 values merged over parts and tiles; its ends are exact."""
    count = 50_000
    values = {
        "lognormal": np.random.default_rng(7).lognormal(3, 2, count),
        "equal": np.full(count, 2.5),
        "sorted": np.arange(count, dtype=np.float64),
    }[shape]
    ordered = np.sort(values)
    found = feature_of(values.tolist(), pa.float64(), Operation.APPROX_PERCENTILE(PERCENTILES, sketch="kll"))
    for percentile, value in zip(PERCENTILES, found, strict=True):
        low, high = (np.clip(int((percentile + error) * count), 0, count - 1) for error in (-0.02, 0.02))
        assert ordered[low] <= value <= ordered[high]
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (Operation.PERCENTILE([0.5], compression=50), Operation.PERCENTILE([0.5], compression=1000)),
        (Operation.PERCENTILE([0.5], sketch="kll", k=50), Operation.PERCENTILE([0.5], sketch="kll", k=1000)),
    ],
    ids=["tdigest", "kll"],
)
def test_a_larger_sketch_holds_more(small: OperationSpec, large: OperationSpec) -> None:
    """The size that an author gives is that of the sketch in the tile, before and after a merge."""
    sizes = []
    for operation in (small, large):
        plan = plan_of({"k": "string", "v": "double"}, ["k"], aggregations("v", [operation]))
        (functions,) = variable_kinds(plan, layout_of(plan)).values()
        (part,) = functions.build(pa.array([np.arange(20_000.0)]))
        assert part is not None
        sizes.append((len(part), len(functions.encode(functions.merge([part, part])))))
    assert all(4 * one < other for one, other in zip(*sizes, strict=True))


def test_percentiles_are_in_the_order_of_the_arguments() -> None:
    """A list is answered in its own order, also one of a single percentile."""
    values = [float(number) for number in range(1, 102)]
    assert feature_of(values, pa.float64(), Operation.APPROX_PERCENTILE([0.99, 0.5, 1.0, 0.0]))[2:] == [101.0, 1.0]
    (median,) = feature_of(values, pa.float64(), Operation.APPROX_PERCENTILE([0.5]))
    assert 50 <= median <= 52
