"""The most frequent values: exact while they are few, and nearly so when they are many."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import functions_of, state_of, value_of
from support.summaries import summary_of
from support.values import feature_of
from tilewright import Operation
from tilewright_runtime.states.frequency_summary import Summary, SummaryUnion, encode
from tilewright_runtime.states.grouped_values import GroupedValues


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


def test_a_value_that_stands_out_in_every_tile_is_counted_exactly() -> None:
    """However many others come once; of those none is answered."""
    state = state_of("frequent", "VARCHAR", {"lg_max_k": 10}, field="sketch")
    tiles = [
        summary_of({"/home": 8, "/login": 8} | {f"/{tile}/{i}": 1 for i in range(8000)})
        for tile in range(24)
    ]
    for merged in (state.merge(tiles), state.merge(tiles[::-1])):
        assert value_of(Operation.TOP_K(3), "string", {}, {"sketch": merged}) == [
            {"item": "/home", "count": 192},
            {"item": "/login", "count": 192},
        ]
        assert merged.error == 24


def test_summaries_of_the_same_values_agree() -> None:
    """Their weight is the same, and the bounds of every value that certainly is frequent meet."""
    difference = state_of("frequent", "VARCHAR", {"lg_max_k": 10}).difference
    one = summary_of([("a", 3), ("b", 1)])
    assert difference(one, summary_of([("b", 1), ("a", 3)])) is None
    assert difference(one, summary_of([("a", 3)])) == "counts 3 values, not 4"
    assert difference(summary_of([("a", 3)]), one) == "counts 4 values, not 3"
    assert difference(one, summary_of([("a", 2), ("b", 2)])) == "counts 'a' 2 times, not 3"
    assert difference(one, summary_of([("a", 4)])) == "counts 'a' 4 times, not 3"


def test_full_summaries_of_the_same_values_agree() -> None:
    """Where values are more than there is room for, it is enough that the bounds meet."""
    state = state_of("frequent", "VARCHAR", {"lg_max_k": 4})
    singles = [(f"value {number}", 1) for number in range(100)]
    at_once = summary_of([*singles, ("often", 1000)], lg_max_k=4)
    in_parts = [summary_of([*singles[i::4], ("often", 250)], lg_max_k=4) for i in range(4)]
    other = state.encode(state.merge(in_parts))
    assert at_once != other
    assert state.difference(at_once, other) is state.difference(other, at_once) is None
    less = summary_of([*singles, ("often", 900), ("x", 100)], lg_max_k=4)
    assert state.difference(at_once, less) == "counts 'often' 900 times, not 1000"
