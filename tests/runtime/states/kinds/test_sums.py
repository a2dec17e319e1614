"""Counts, sums and averages: what is kept of raw events, and where an answer is exact, none, or an
error.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

from support.finalizing import state_of
from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.errors import FetchError
from tilewright_runtime.fetch.finalize import bucket_finalizer, finalizer
from tilewright_runtime.states.grouped_values import GroupedValues
from tilewright_runtime.states.values import Merged
from tilewright_runtime.tiles.buckets import Bucket
from tilewright_runtime.tiles.layout import layout_of

OPERATIONS = [Operation.COUNT, Operation.SUM, Operation.AVERAGE]


@cache
def plan(type_: str, edge: str = "sawtooth") -> Plan:
    return plan_of(
        {"k": "string", "x": type_}, ["k"], aggregations("x", OPERATIONS, ["1h"], edge=edge)
    )


def answers(type_: str, n: Any, total: Any, edge: str = "sawtooth") -> list[Any]:
    """Count, sum and average of so many values with this sum, which integers and decimals keep in
    two parts.
    """
    made = plan(type_, edge)
    layout = layout_of(made)
    numbers: list[Any] = [0] * layout.words
    numbers[layout.names["count_x.n"]] = n
    if "sum_x.sum" in layout.names:
        numbers[layout.names["sum_x.sum"]] = total
    else:
        high = total // 2**32
        numbers[layout.names["sum_x.hi"]], numbers[layout.names["sum_x.lo"]] = (
            high,
            total - high * 2**32,
        )
    merged = Merged(numbers, {})
    return [finalizer(feature, layout)(merged) for feature in made.features]


def test_answers_in_the_type_of_the_input() -> None:
    """A sum is an integer, a double or a decimal; an average is a double."""
    assert answers("bigint", 4, -10) == [4, -10, -2.5]
    assert answers("double", 4, -10.0) == [4, -10.0, -2.5]
    assert answers("decimal(12,3)", 4, -10_500) == [4, Decimal("-10.500"), -2.625]


@pytest.mark.parametrize("type_", ["bigint", "double", "decimal(12,3)"])
def test_an_empty_window(type_: str) -> None:
    """Its count is 0, and it has no sum and no average; prorated too."""
    assert answers(type_, 0, 0) == [0, None, None]
    assert answers(type_, Fraction(0), Fraction(0), "prorate") == [0.0, None, None]


@pytest.mark.parametrize(("type_", "limit"), [("bigint", 2**63), ("decimal(12,3)", 10**28)])
def test_an_exact_sum_has_bounds(type_: str, limit: int) -> None:
    """The last that fits is answered, the next is an error that names the feature; its average is
    still told.
    """
    for fits in (limit - 1, -limit):
        (found,) = [answers(type_, 1, fits)[1]]
        assert found == (Decimal(fits).scaleb(-3) if type_ != "bigint" else fits)
    for wrong in (limit, 2 * limit, -limit - 1):
        with pytest.raises(FetchError, match=f"^x_sum_1h: the sum {wrong} does not fit its type"):
            answers(type_, 1, wrong)


def test_parts_of_tiles_are_doubles() -> None:
    """The numbers of a prorated window are fractions, and its values doubles, decimals with their
    point.
    """
    half = Fraction(1, 2)
    for type_, total in (("bigint", 5 * half), ("double", 2.5), ("decimal(12,3)", 5000 * half)):
        found = answers(type_, 3 * half, total, "prorate")
        assert found == [1.5, 2.5, 2.5 / 1.5]
        assert {type(value) for value in found} == {float}


def test_a_bucket_has_a_value_if_anything_counts_in_it() -> None:
    """By the number of values, of which a part is enough."""
    made = plan_of(
        {"k": "string", "x": "bigint", "b": "string"},
        ["k"],
        aggregations("x", [Operation.SUM], ["1h"], buckets=["b"]),
    )
    (bucket,) = made.tile_layout.buckets
    layout = layout_of(made, bucket)
    of = bucket_finalizer(made.features[0], layout, "by:b", "VARCHAR")
    tables: list[Bucket] = []
    for n in (0, 1):
        numbers = [0] * layout.words
        numbers[next(word for name, word in layout.names.items() if name.endswith(".n"))] = n
        tables.append(Bucket(b"u", Merged(numbers, {})))
    assert of(Merged([], {"by:b": tables[:1]})) is None
    assert of(Merged([], {"by:b": tables})) == {"u": 0}


def test_of_raw_events() -> None:
    """Each group by itself: integers in two parts, of which the low one is never negative; doubles
    as they are.
    """
    whole = np.array([2**32 + 5, -1, -(2**32)])
    runs = GroupedValues(np.array([0, 3]), np.array([0, 1]), np.array([1, 2]), whole, whole)
    found: Any
    for type_ in ("BIGINT", "DECIMAL(12,3)"):
        found = state_of("sum", type_, words={"hi": 0, "lo": 1}).from_values(runs)
        assert (found["hi"].tolist(), found["lo"].tolist()) == ([1, -2], [5, 2**32 - 1])
    found = state_of("count", "VARCHAR", words={"n": 0}).from_values(runs)
    assert found["n"].tolist() == [1, 2]
    doubles = GroupedValues(
        runs.groups, runs.starts, runs.counts, whole, np.array([0.5, np.inf, -np.inf])
    )
    found = state_of("sum", "DOUBLE", words={"sum": 0}).from_values(doubles)
    assert found["sum"][0] == 0.5 and np.isnan(found["sum"][1])
