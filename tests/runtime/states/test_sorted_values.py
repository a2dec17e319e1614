"""Few values put among many: the same bytes as when all are merged."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.finalizing import state_of
from tilewright_runtime.states.sorted_values import insert

VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "BIGINT": (pa.int64(), st.integers(-20, 20)),
    "DOUBLE": (pa.float64(), st.sampled_from([-math.inf, -1.5, 0.0, 2.0, math.inf, math.nan])),
    "VARCHAR": (pa.string(), st.sampled_from(["", "a", "a\0", "b", "é", "\uffff", "🙂"])),
}


@pytest.mark.parametrize("type_", VALUES)
@pytest.mark.parametrize("kind", ["unique", "histogram"])
def test_few_among_many_are_as_all_together(kind: str, type_: str) -> None:
    """Values that are there already, beyond both ends and between, of every kind of type."""
    arrow, values = VALUES[type_]
    state = state_of(kind, type_, field="entries")

    def part(some: list[Any]) -> bytes:
        (made,) = state.from_column(pa.array([some], pa.list_(arrow)))
        assert made is not None
        return made

    @few(60)
    @given(st.lists(values, max_size=30), st.lists(values, max_size=4))
    def check(many: list[Any], added: list[Any]) -> None:
        dtype = {"BIGINT": "<i8", "DOUBLE": "<f8", "VARCHAR": "object"}[type_]
        found = insert(part(many), part(added), dtype, kind == "histogram")
        assert found == part(many + added)

    check()


@pytest.mark.parametrize("kind", ["unique", "histogram"])
def test_a_pair_of_unequal_size_is_one_tile_in_either_order(kind: str) -> None:
    """The few may be the older or the newer ones."""
    state = state_of(kind, "BIGINT", field="entries")
    many, added, both = state.from_column(
        pa.array([np.arange(0, 200, 2), [3, 4, 500], [*range(0, 200, 2), 3, 4, 500]])
    )
    assert many is not None and added is not None
    assert state.merge_pairs([many, added], [added, many]) == [both, both]
