"""What all kinds of states have in common."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import state_of
from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.errors import PlanError
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.tiles.layout import layout_of

COLUMNS = {
    "tdigest_x.sketch": pa.array([[1.0, 2.0], None, []]),
    "hll_t.sketch": pa.array([["a", ""], None, []]),
    "frequent_t.sketch": pa.array([[("a", 2)], None, []], pa.map_(pa.string(), pa.int64())),
    "min_t.value": pa.array(["b", None, ""]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_tile_without_values_has_no_sketch(name: str) -> None:
    """Null stays null, and what is built can be merged, alone and with an empty one, leaving its
    bytes as they are.
    """
    texts = [Operation.APPROX_UNIQUE_COUNT, Operation.TOP_K(2), Operation.MIN]
    digest = aggregations("x", [Operation.APPROX_PERCENTILE([0.5])])
    plan = plan_of(
        {"k": "string", "x": "double", "t": "string"}, ["k"], [*digest, *aggregations("t", texts)]
    )
    functions = layout_of(plan).codecs[name]
    built = functions.from_column(COLUMNS[name])
    assert built[1] is None
    parts = [part for part in built if part is not None]
    before = list(parts)
    for some in (parts, parts[:1], parts[1:]):
        functions.encode(functions.merge(some))
    assert parts == before


def test_a_kind_that_is_not_known_is_refused() -> None:
    """A plan of a newer version, with a state that this one does not know, is refused by name
    before anything is read.
    """
    plan = plan_of({"k": "string", "x": "double"}, ["k"], aggregations("x", [Operation.LAST]))
    state = plan.states[0].model_copy(update={"kind": "latest"})
    with pytest.raises(
        PlanError,
        match="states of the kind 'latest', which this version of Tilewright does not know",
    ):
        layout_of(plan.model_copy(update={"states": [state]}))


def test_an_operation_that_is_not_known_is_refused() -> None:
    """So is one with another operation, and one that asks for a part of what has no parts."""
    plan = plan_of({"k": "string", "x": "double"}, ["k"], aggregations("x", [Operation.LAST]))
    for change in ({"operation": "LATEST"}, {"edge": "prorate"}):
        feature = plan.features[0].model_copy(update=change)
        with pytest.raises(
            PlanError, match=f"the operation '{feature.operation}', which this version"
        ):
            Program(plan.model_copy(update={"features": [feature]}))


def test_a_merge_that_is_not_known_is_refused() -> None:
    """No number is left unmerged in silence because its kind has no such merge."""
    plan = plan_of({"k": "string", "x": "double"}, ["k"], aggregations("x", [Operation.MAX]))
    columns = [
        column.model_copy(update={"merge": "maximum"})
        for column in plan.tile_layout.columns
        if column.state == "max_x"
    ]
    with pytest.raises(
        PlanError, match="the number 'value' of the state 'max_x' merges by 'maximum'"
    ):
        layout_of(
            plan.model_copy(
                update={"tile_layout": plan.tile_layout.model_copy(update={"columns": columns})}
            )
        )


def test_a_state_of_one_count_says_nothing_more() -> None:
    """It has no text, doubles or words to derive, and an empty tile holds 0."""
    state = state_of("count", words={"n": 6})
    rows = np.zeros((1, 8), dtype=np.int64)
    assert (state.text, list(state.floats), list(state.derived_words)) == (None, [], [])
    assert (state.empty(), state.magnitudes(rows)) == ({}, {})
    state.derive(pa.table({}), rows)
    state.mark_missing(numbers := [1, 2])
    assert not rows.any() and numbers == [1, 2]
