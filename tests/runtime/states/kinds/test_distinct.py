"""Different values: counted exactly while they are few, and within the stated error when they are
many.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from contextlib import nullcontext

import datasketches as ds
import pyarrow as pa
import pytest

from support.finalizing import functions_of, state_of, value_of
from support.kernels import numpy_only, required_kernel
from support.plans import aggregations, plan_of
from support.values import feature_of
from tilewright import Operation
from tilewright_runtime.states.kinds.distinct import DistinctUnion
from tilewright_runtime.tiles.layout import layout_of

#: Three standard errors of HLL_8 with 2**12 registers.
UNIQUE_ERROR = 3 * 1.04 / math.sqrt(1 << 12)


@pytest.mark.parametrize("count", [0, 1, 10, 150])
def test_few_different_values_are_counted_exactly(count: int) -> None:
    """Up to some hundred values the count of different ones is exact, however often each comes and
    however it is split.
    """
    assert (
        feature_of(
            [f"value {number % max(count, 1)}" for number in range(count * 3)],
            pa.string(),
            Operation.APPROX_UNIQUE_COUNT,
        )
        == count
    )


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
def test_many_different_values_are_counted_within_the_stated_error(kind: pa.DataType) -> None:
    """20,000 different values of any type are counted within three standard errors of the
    sketch.
    """
    values = [str(number) if kind == pa.string() else number for number in range(20_000)]
    found = feature_of(values, kind, Operation.APPROX_UNIQUE_COUNT)
    assert abs(found - 20_000) <= 20_000 * UNIQUE_ERROR


def test_the_empty_text_is_a_value() -> None:
    """An empty text is counted among the different ones, and null is not."""
    assert feature_of(["", "a", None, "", "\0"], pa.string(), Operation.APPROX_UNIQUE_COUNT) == 3


def test_a_sketch_of_distinct_values_has_the_form_of_the_plan() -> None:
    """A built sketch and a merged one have the eight bits a register that the plan names."""
    plan = plan_of(
        {"k": "string", "t": "string"}, ["k"], aggregations("t", [Operation.APPROX_UNIQUE_COUNT])
    )
    functions = layout_of(plan).codecs["hll_t.sketch"]
    (part,) = functions.from_column(pa.array([[str(number) for number in range(1000)]]))
    assert part is not None
    for found in (part, functions.encode(functions.merge([part]))):
        sketch = ds.hll_sketch.deserialize(found)
        assert (sketch.tgt_type, sketch.lg_config_k) == (ds.tgt_hll_type.HLL_8, 12)


def sketch(values: Iterable[int], salt: str = "") -> bytes:
    made = ds.hll_sketch(12, ds.tgt_hll_type.HLL_8)
    for value in values:
        made.update(f"{salt}{value}")
    return made.serialize_compact()  # type: ignore[no-any-return]


def test_an_estimate_is_a_whole_number() -> None:
    """It is rounded, and 0 of an empty window."""
    functions = functions_of(Operation.APPROX_UNIQUE_COUNT, "string")
    found = value_of(
        Operation.APPROX_UNIQUE_COUNT,
        "string",
        {},
        {"sketch": functions.merge([sketch(range(7)), sketch(range(5, 9))])},
    )
    assert (found, type(found)) == (9, int)
    assert value_of(Operation.APPROX_UNIQUE_COUNT, "string", {}, {"sketch": None}) == 0


def test_each_tile_has_a_sketch_of_its_own() -> None:
    """Of its own values, whatever those of others are."""
    functions = functions_of(Operation.APPROX_UNIQUE_COUNT, "string")
    parts = functions.from_column(pa.array([["a", "b"], None, ["a"], ["c", "d", ""]]))
    assert [
        None if part is None else round(functions.merge([part]).get_estimate()) for part in parts
    ] == [2, None, 1, 3]


def test_an_empty_list_has_an_empty_sketch() -> None:
    """It has one among lists with values, and where all are empty."""
    functions = functions_of(Operation.APPROX_UNIQUE_COUNT, "string")
    for others in ([], ["a"]):
        column = pa.array([[], None, others], pa.list_(pa.string()))
        assert list(functions.from_column(column))[:2] == [sketch([]), None]


def test_threads_that_share_a_state_make_their_own_sketches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is remembered of one may be replaced by another's while it is compared."""
    functions = functions_of(Operation.APPROX_UNIQUE_COUNT, "string")
    own, others = (pa.array([list(texts)]) for texts in ("ab", "cd"))
    made = list(functions.from_column(own))
    values, coupons = functions._known

    class Interrupted:
        def equals(self, asked: pa.Array) -> bool:
            monkeypatch.setattr(functions, "_known", None)
            functions.from_column(others)
            return values.equals(asked)  # type: ignore[no-any-return]

    monkeypatch.setattr(functions, "_known", (Interrupted(), coupons))
    assert list(functions.from_column(own)) == made


def test_sketches_of_the_same_values_agree() -> None:
    """They count alike within three standard errors, and no more when they are merged."""
    difference = state_of("hll", params={"lg_k": 12, "type": "HLL_8"}).difference
    # Three standard errors of 2**12 registers are 4.9 %.
    assert difference(sketch(range(100)), sketch(range(100))) is None
    assert difference(sketch(range(100)), sketch(range(104))) is None
    assert difference(sketch(range(100)), sketch(range(96))) is None
    assert difference(sketch(range(1000)), sketch(range(1030))) is None
    assert difference(sketch(range(100)), sketch(range(106))) == "counts 106.0 values, not 100.0"
    assert difference(sketch(range(100)), sketch(range(94))) == "counts 94.0 values, not 100.0"
    found = difference(sketch(range(100)), sketch(range(100), salt="x"))
    assert found == "counts 200.0 values when it is merged with that of the same values"


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([], id="none"),
        pytest.param([0, 0], id="empty"),
        pytest.param([1, 8, 9, 300], id="a set"),
        pytest.param([384], id="the largest set"),
        pytest.param([300, 100], id="a set that becomes registers"),
        pytest.param([3_000, 5, 100], id="one of registers"),
        pytest.param([3_000, 5, 4_000, 100, 90_000], id="several of registers"),
        pytest.param([350] * 40 + [3_000] * 2, id="many sets before registers"),
    ],
)
def test_the_kernel_unites_as_numpy_does(counts: list[int]) -> None:
    """Sketches that overlap have the same estimate to the last bit, in either order."""
    required_kernel()
    parts = [sketch(range(i * 200, i * 200 + count)) for i, count in enumerate(counts)]
    for ordered in (parts, parts[::-1]):
        union = DistinctUnion(ordered, 12)
        with numpy_only():
            reference = union.get_estimate()
        assert union.get_estimate() == reference


@pytest.mark.parametrize("is_native", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_what_was_united_before_changes_no_estimate(seed: int, is_native: bool) -> None:
    """A cache unites some tiles in advance, and the estimate of all has the same last bit."""
    if is_native:
        required_kernel()
    chance = random.Random(seed)
    functions = functions_of(Operation.APPROX_UNIQUE_COUNT, "bigint")
    counts = [0, 1, 9, 200, 350, 384, 600, 3_000]
    parts = [sketch(range(i * 150, i * 150 + chance.choice(counts))) for i in range(6)]
    with nullcontext() if is_native else numpy_only():
        want = functions.merge(parts).get_estimate()
        for cut in range(1, 6):
            before = functions.join(parts[:cut])
            assert functions.merge([before, *parts[cut:]]).get_estimate() == want
            assert functions.merge([*parts[cut:], before]).get_estimate() == want
        assert functions.merge([functions.join(parts)]).get_estimate() == want


def test_the_kernel_leaves_sketches_of_another_size_to_the_library() -> None:
    """A union has the registers of the smaller one."""
    small = ds.hll_sketch(10, ds.tgt_hll_type.HLL_8)
    for number in range(2_000):
        small.update(number)
    union = DistinctUnion(
        [small.serialize_compact(), sketch(range(2_000)), sketch(range(2_000))], 12
    )
    assert union.get_estimate() == union.united().get_estimate()


@pytest.mark.parametrize("count", [9, 100])
def test_a_part_of_a_column_has_its_own_values(count: int) -> None:
    """The values of the tiles before it are not counted, nor taken for its own."""
    functions = functions_of(Operation.APPROX_UNIQUE_COUNT, "string")
    texts = [str(number) for number in range(count)]
    column = pa.array([list("abcdefgh"), texts, ["a"]])[1:]
    whole, single = functions.from_column(column)
    alone = functions.merge([sketch(range(count))]).get_estimate()
    assert functions.merge([whole, sketch(range(count))]).get_estimate() == alone
    assert round(functions.merge([whole]).get_estimate()) == round(alone)
    assert round(functions.merge([single]).get_estimate()) == 1
