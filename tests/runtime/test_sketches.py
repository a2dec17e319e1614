"""Sketches: exact while their items are few, and within their stated error when they are many."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import datasketches as ds
import numpy as np
import pyarrow as pa
import pytest

from support.plans import AT, HOUR, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright.operations import OperationSpec
from tilewright_runtime.layout import layout_of
from tilewright_runtime.sketches import variable_kinds

#: The rank error that a t-digest of compression 200 may have in the middle; at the ends it is far smaller.
RANK_ERROR = 0.01
#: Three standard errors of HLL_8 with 2**12 registers.
UNIQUE_ERROR = 3 * 1.04 / math.sqrt(1 << 12)

PERCENTILES = [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0]


def session_of(values: Sequence[Any], kind: pa.DataType, operation: Any, parts: int = 5) -> Any:
    """The feature of one key over a day, its values written in several parts and spread over its tiles."""
    made = plan_of(
        {"k": "string", "v": {pa.int64(): "bigint", pa.float64(): "double"}.get(kind, "string")},
        ["k"],
        aggregations("v", [operation], ["1d"]),
    )
    session = Session(made)
    for part in range(parts):
        some = pa.array(values[part::parts], kind)
        times = AT - 1 - (np.arange(len(some)) * 7_919_000) % (20 * HOUR)
        session.write(pa.table({"k": pa.array(["a"] * len(some)), "v": some, "ts": times}))
    (answer,) = session.features(k="a").values()
    return answer


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
    found = session_of(values.tolist(), pa.float64(), Operation.APPROX_PERCENTILE(PERCENTILES))
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
    found = session_of(values.tolist(), pa.float64(), Operation.APPROX_PERCENTILE(PERCENTILES, sketch="kll"))
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
    assert session_of(values, pa.float64(), Operation.APPROX_PERCENTILE([0.99, 0.5, 1.0, 0.0]))[2:] == [101.0, 1.0]
    (median,) = session_of(values, pa.float64(), Operation.APPROX_PERCENTILE([0.5]))
    assert 50 <= median <= 52


@pytest.mark.parametrize("count", [0, 1, 10, 150])
def test_few_different_values_are_counted_exactly(count: int) -> None:
    """Up to some hundred values the count of different ones is exact, however often each comes and however it is split."""
    assert (
        session_of([f"value {number % max(count, 1)}" for number in range(count * 3)], pa.string(), Operation.APPROX_UNIQUE_COUNT) == count
    )


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
def test_many_different_values_are_counted_within_the_stated_error(kind: pa.DataType) -> None:
    """20,000 different values of any type are counted within three standard errors of the sketch."""
    values = [str(number) if kind == pa.string() else number for number in range(20_000)]
    found = session_of(values, kind, Operation.APPROX_UNIQUE_COUNT)
    assert abs(found - 20_000) <= 20_000 * UNIQUE_ERROR


def test_the_empty_text_is_a_value() -> None:
    """An empty text is counted among the different ones, and null is not."""
    assert session_of(["", "a", None, "", "\0"], pa.string(), Operation.APPROX_UNIQUE_COUNT) == 3


def test_the_most_frequent_of_many_are_found_with_their_counts() -> None:
    """Among 300 different values the five most frequent come first with exact counts, ties by the smaller item (errata A1, A2)."""
    random = np.random.default_rng(3)
    values = [f"item {number}" for number in random.zipf(1.3, 20_000) % 300] + ["tie b"] * 5000 + ["tie a"] * 5000
    expected = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    assert session_of(values, pa.string(), Operation.TOP_K(5)) == [{"item": item, "count": count} for item, count in expected]


def test_the_most_frequent_of_very_many_are_found_nearly() -> None:
    """Where values are far more than the sketch holds, those that dominate are still found, with counts off by little."""
    values = [number for number in range(30_000)] + [-1] * 3000 + [-2] * 2000
    first, second = session_of(values, pa.int64(), Operation.TOP_K(2))
    assert (first["item"], second["item"]) == (-1, -2)
    assert abs(first["count"] - 3001) <= 0.02 * len(values)


COLUMNS = {
    "tdigest_x.sketch": pa.array([[1.0, 2.0], None, []]),
    "hll_t.sketch": pa.array([["a", ""], None, []]),
    "frequent_t.sketch": pa.array([[("a", 2)], None, []], pa.map_(pa.string(), pa.int64())),
    "min_t.value": pa.array(["b", None, ""]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_tile_without_values_has_no_sketch(name: str) -> None:
    """Null stays null, and what is built can be merged, alone and with an empty one, leaving its bytes as they are (errata A8)."""
    texts = [Operation.APPROX_UNIQUE_COUNT, Operation.TOP_K(2), Operation.MIN]
    digest = aggregations("x", [Operation.APPROX_PERCENTILE([0.5])])
    plan = plan_of({"k": "string", "x": "double", "t": "string"}, ["k"], [*digest, *aggregations("t", texts)])
    functions = variable_kinds(plan, layout_of(plan))[name]
    built = functions.build(COLUMNS[name])
    assert built[1] is None
    parts = [part for part in built if part is not None]
    before = list(parts)
    for some in (parts, parts[:1], parts[1:]):
        functions.encode(functions.merge(some))
    assert parts == before


def test_a_sketch_of_distinct_values_has_the_form_of_the_plan() -> None:
    """A built sketch and a merged one have the eight bits a register that the plan names."""
    plan = plan_of({"k": "string", "t": "string"}, ["k"], aggregations("t", [Operation.APPROX_UNIQUE_COUNT]))
    functions = variable_kinds(plan, layout_of(plan))["hll_t.sketch"]
    (part,) = functions.build(pa.array([[str(number) for number in range(1000)]]))
    assert part is not None
    for found in (part, functions.encode(functions.merge([part]))):
        sketch = ds.hll_sketch.deserialize(found)
        assert (sketch.tgt_type, sketch.lg_config_k) == (ds.tgt_hll_type.HLL_8, 12)


def test_the_smaller_of_two_texts_is_kept_as_it_is() -> None:
    """A merged minimum of texts is the bytes of one of them."""
    plan = plan_of({"k": "string", "t": "string"}, ["k"], aggregations("t", [Operation.MIN]))
    functions = variable_kinds(plan, layout_of(plan))["min_t.value"]
    assert functions.encode(functions.merge([b"b", "é".encode(), b"a"])) == b"a"
