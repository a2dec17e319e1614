"""Lists of values: in what order they are answered, and what they are of raw events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from support.finalizing import state_of, value_of
from tilewright import Operation
from tilewright_runtime.states.exact_values import Entries, ExactState
from tilewright_runtime.states.grouped_values import GroupedValues


@pytest.mark.parametrize(
    "operation",
    [Operation.LARGEST_K(3), Operation.SMALLEST_K(3), Operation.FIRST_K(3), Operation.LAST_K(3)],
)
def test_a_list_is_answered_as_it_is_kept(operation: Any) -> None:
    """In its order and in the type of the values; none of an empty window."""
    assert value_of(operation, "timestamp", {}, {"entries": Entries(np.array([1_000_000, 0]))}) == [
        datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ]
    assert value_of(operation, "bigint", {}, {"entries": None}) is None


def test_of_raw_events() -> None:
    """The values of each group, with their times where the kind needs them."""
    runs = GroupedValues(
        np.array([0, 1]),
        np.array([0, 1]),
        np.array([1, 2]),
        np.array([7, 8, 9]),
        np.array([3, 4, 5]),
    )
    found = {}
    for kind in ("largest_k", "smallest_k", "first_k", "last_k"):
        state = state_of(kind, params={"k": 1}, field="entries")
        assert isinstance(state, ExactState)
        found[kind] = state.collect(runs).to_pylist()
    assert found["largest_k"] == found["smallest_k"] == [[3], [4, 5]]
    assert (
        found["first_k"]
        == found["last_k"]
        == [[{"t": 7, "x": 3}], [{"t": 8, "x": 4}, {"t": 9, "x": 5}]]
    )
