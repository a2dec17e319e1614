"""Quantiles: within the stated error of a rank, however many values there are."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import functions_of, state_of, value_of
from support.plans import aggregations, plan_of
from support.values import feature_of
from tilewright import Operation
from tilewright.operations import OperationSpec
from tilewright_runtime.states.grouped_values import GroupedValues
from tilewright_runtime.states.kll import retained
from tilewright_runtime.tiles.layout import layout_of

#: The rank error that a t-digest of compression 200 may have in the middle; at the ends it is far
#: smaller.
RANK_ERROR = 0.01

PERCENTILES = [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0]


@pytest.mark.parametrize("shape", ["uniform", "lognormal", "equal", "sorted", "two"])
def test_percentiles_of_many_values_are_within_the_rank_error(shape: str) -> None:
    """Merged over parts and tiles, a percentile's rank is off by less than 1 % of 50,000 values of
    any shape.
    """
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
        low, high = (
            np.clip(int((percentile + error) * count), 0, count - 1)
            for error in (-RANK_ERROR, RANK_ERROR)
        )
        assert ordered[low] <= value <= ordered[high]
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])


@pytest.mark.parametrize("shape", ["lognormal", "equal", "sorted"])
def test_kll_percentiles_of_many_values_are_within_the_rank_error(shape: str) -> None:
    """A KLL sketch of k 200 is off by less than 2 % of 50,000 values merged over parts and tiles;
    its ends are exact.
    """
    count = 50_000
    values = {
        "lognormal": np.random.default_rng(7).lognormal(3, 2, count),
        "equal": np.full(count, 2.5),
        "sorted": np.arange(count, dtype=np.float64),
    }[shape]
    ordered = np.sort(values)
    found = feature_of(
        values.tolist(), pa.float64(), Operation.APPROX_PERCENTILE(PERCENTILES, sketch="kll")
    )
    for percentile, value in zip(PERCENTILES, found, strict=True):
        low, high = (
            np.clip(int((percentile + error) * count), 0, count - 1) for error in (-0.02, 0.02)
        )
        assert ordered[low] <= value <= ordered[high]
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (
            Operation.PERCENTILE([0.5], compression=50),
            Operation.PERCENTILE([0.5], compression=1000),
        ),
        (
            Operation.PERCENTILE([0.5], sketch="kll", k=50),
            Operation.PERCENTILE([0.5], sketch="kll", k=1000),
        ),
    ],
    ids=["tdigest", "kll"],
)
def test_a_larger_sketch_holds_more(small: OperationSpec, large: OperationSpec) -> None:
    """The size that an author gives is that of the sketch in the tile, before and after a merge."""
    sizes = []
    for operation in (small, large):
        plan = plan_of({"k": "string", "v": "double"}, ["k"], aggregations("v", [operation]))
        (functions,) = layout_of(plan).codecs.values()
        (part,) = functions.from_column(pa.array([np.arange(20_000.0)]))
        assert part is not None
        sizes.append((len(part), len(functions.encode(functions.merge([part, part])))))
    assert all(4 * one < other for one, other in zip(*sizes, strict=True))


def test_percentiles_are_in_the_order_of_the_arguments() -> None:
    """A list is answered in its own order, also one of a single percentile."""
    values = [float(number) for number in range(1, 102)]
    assert feature_of(values, pa.float64(), Operation.APPROX_PERCENTILE([0.99, 0.5, 1.0, 0.0]))[
        2:
    ] == [101.0, 1.0]
    (median,) = feature_of(values, pa.float64(), Operation.APPROX_PERCENTILE([0.5]))
    assert 50 <= median <= 52


@pytest.mark.parametrize("kind", ["tdigest", "kll"])
def test_each_tile_has_a_sketch_of_its_own(kind: Literal["tdigest", "kll"]) -> None:
    """Of its own values; without any the answer is none, whether there is a sketch or not."""
    operation = Operation.APPROX_PERCENTILE([0.0, 1.0], sketch=kind)
    functions = functions_of(operation, "double")
    first, none, empty, last = functions.from_column(pa.array([[3.0, 1.0], None, [], [7.0]]))
    assert none is None
    for part, wanted in ((first, [1.0, 3.0]), (empty, None), (last, [7.0, 7.0])):
        assert value_of(operation, "double", {}, {"sketch": functions.merge([part])}) == wanted
    assert value_of(operation, "double", {}, {"sketch": None}) is None
    assert value_of(operation, "double", {}, {"sketch": functions.merge([first, last])}) == [
        1.0,
        7.0,
    ]


@pytest.mark.parametrize("count", [0, 1, 5, 3_000])
def test_the_lowest_level_of_a_stored_kll_sketch_is_in_order(count: int) -> None:
    """Of a tile, and of merged tiles: no fetch has to sort it."""
    state = state_of("kll", "DOUBLE", {"k": 200})
    values = np.random.default_rng(1).normal(size=count)
    (made,) = state.from_column(pa.array([values.tolist()], pa.list_(pa.float64())))
    assert isinstance(made, bytes)
    for part in (made, state.encode(state.merge([made, made]))):
        known = retained(part)
        lowest = known.values[known.weights == 1]
        assert np.all(np.diff(lowest) >= 0)


def test_a_kll_percentile_is_a_value_that_occurs() -> None:
    """The smallest whose rank reaches the one asked; the ends are the smallest and the largest
    value.
    """
    functions = functions_of(
        operation := Operation.APPROX_PERCENTILE([0.0, 0.25, 0.26, 0.5, 1.0], sketch="kll"),
        "double",
    )
    (part,) = functions.from_column(pa.array([[1.0, 2.0, 3.0, 4.0]]))
    assert value_of(operation, "double", {}, {"sketch": functions.merge([part])}) == [
        1.0,
        1.0,
        2.0,
        2.0,
        4.0,
    ]


@pytest.mark.parametrize("kind", ["tdigest", "kll"])
def test_of_raw_events(kind: str) -> None:
    """The values of each group as doubles, decimals with their point."""
    runs = GroupedValues(
        np.array([0, 1]), np.array([0, 1]), np.array([1, 2]), np.arange(3), np.array([1500, 2, 3])
    )
    for type_, wanted in (
        ("DECIMAL(12,3)", [[1.5], [0.002, 0.003]]),
        ("BIGINT", [[1500.0], [2.0, 3.0]]),
    ):
        state = state_of(kind, type_, {"k": 200}, field="sketch")
        parts: Any = state.from_values(runs)["sketch"]
        ends = [[state.merge([part]).get_quantile(rank) for rank in (0, 1)] for part in parts]
        assert ends == [[values[0], values[-1]] for values in wanted]


@pytest.mark.parametrize("kind", ["tdigest", "kll"])
def test_sketches_of_the_same_values_agree(kind: Literal["tdigest", "kll"]) -> None:
    """They hold as many, and no quantile of one is further from its rank in the other than both may
    be off.
    """
    difference = state_of(kind, "DOUBLE", {"k": 200}).difference
    functions = functions_of(Operation.APPROX_PERCENTILE([0.5], sketch=kind), "double")

    def part(values: np.ndarray[Any, Any]) -> bytes:
        (made,) = functions.from_column(pa.array([values]))
        return made  # type: ignore[no-any-return]

    values = np.arange(10_000.0)
    random = np.random.default_rng(7)
    assert difference(part(values), part(random.permutation(values))) is None
    assert difference(part(values), part(values[:-1])) == "holds 9999 values, not 10000"
    # Twice the error of a rank: 1 % of a t-digest of compression 200, 1.33 % of a KLL sketch of k
    # 200.
    allowed = {"tdigest": 0.020, "kll": 0.027}[kind]
    for off in (-3 * allowed, 3 * allowed):
        found = difference(part(values), part(values + off * 10_000))
        assert found is not None
        assert float(found.split()[2]) == pytest.approx(abs(off), abs=0.02)
        assert found.endswith(f"apart, more than {allowed:.3f}")
    assert difference(part(values[:-1]), part(values)) == "holds 10000 values, not 9999"
    for value in (5.0, -5.0):
        equal = np.full(1000, value)  # of which each quantile has all ranks
        assert difference(part(equal), part(equal)) is None
    few = [
        part(np.array(some))
        for some in ([1.0, 2.0, 2.0, 3.0], [2.0, 3.0, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0])
    ]
    assert difference(few[0], few[1]) is None
    assert difference(few[0], few[2]) is not None
