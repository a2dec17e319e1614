"""Merging blocks: any order and any grouping of the same partial tiles makes the same tile, and no
input is changed.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from typing import Any

import datasketches as ds
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.events import to_arrow
from support.examples import few
from support.plans import AT, DAY, aggregations, plan_of
from tilewright import Aggregation, Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.ingest.aggregation import Aggregator
from tilewright_runtime.tiles.block import APPROXIMATE, COMPLETE, Block, merge_blocks
from tilewright_runtime.tiles.header import NEWEST, SEQUENCE, STAMP

LISTS = [
    *(Operation.LARGEST_K(2), Operation.SMALLEST_K(2), Operation.FIRST_K(2), Operation.LAST_K(2)),
    *(Operation.UNIQUE_COUNT, Operation.BOUNDED_UNIQUE_COUNT(2), Operation.HISTOGRAM()),
]
SCHEMA = {"k": "string", "n": "bigint", "x": "double", "t": "string"}
TILE = AT // DAY * DAY

floats = st.sampled_from([0.0, -0.0, 1.5, -2.25, 1e6, math.nan, math.inf]) | st.floats(-1e6, 1e6)
event = st.fixed_dictionaries(
    {
        "k": st.just("a"),
        "n": st.none() | st.integers(-(2**62), 2**62),
        "x": st.none() | floats,
        "t": st.none() | st.sampled_from(["", "a", "é", "\N{GRINNING FACE}", "\uffff"]),
        "ts": st.sampled_from([TILE, TILE + 1, TILE + 7, TILE + DAY - 1]),
    }
)
parts = st.lists(st.lists(event, min_size=1, max_size=4), min_size=3, max_size=3)


@cache
def plan() -> Plan:
    numbers = [
        Operation.COUNT,
        Operation.SUM,
        Operation.MIN,
        Operation.MAX,
        Operation.FIRST,
        Operation.LAST,
    ]
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations(
                "n",
                [*numbers, Operation.TOP_K(2), Operation.APPROX_UNIQUE_COUNT, *LISTS],
                windows=None,
            ),
            *aggregations(
                "x",
                [*numbers, Operation.VARIANCE, Operation.APPROX_PERCENTILE([0.5]), *LISTS],
                windows=None,
            ),
            Aggregation(
                input_column="x", operation=Operation.PERCENTILE([0.5], sketch="kll"), name="x_kll"
            ),
            *aggregations(
                "t",
                [
                    Operation.MIN,
                    Operation.MAX,
                    Operation.FIRST,
                    Operation.LAST,
                    Operation.TOP_K(9),
                    *LISTS,
                ],
                windows=None,
            ),
        ],
    )


@cache
def aggregator() -> Aggregator:
    return Aggregator(plan(), 1 << 20)


def block_of(events: Sequence[dict[str, Any]]) -> Block:
    """The one tile that some events of one day make."""
    loaded = aggregator().load(
        "events",
        to_arrow([dict(event, __row=0) for event in events], SCHEMA).append_column(
            "__row", [list(range(len(events)))]
        ),
    )
    return loaded.tiles(DAY).block


def merge(older: Block, newer: Block) -> Block:
    return merge_blocks(aggregator().rows.layout, aggregator().rows.codecs, older, newer)


def meaning(block: Block) -> tuple[NDArray[np.float64], list[int], list[Any]]:
    """What a tile says: its floats, its whole numbers (sums put together), and what its sketches
    hold.
    """
    layout, row = aggregator().rows.layout, block.rows[0]
    is_float = {
        f"{column.state}.{column.field}": column.dtype == "f64"
        for column in plan().tile_layout.columns
    }
    limbs = {word for pair in layout.limbs for word in pair}
    floats = [row.view(np.float64)[word] for name, word in layout.names.items() if is_float[name]]
    whole = [
        int(row[SEQUENCE]),
        int(row[NEWEST]),
        *(int(row[high]) * 2**32 + int(row[low]) for high, low in layout.limbs),
    ]
    whole += [
        int(row[word])
        for name, word in layout.names.items()
        if not is_float[name] and word not in limbs
    ]
    return (
        np.array(floats),
        whole,
        [_content(field.kind, block.variable[field.name][0]) for field in layout.variable],
    )


def _content(kind: str, value: bytes | None) -> Any:
    if value is None:
        return None
    if kind == "tdigest":
        digest = ds.tdigest_double.deserialize(value)
        return (
            None
            if digest.is_empty()
            else [digest.get_total_weight(), digest.get_min_value(), digest.get_max_value()]
        )
    if kind == "kll":
        sketch = ds.kll_doubles_sketch.deserialize(value)
        return (
            None
            if sketch.is_empty()
            else [sketch.n, sketch.get_min_value() + 0.0, sketch.get_max_value() + 0.0]
        )
    if kind == "hll":
        return round(ds.hll_sketch.deserialize(value).get_estimate())
    return value


def assert_same(one: Block, other: Block) -> None:
    (floats, whole, variable), (other_floats, other_whole, other_variable) = (
        meaning(one),
        meaning(other),
    )
    assert np.allclose(floats, other_floats, rtol=1e-9, atol=1e-2, equal_nan=True)
    assert whole == other_whole
    assert repr(variable) == repr(other_variable)


@few(8)
@given(parts)
def test_any_order_of_merges_gives_the_same_tile(events: list[list[dict[str, Any]]]) -> None:
    """Merging is commutative and associative: three partial tiles make one tile in all twelve ways
    (design §6).
    """
    blocks = [block_of(part) for part in events]
    whole = block_of([event for part in events for event in part])
    for a, b, c in permutations(blocks):
        assert_same(merge(merge(a, b), c), whole)
        assert_same(merge(a, merge(b, c)), whole)


@few(12)
@given(parts)
def test_a_merge_changes_no_input(events: list[list[dict[str, Any]]]) -> None:
    """Both blocks are afterwards what they were before, byte for byte."""
    one, other = block_of(events[0]), block_of(events[1])
    before = copy.deepcopy([(block.rows.tobytes(), block.variable) for block in (one, other)])
    merge(one, other)
    assert [(block.rows.tobytes(), block.variable) for block in (one, other)] == before


TIES: list[tuple[str, Any, Any]] = [
    ("n", 1, 2),
    ("n", -(2**63), 2**63 - 1),
    ("x", -1.0, 0.0),
    ("x", 5.0, math.inf),
    ("x", math.inf, math.nan),
    ("t", "", "a"),
    ("t", "Z", "a"),
    ("t", "\uffff", "\N{GRINNING FACE}"),
]


@pytest.mark.parametrize(("column", "smaller", "larger"), TIES)
def test_a_tie_of_time_goes_to_the_larger_value(column: str, smaller: Any, larger: Any) -> None:
    """First and last take the larger of two values of one time, whichever came first; NaN is the
    largest number (design §3).
    """
    empty = {"k": "a", "n": None, "x": None, "t": None, "ts": TILE}
    small, large = (block_of([{**empty, column: value}]) for value in (smaller, larger))
    for merged in (merge(small, large), merge(large, small)):
        for kind in ("first", "last"):
            assert value_of(merged, f"{kind}_{column}.value") == value_of(
                large, f"{kind}_{column}.value"
            )
    assert value_of(small, f"last_{column}.value") != value_of(large, f"last_{column}.value")


def value_of(block: Block, name: str) -> Any:
    """The bits of a number, or the bytes of a text."""
    word = aggregator().rows.layout.names.get(name)
    return int(block.rows[0, word]) if word is not None else block.variable[name][0]


def test_an_approximate_tile_stays_approximate() -> None:
    """What was left out of a tile does not come back by merging, so its flag stays; completeness is
    decided anew.
    """
    older, newer = (
        block_of([{"k": "a", "n": 1, "x": 1.0, "t": "a", "ts": TILE}]) for _ in range(2)
    )
    older.rows[:, STAMP] = APPROXIMATE | COMPLETE
    assert merge(older, newer).rows[0, STAMP] & (APPROXIMATE | COMPLETE) == APPROXIMATE
    newer.rows[:, STAMP] = APPROXIMATE
    older.rows[:, STAMP] = 0
    assert merge(older, newer).rows[0, STAMP] & (APPROXIMATE | COMPLETE) == APPROXIMATE


def test_sums_of_large_integers_do_not_overflow() -> None:
    """A thousand merges of a sum near 2**63 are exact, since a sum is kept in two parts."""
    largest = block_of([{"k": "a", "n": 2**63 - 1, "x": None, "t": None, "ts": TILE}])
    merged = largest
    for _ in range(999):
        merged = merge(merged, largest)
    high, low = aggregator().rows.layout.limbs[0]
    assert int(merged.rows[0, high]) * 2**32 + int(merged.rows[0, low]) == 1000 * (2**63 - 1)
