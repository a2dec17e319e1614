"""The most frequent values: exact while they are few, and nearly so when they are many."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import datasketches as ds
import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import functions_of, value_of
from support.values import feature_of
from tilewright import Operation
from tilewright_compiler.plan.model import State
from tilewright_runtime.states.base import kind_of
from tilewright_runtime.states.grouped_values import GroupedValues


def test_the_most_frequent_of_many_are_found_with_their_counts() -> None:
    """Among 300 different values the five most frequent come first with exact counts, ties by the
    smaller item (errata A1, A2).
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


def sketch(*items: tuple[str, int]) -> Any:
    made = ds.frequent_strings_sketch(10)
    for item, count in items:
        made.update(item, count)
    return made


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
    found = value_of(Operation.TOP_K(3), type_, {}, {"sketch": sketch(*items)})
    assert [one["item"] for one in found] == wanted
    assert {one["item"]: one["count"] for one in found} == dict(
        zip(wanted, sorted((n for _, n in items), reverse=True), strict=True)
    )
    assert value_of(Operation.TOP_K(1), type_, {}, {"sketch": sketch(*items)}) == found[:1]
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
    """A map for each group from the text that SQL would make of a value to how often it occurs."""
    low, high = values
    column = kind_of("frequent").column
    assert column is not None
    runs = GroupedValues(
        np.array([0, 1]),
        np.array([0, 3]),
        np.array([3, 1]),
        np.arange(4),
        np.array([high, low, high, high]),
    )
    runs = runs if type_ != "VARCHAR" else replace(runs, texts=pa.array(texts))
    found = column(
        State(id="it", kind="frequent", input="x", type=type_, params={}), runs
    ).to_pylist()
    assert found == [[(texts[0], 1), (texts[1], 2)], [(texts[1], 1)]]


def test_a_column_of_values_is_counted() -> None:
    """Engines without counts by value give the values, and each tile is the sketch of its own."""
    functions = functions_of(Operation.TOP_K(2), "string")
    maps = pa.array([[("a", 2), ("b", 1)], None, [("b", 1)]], pa.map_(pa.string(), pa.int64()))
    for column in (pa.array([["a", "b", "a"], None, ["b"]]), maps):
        first, none, last = functions.build(column)
        assert none is None
        found = [
            functions.merge([part]).get_estimate(item)
            for part in (first, last)
            for item in ("a", "b")
        ]
        assert found == [2, 1, 0, 1]
    assert functions.merge([first, last, first]).get_estimate("b") == 3


def test_sketches_of_the_same_values_agree() -> None:
    """Their weight is the same, and the bounds of every item that certainly is frequent meet."""
    difference = kind_of("frequent").difference
    assert difference is not None
    one = sketch(("a", 3), ("b", 1)).serialize()
    assert difference(one, sketch(("b", 1), ("a", 2), ("a", 1)).serialize()) is None
    assert difference(one, sketch(("a", 3)).serialize()) == "counts 3 values, not 4"
    assert difference(sketch(("a", 3)).serialize(), one) == "counts 4 values, not 3"
    assert difference(one, sketch(("a", 2), ("b", 2)).serialize()) == "counts 'a' 2 times, not 3"
    assert difference(one, sketch(("a", 4)).serialize()) == "counts 'a' 4 times, not 3"


def test_full_sketches_of_the_same_values_agree() -> None:
    """Where values are more than a sketch holds, their order decides the bounds of a count, but not
    that those meet.
    """
    difference = kind_of("frequent").difference
    assert difference is not None
    one, other, less = (ds.frequent_strings_sketch(4) for _ in range(3))
    singles = [(f"value {number}", 1) for number in range(100)]
    for made, items in (
        (one, [*singles, ("often", 1000)]),
        (other, [("often", 1000), *singles]),
        (less, [("often", 900), *singles, ("x", 100)]),
    ):
        for item, count in items:
            made.update(item, count)
    assert one.get_upper_bound("often") > one.get_lower_bound("often")  # else nothing is left open
    assert (
        difference(one.serialize(), other.serialize())
        is difference(other.serialize(), one.serialize())
        is None
    )
    found = difference(one.serialize(), less.serialize())
    assert found is not None and found.startswith("counts 'often' 9")
