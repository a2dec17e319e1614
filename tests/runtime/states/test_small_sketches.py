"""Sketches of few values are those that the library makes."""

from __future__ import annotations

from typing import Any

import datasketches as ds
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.examples import few
from support.kernels import numpy_only, required_kernel
from tilewright_compiler.plan.model import State
from tilewright_runtime.states.base import Placement, kind_of
from tilewright_runtime.states.frequency_summary import decode
from tilewright_runtime.states.small_sketches import list_offsets

NAN = float("nan")
doubles = st.sampled_from([0.5, -1.0, 1e300, float("inf"), float("-inf"), float("nan")])
lists = st.lists(st.none() | st.lists(doubles, min_size=1, max_size=9), max_size=6)
words = st.lists(st.none() | st.lists(st.text(max_size=2), min_size=1, max_size=12), max_size=6)
counts = st.lists(st.tuples(st.sampled_from(["", "a", "é", "zz"]), st.integers(1, 9)), min_size=1)


def form_of(sketch: bytes) -> tuple[bytes, list[int]]:
    """What a HyperLogLog begins with, and its coupons, which may come in any order."""
    return sketch[:8], sorted(np.frombuffer(sketch[8:], "<u4").tolist())


def made(kind: str, declared: str, params: dict[str, Any], column: pa.Array) -> list[bytes | None]:
    """The bytes that a kind of states makes of a column, with and without the kernel."""
    state = State(id="s", kind=kind, input="x", type=declared, params=params)
    sketches = list(kind_of(kind)(Placement(state, {}, {}, "s.sketch")).from_column(column))
    with numpy_only():
        reference = kind_of(kind)(Placement(state, {}, {}, "s.sketch")).from_column(column)
    assert sketches == reference
    return sketches


@few(50)
@given(lists)
@example([[0.5, NAN], [NAN], [NAN, 1.0, -1.0], None, [2.0, 1.0, 2.0] * 4])
def test_a_digest_of_few_values_is_that_of_the_library(values: list[list[float] | None]) -> None:
    """Its bytes are the same, also of values that tie and of those that are no numbers."""
    expected = []
    for numbers in values:
        digest = ds.tdigest_double(40)
        digest.update(np.array(numbers or [], dtype=np.float64))
        expected.append(None if numbers is None else digest.serialize())
    column = pa.array(values, pa.list_(pa.float64()))
    assert made("tdigest", "DOUBLE", {"k": 40}, column) == expected


@few(50)
@given(words)
@example([list("abcdefg"), list("abcdefgh"), list("abcdefghi") * 2, None, [""]])
@example([[str(i % count) for i in range(count + 9)] for count in (24, 25, 49, 384)])
def test_a_hyperloglog_of_few_values_counts_as_that_of_the_library(
    values: list[list[str] | None],
) -> None:
    """A union of both still counts what each of them counts."""
    column = pa.array(values, pa.list_(pa.string()))
    sketches = made("hll", "VARCHAR", {"lg_k": 12, "type": "HLL_8"}, column)
    for texts, sketch in zip(values, sketches, strict=True):
        if texts is None or sketch is None:
            assert texts is None and sketch is None
            continue
        expected = ds.hll_sketch(12, ds.tgt_hll_type.HLL_8)
        union = ds.hll_union(12)
        for text in texts:
            expected.update(text or "\0empty")
        union.update(expected)
        assert form_of(sketch) == form_of(expected.serialize_compact())
        alone = ds.hll_sketch.deserialize(sketch)
        union.update(alone)
        assert union.get_estimate() == alone.get_estimate()
        assert round(alone.get_estimate()) == len(set(texts))


@few(50)
@given(st.lists(st.none() | counts, max_size=5), st.integers(0, 2))
def test_counts_of_a_value_that_comes_twice_are_added(
    values: list[list[tuple[str, int]] | None], cut: int
) -> None:
    """The maps of neighbouring tiles are one map, in which a value may come several times."""
    column = pa.array(values, pa.map_(pa.string(), pa.int64()))[cut:]
    summaries = made("frequent", "VARCHAR", {"lg_max_k": 3}, column)
    for items, summary in zip(values[cut:], summaries, strict=True):
        if items is None or summary is None:
            assert items is None and summary is None
            continue
        expected: dict[bytes, int] = {}
        for text, count in items:
            expected[text.encode()] = expected.get(text.encode(), 0) + count
        found = decode(summary)
        assert (found.counters, found.error) == (expected, 0)
        assert found.total == sum(expected.values())


def test_more_values_than_there_is_room_for_lower_the_counts() -> None:
    """Seven values in the room of six, each once, leave none, and an error of one."""
    column = pa.array([[(text, 1) for text in "abcdefg"]], pa.map_(pa.string(), pa.int64()))
    (summary,) = made("frequent", "VARCHAR", {"lg_max_k": 3}, column)
    assert summary is not None
    assert (decode(summary).counters, decode(summary).error) == ({}, 1)


@pytest.mark.parametrize("bounds", [np.array([0, 2, 4], np.int32), np.array([0, 9, 2, 9, 4])[::2]])
def test_the_kernel_reads_no_array_that_ends_before_it_is_read(bounds: Any) -> None:
    """A copy of another type or shape would be gone once it has been looked at."""
    heads, content = np.zeros((2, 1), np.uint8), np.arange(4, dtype=np.uint8)
    with pytest.raises(TypeError, match="an array of another type"):
        required_kernel().join_columns(heads, [(content, 1, bounds)], np.ones(2, np.uint8))


def test_a_missing_list_takes_no_room() -> None:
    """An engine may leave values beneath it, which are nobody's."""
    bounds, values = pa.array([0, 2, 4], pa.int32()), pa.array([1.0, 2.0, 3.0, 4.0])
    column = pa.ListArray.from_arrays(bounds, values, mask=pa.array([True, False]))
    column, offsets = list_offsets(column)
    assert (offsets.tolist(), column.values.to_pylist()) == ([0, 0, 2], [3.0, 4.0])


def test_a_part_of_a_column_counts_its_own_values() -> None:
    """The values of the tiles before it are not there."""
    column = pa.array([["x", "x"], ["a", "a", "b"], ["b"]])[1:]
    first, second = made("frequent", "VARCHAR", {"lg_max_k": 3}, column)
    assert first is not None and second is not None
    assert decode(first).counters == {b"a": 2, b"b": 1}
    assert decode(second).counters == {b"b": 1}
