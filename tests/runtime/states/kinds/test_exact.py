"""Sets and counts by value: what becomes of them, and what they are of raw events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import state_of, value_of
from support.plans import aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime.errors import InputError
from tilewright_runtime.fetch.finalize import bucket_finalizer
from tilewright_runtime.states.exact_values import Entries, ExactState
from tilewright_runtime.states.grouped_values import GroupedValues
from tilewright_runtime.states.values import Merged
from tilewright_runtime.tiles.buckets import Bucket
from tilewright_runtime.tiles.layout import layout_of


@pytest.mark.parametrize("operation", [Operation.UNIQUE_COUNT, Operation.BOUNDED_UNIQUE_COUNT(9)])
def test_a_set_is_counted(operation: Any) -> None:
    """Its values, and none of an empty window."""
    assert value_of(operation, "bigint", {}, {"entries": Entries(np.array([4, 5, 9]))}) == 3
    assert value_of(operation, "bigint", {}, {"entries": None}) == 0


@pytest.mark.parametrize(
    ("k", "wanted"),
    [
        (0, [(3, 7), (5, 2), (8, 2), (9, 1)]),
        (2, [(3, 7), (5, 2)]),
        (9, [(3, 7), (5, 2), (8, 2), (9, 1)]),
    ],
)
def test_a_histogram_has_the_most_frequent_first(k: int, wanted: list[tuple[int, int]]) -> None:
    """Ties are by value; 0 keeps all, k that many."""
    entries = Entries(np.array([3, 5, 8, 9]), np.array([7, 2, 2, 1]))
    assert (
        list(value_of(Operation.HISTOGRAM(k), "bigint", {}, {"entries": entries}).items()) == wanted
    )
    assert value_of(Operation.HISTOGRAM(k), "bigint", {}, {"entries": None}) is None


def test_of_raw_events() -> None:
    """Sets get the values of each group, counts by value a map for each; texts are texts again."""
    runs = GroupedValues(
        np.array([0, 1]),
        np.array([0, 3]),
        np.array([3, 1]),
        np.arange(4),
        np.array([1, 0, 1, 0]),
        pa.array(["a", "b"]),
    )
    found = {}
    for kind in ("unique", "bounded", "histogram"):
        state = state_of(kind, "VARCHAR", {"k": 1}, field="entries")
        assert isinstance(state, ExactState)
        found[kind] = state.collect(runs).to_pylist()
    assert found["unique"] == found["bounded"] == [["b", "a", "b"], ["a"]]
    assert found["histogram"] == [[("a", 1), ("b", 2)], [("a", 1)]]


def test_a_bucket_has_a_value_if_it_has_a_set_of_its_own() -> None:
    """Told by the bytes of the feature's state, not by those of another column's."""
    parts = [
        *aggregations("x", [Operation.HISTOGRAM()], ["1h"], buckets=["b"]),
        *aggregations("y", [Operation.UNIQUE_COUNT], ["1h"], buckets=["b"]),
    ]
    plan = plan_of({"k": "string", "x": "bigint", "y": "bigint", "b": "string"}, ["k"], parts)
    layout = layout_of(plan, plan.tile_layout.buckets[0])
    entries = Entries(np.array([3]), np.array([1]))
    only_x, only_y = (
        {field.name: entries if part in field.name else None for field in layout.variable}
        for part in ("_x_", "_y_")
    )
    buckets = [
        Bucket(value, Merged([0] * layout.words, objects))
        for value, objects in ((b"u", only_x), (b"v", only_y))
    ]
    merged = Merged([], {"by:b": buckets})
    found = [
        bucket_finalizer(feature, layout, "by:b", "VARCHAR")(merged) for feature in plan.features
    ]
    assert found == [{"u": {3: 1}}, {"v": 1}]


LIMITED = pytest.mark.parametrize(
    "operation", [Operation.UNIQUE_COUNT(max_values=24), Operation.HISTOGRAM(max_values=24)]
)


@LIMITED
@pytest.mark.parametrize("batch", [[3], [3, 4, 5, 6]], ids=["inserted", "merged"])
def test_a_tile_keeps_only_so_many_values(operation: Any, batch: list[int]) -> None:
    """A batch that brings more is refused with what to do, and what was written stays."""
    session = Session(plan_of(SCHEMA, ["k"], aggregations("n", [operation])))
    session.write([row("a", number) for number in range(100, 124)])
    session.write([row("a", number) for number in range(100, 103)])
    before = session.features(k="a")
    with pytest.raises(InputError, match=r"values of 'n', and 24 is the limit\. Nothing of this"):
        session.write([row("a", number) for number in batch])
    assert session.features(k="a") == before


@LIMITED
def test_one_batch_may_not_bring_too_many_values_either(operation: Any) -> None:
    """The limit holds for a tile's first events too."""
    session = Session(plan_of(SCHEMA, ["k"], aggregations("n", [operation])))
    with pytest.raises(InputError, match="would keep 25 different values of 'n', and 24 is"):
        session.write([row("a", number) for number in range(25)])


def test_a_limit_may_be_raised_later() -> None:
    """It is no part of what stored tiles depend on."""
    session = Session()
    for most in (2, 3):
        operation = Operation.UNIQUE_COUNT(max_values=most)
        session.plan = plan_of(SCHEMA, ["k"], aggregations("n", [operation]))
        session.write([row("a", number) for number in range(most)])
    assert list(session.features(k="a").values()) == [3]
