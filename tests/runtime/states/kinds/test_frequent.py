"""The most frequent values: exact while they are few, and nearly so when they are many."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import datasketches as ds
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.finalizing import functions_of, state_of, value_of
from support.kernels import numpy_only, required_kernel
from support.values import feature_of
from tilewright import Operation
from tilewright_runtime.states.grouped_values import GroupedValues
from tilewright_runtime.states.kinds.frequent import Summary, SummaryUnion, encode


def test_the_most_frequent_of_many_are_found_with_their_counts() -> None:
    """Among 300 different values the five most frequent come first with exact counts, ties by the
    smaller item.
    """
    random = np.random.default_rng(3)
    values = (
        [f"item {number}" for number in random.zipf(1.3, 20_000) % 300]
        + ["tie b"] * 5000
        + ["tie a"] * 5000
    )
    expected = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    assert feature_of(values, pa.string(), Operation.TOP_K(5)) == [
        {"item": item, "count": count} for item, count in expected
    ]


def test_the_most_frequent_of_very_many_are_found_nearly() -> None:
    """Where values are far more than the sketch holds, those that dominate are still found, with
    counts off by little.
    """
    values = [number for number in range(30_000)] + [-1] * 3000 + [-2] * 2000
    first, second = feature_of(values, pa.int64(), Operation.TOP_K(2))
    assert (first["item"], second["item"]) == (-1, -2)
    assert abs(first["count"] - 3001) <= 0.02 * len(values)


def summary(*items: tuple[str, int]) -> Summary:
    """A summary of few values, which is exact."""
    counts = Counter({item.encode(): count for item, count in items})
    return Summary(counts, counts, 0, counts.total())


def build(items: Mapping[str, int] | Sequence[tuple[str, int]], lg_max_k: int = 10) -> bytes:
    """The bytes of a tile with so many of each value."""
    column = pa.array([list(dict(items).items())], pa.map_(pa.string(), pa.int64()))
    state = state_of("frequent", "VARCHAR", {"lg_max_k": lg_max_k})
    (part,) = state.from_column(column)
    assert part is not None
    return part


ANSWERS: list[tuple[str, list[tuple[str, int]], list[Any]]] = [
    ("string", [("b", 2), ("a", 2), ("c", 3)], ["c", "a", "b"]),
    ("boolean", [("false", 2), ("true", 3)], [True, False]),
    ("date", [("1969-12-31", 1), ("2024-01-04", 1)], [date(1969, 12, 31), date(2024, 1, 4)]),
    ("bigint", [("-5", 1), ("10", 1), ("9", 1)], [-5, 9, 10]),
    ("decimal(12,3)", [("-1500", 2), ("7", 1)], [Decimal("-1.500"), Decimal("0.007")]),
    ("timestamp", [("-1000000", 1)], [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)]),
]


@pytest.mark.parametrize(("type_", "items", "wanted"), ANSWERS)
def test_items_are_values_again(
    type_: str, items: list[tuple[str, int]], wanted: list[Any]
) -> None:
    """Most frequent first, ties by value and not by text; at most k; none of an empty window."""
    found = value_of(
        Operation.TOP_K(3), type_, {}, {"sketch": SummaryUnion([encode(summary(*items))])}
    )
    assert [one["item"] for one in found] == wanted
    assert {one["item"]: one["count"] for one in found} == dict(
        zip(wanted, sorted((n for _, n in items), reverse=True), strict=True)
    )
    assert (
        value_of(Operation.TOP_K(1), type_, {}, {"sketch": SummaryUnion([encode(summary(*items))])})
        == found[:1]
    )
    assert value_of(Operation.TOP_K(3), type_, {}, {"sketch": None}) is None


@pytest.mark.parametrize(
    ("type_", "values", "texts"),
    [
        ("BOOLEAN", [0, 1], ["false", "true"]),
        ("DATE", [-1, 1], ["1969-12-31", "1970-01-02"]),
        ("BIGINT", [-7, 3], ["-7", "3"]),
        ("VARCHAR", [0, 1], ["x", "y"]),
    ],
)
def test_of_raw_events(type_: str, values: list[int], texts: list[str]) -> None:
    """Each group counts the texts that SQL would make of its values."""
    low, high = values
    runs = GroupedValues(
        np.array([0, 1]),
        np.array([0, 3]),
        np.array([3, 1]),
        np.arange(4),
        np.array([high, low, high, high]),
    )
    runs = runs if type_ != "VARCHAR" else replace(runs, texts=pa.array(texts))
    state = state_of("frequent", type_, {"lg_max_k": 10}, field="sketch")
    parts: Any = state.from_values(runs)["sketch"]
    counted = [state.merge([part]).summary.counters for part in parts]
    first, second = (text.encode() for text in texts)
    assert counted == [{first: 1, second: 2}, {second: 1}]


def test_a_column_of_values_is_counted() -> None:
    """Engines without counts by value give the values, and each tile counts its own."""
    functions = functions_of(Operation.TOP_K(2), "string")
    maps = pa.array([[("a", 2), ("b", 1)], None, [("b", 1)]], pa.map_(pa.string(), pa.int64()))
    for column in (pa.array([["a", "b", "a"], None, ["b"]]), maps):
        first, none, last = functions.from_column(column)
        assert none is None
        assert functions.merge([first]).summary.counters == {b"a": 2, b"b": 1}
        assert functions.merge([last]).summary.counters == {b"b": 1}
    assert functions.merge([first, last, first]).summary.counters == {b"a": 4, b"b": 3}


def test_the_bytes_of_a_summary() -> None:
    """They are the documented ones; what was seen stands there only after a cut."""
    exact = struct.pack("<4xIqq2q2I", 2, 0, 5, 2, 3, 1, 2) + "aé".encode()
    assert build([("é", 3), ("a", 2)]) == exact
    cut = build({"a": 9, "b": 5, "c": 2, "d": 1, "e": 2}, lg_max_k=2)  # room for three
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
        build(Counter(part.tolist()), lg_max_k=5)
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
        parts.append(build(Counter(texts), lg_max_k))
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
        parts.append(build({str(item): count for item, count in one.items()}, lg_max_k))
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
        parts.append(build(Counter(map(str, numbers.tolist())), lg_max_k))
    for k in (1, 10, 200):
        found = SummaryUnion(parts).top(k)
        with numpy_only():
            assert found == SummaryUnion(parts).top(k)


def test_the_kernel_leaves_sketches_of_earlier_versions_to_the_library() -> None:
    """It knows no other form than the one that is written."""
    sketch = ds.frequent_strings_sketch(4)
    sketch.update("often", 10)
    union = SummaryUnion([sketch.serialize(), build({"often": 5})])
    assert union.top(1) == [(b"often", 15)]
    assert union.error == union.summary.error


def test_a_value_that_stands_out_in_every_tile_is_counted_exactly() -> None:
    """However many others come once; of those none is answered."""
    state = state_of("frequent", "VARCHAR", {"lg_max_k": 10}, field="sketch")
    tiles = [
        build({"/home": 8, "/login": 8} | {f"/{tile}/{i}": 1 for i in range(8000)})
        for tile in range(24)
    ]
    for merged in (state.merge(tiles), state.merge(tiles[::-1])):
        assert value_of(Operation.TOP_K(3), "string", {}, {"sketch": merged}) == [
            {"item": "/home", "count": 192},
            {"item": "/login", "count": 192},
        ]
        assert merged.error == 24


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
    both = state.merge([sketch.serialize(), build({"often": 5})]).summary
    low, high = both.bounds(b"often")
    assert low <= 1005 <= high and both.total == 1105
    assert state.merge([ds.frequent_strings_sketch(4).serialize()]).summary.counters == {}


def test_summaries_of_the_same_values_agree() -> None:
    """Their weight is the same, and the bounds of every value that certainly is frequent meet."""
    difference = state_of("frequent", "VARCHAR", {"lg_max_k": 10}).difference
    one = build([("a", 3), ("b", 1)])
    assert difference(one, build([("b", 1), ("a", 3)])) is None
    assert difference(one, build([("a", 3)])) == "counts 3 values, not 4"
    assert difference(build([("a", 3)]), one) == "counts 4 values, not 3"
    assert difference(one, build([("a", 2), ("b", 2)])) == "counts 'a' 2 times, not 3"
    assert difference(one, build([("a", 4)])) == "counts 'a' 4 times, not 3"


def test_full_summaries_of_the_same_values_agree() -> None:
    """Where values are more than there is room for, it is enough that the bounds meet."""
    state = state_of("frequent", "VARCHAR", {"lg_max_k": 4})
    singles = [(f"value {number}", 1) for number in range(100)]
    at_once = build([*singles, ("often", 1000)], lg_max_k=4)
    in_parts = [build([*singles[i::4], ("often", 250)], lg_max_k=4) for i in range(4)]
    other = state.encode(state.merge(in_parts))
    assert at_once != other
    assert state.difference(at_once, other) is state.difference(other, at_once) is None
    less = build([*singles, ("often", 900), ("x", 100)], lg_max_k=4)
    assert state.difference(at_once, less) == "counts 'often' 900 times, not 1000"
