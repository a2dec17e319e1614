"""First and last values: which of two, of a run, and of a cover is chosen, and what stands for
none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import state_of, value_of
from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright.operations import OperationSpec
from tilewright_runtime.fetch.finalize import bucket_finalizer
from tilewright_runtime.states.base import Rows, StateType
from tilewright_runtime.states.grouped_values import GroupedValues
from tilewright_runtime.states.values import Merged
from tilewright_runtime.tiles.buckets import Bucket
from tilewright_runtime.tiles.layout import layout_of

NO_TIME = {"first": 2**63 - 1, "last": -(2**63)}
#: A time before and one after all times of a case: a first value is the one before, a last value
#: the one after.
OUTER = {"first": 10, "last": 90}


def joint_of(kind: str, dtype: str | None) -> StateType:
    """The time in word 1 and the value in word 2, or a text."""
    words, dtypes = {"ts": 1}, {"ts": "i64"}
    if dtype is None:
        return state_of(kind, "VARCHAR", words=words, dtypes=dtypes, field="value")
    words, dtypes = words | {"value": 2}, dtypes | {"value": dtype}
    return state_of(kind, words=words, dtypes=dtypes)


def rows(*pairs: tuple[int, float], dtype: str = "i64") -> Rows:
    """Rows of (time, value) between two words that belong to others."""
    made = np.full((len(pairs), 4), 77, dtype=np.int64)
    made[:, 1] = [time for time, _ in pairs]
    made.view({"i64": np.int64, "f64": np.float64}[dtype])[:, 2] = [value for _, value in pairs]
    return made


def merged(
    kind: str, older: tuple[int, float], newer: tuple[int, float], dtype: str = "i64"
) -> Any:
    """The time and value of two tiles together, which are not changed themselves."""
    one, other = rows(older, dtype=dtype), rows(newer, dtype=dtype)
    before, found = (one.tobytes(), other.tobytes()), other.copy()
    keep = joint_of(kind, dtype).merge_rows(one, other, found, None)
    assert keep is not None
    assert (one.tobytes(), other.tobytes()) == before
    assert found[0, [0, 3]].tolist() == [77, 77]
    return int(found[0, 1]), found.view({"i64": np.int64, "f64": np.float64}[dtype])[0, 2].item()


@pytest.mark.parametrize("kind", ["first", "last"])
def test_the_outer_time_wins(kind: str) -> None:
    """Whichever block it stands in, and whatever the values are."""
    outer, inner = (OUTER[kind], 5), (50, 9)
    assert merged(kind, outer, inner) == merged(kind, inner, outer) == outer


@pytest.mark.parametrize("kind", ["first", "last"])
def test_no_value_yields_to_any(kind: str) -> None:
    """A tile without a value has the time that all others beat; two of them make another one."""
    empty, full = (NO_TIME[kind], 0), (50, -9)
    assert merged(kind, empty, full) == merged(kind, full, empty) == full
    assert merged(kind, empty, empty) == empty
    assert merged(kind, (NO_TIME[kind], 8), (NO_TIME[kind], 3)) == (
        NO_TIME[kind],
        3,
    )  # without a time there is no tie


@pytest.mark.parametrize("kind", ["first", "last"])
@pytest.mark.parametrize(
    ("smaller", "larger"), [(1.0, 2.0), (-1.0, 0.0), (5.0, math.inf), (math.inf, math.nan)]
)
def test_a_tie_goes_to_the_larger(kind: str, smaller: float, larger: float) -> None:
    """Of one time the larger value is kept, of the first as of the last; NaN is the largest."""
    for older, newer in ((smaller, larger), (larger, smaller)):
        time, value = merged(kind, (50, older), (50, newer), "f64")
        assert time == 50
        assert value == larger or (math.isnan(value) and math.isnan(larger))
    assert math.isnan(merged(kind, (50, math.nan), (50, math.nan), "f64")[1])


@pytest.mark.parametrize("kind", ["first", "last"])
def test_texts_are_chosen_by_place(kind: str) -> None:
    """The answer says where the older text is kept: by time, at a tie by size, where no text is
    smaller than the empty one.
    """
    times = [
        (OUTER[kind], 50),
        (50, OUTER[kind]),
        (50, 50),
        (50, 50),
        (50, 50),
        (50, 50),
        (NO_TIME[kind], NO_TIME[kind]),
    ]
    texts = [
        (b"a", b"b"),
        (b"b", b"a"),
        (b"a", b"b"),
        (b"b", b"a"),
        (b"a", None),
        (None, b""),
        (b"b", b"a"),
    ]
    older, newer = (rows(*[(pair[side], 0) for pair in times]) for side in (0, 1))
    found = newer.copy()
    keep = joint_of(kind, None).merge_rows(older, newer, found, texts)
    assert keep is not None
    assert keep.tolist() == [True, False, False, True, True, False, False]
    assert found[:, 1].tolist() == [OUTER[kind], OUTER[kind], 50, 50, 50, 50, NO_TIME[kind]]
    assert found[:, 2].tolist() == [0] * 7


RUNS: list[list[tuple[int, int] | None]] = [
    [(1, 7), None],
    [(1, 7)],
    [(1, 7), (2, 8), (3, 9)],
    [None, (2, 8), (3, 9)],
    [(1, 7), (2, 8), None],
    [None, (2, 8), None],
    [None],
    [None, None],
]


@pytest.mark.parametrize(
    ("kind", "places"), [("first", [0, 0, 0, 1, 0, 1, 0, 1]), ("last", [0, 0, 2, 2, 1, 1, 0, 0])]
)
@pytest.mark.parametrize("dtype", ["i64", None])
def test_a_run_keeps_its_first_or_last_value(
    kind: str, places: list[int], dtype: str | None
) -> None:
    """Parts without a value are passed over; where none has one, the run is none either."""
    pairs = [(NO_TIME[kind], 0) if pair is None else pair for run in RUNS for pair in run]
    begins = np.cumsum([0, *map(len, RUNS[:-1])])
    parts = rows(*pairs)
    found = parts[begins].copy()
    chosen = joint_of(kind, dtype).merge_runs(
        parts, found, begins, np.append(begins[1:], len(pairs))
    )
    assert chosen is not None
    kept = begins + places
    assert [pairs[i] for i in chosen] == [pairs[i] for i in kept]
    assert found[:, 1].tolist() == [pairs[i][0] for i in kept]
    assert found[:, 2].tolist() == (
        [pairs[i][1] for i in kept] if dtype else parts[begins, 2].tolist()
    )


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("first", [7, 7, 7, 8, 7, 8, None, None]), ("last", [7, 7, 9, 9, 8, 8, None, None])],
)
@pytest.mark.parametrize("dtype", ["i64", "f64", None])
def test_a_cover_has_its_first_or_last_value(
    kind: str, wanted: list[int | None], dtype: str | None
) -> None:
    """As a number in its own type; of a text the place is told; nothing is touched where there is
    none.
    """
    state = joint_of(kind, dtype)
    for run, value in zip(RUNS, wanted, strict=True):
        pairs = [(NO_TIME[kind], 0) if pair is None else pair for pair in run]
        numbers: list[Any] = ["a", "time", None, "b"]
        place = state.merge_tiles(rows(*pairs, dtype=dtype or "i64"), numbers)
        assert (None if place is None else pairs[place][1]) == value
        time = "time" if place is None else pairs[place][0]
        assert numbers == ["a", time, value if dtype else None, "b"]
        assert (
            type(numbers[2]) is {"i64": int, "f64": float}.get(dtype or "", type(None))
            or value is None
        )


@pytest.mark.parametrize("kind", ["first", "last"])
def test_a_number_without_a_time_is_none(kind: str) -> None:
    """Only of those whose value is a number; any time makes it one."""
    for dtype, time, wanted in (
        ("i64", NO_TIME[kind], None),
        ("i64", 0, 5),
        (None, NO_TIME[kind], 5),
    ):
        numbers = [1, time, 5, 4]
        joint_of(kind, dtype).mark_missing(numbers)
        assert numbers == [1, time, wanted, 4]


@pytest.mark.parametrize("kind", ["first", "last"])
def test_what_a_layout_needs_to_know(kind: str) -> None:
    """The time of an empty tile, the words that hold doubles, and the field of a text; every word
    is a column.
    """
    joint_states = [joint_of(kind, dtype) for dtype in ("i64", "f64", None)]
    assert [dict(state.empty()) for state in joint_states] == [{1: NO_TIME[kind]}] * 3
    assert [list(state.floats) for state in joint_states] == [[], [2], []]
    assert [state.text for state in joint_states] == [None, None, "it.value"]
    assert all(
        not state.derived_words and not state.magnitudes(rows((1, 2))) for state in joint_states
    )


def runs_of_pairs(runs: Sequence[Sequence[tuple[int, float]]]) -> GroupedValues:
    counts = np.array([len(run) for run in runs])
    times, values = (np.array([pair[side] for run in runs for pair in run]) for side in (0, 1))
    return GroupedValues(np.arange(len(runs)), np.cumsum(counts) - counts, counts, times, values)


@pytest.mark.parametrize(
    ("kind", "times", "values"), [("first", [1, 4], [7, 3]), ("last", [3, 5], [9, 8])]
)
def test_of_raw_events(kind: str, times: list[int], values: list[int]) -> None:
    """Of each group the value of its first or last time, and of equal times the larger one."""
    runs = runs_of_pairs([[(1, 5), (1, 7), (2, 99), (3, 9), (3, 8)], [(4, 1), (4, 3), (5, 8)]])
    found = joint_of(kind, "i64").from_values(runs)
    assert {name: list(content) for name, content in found.items()} == {
        "ts": times,
        "value": values,
    }


@pytest.mark.parametrize(("kind", "text"), [("first", "b"), ("last", "c")])
def test_texts_of_raw_events(kind: str, text: str) -> None:
    """Texts are numbered in their order, and the one that is chosen is given as a text."""
    runs = runs_of_pairs([[(1, 0), (1, 1), (2, 2)]])
    runs = GroupedValues(
        runs.groups, runs.starts, runs.counts, runs.times, runs.values, pa.array(["a", "b", "c"])
    )
    assert joint_of(kind, None).from_values(runs)["value"] == [text.encode()]


@pytest.mark.parametrize("operation", [Operation.FIRST, Operation.LAST])
def test_a_value_in_its_own_type(operation: OperationSpec) -> None:
    """What the tile keeps becomes the value, and what is missing none."""
    assert value_of(operation, "boolean", {"value": 0}) is False
    assert value_of(operation, "timestamp", {"value": -1_000_000}) == datetime(
        1969, 12, 31, 23, 59, 59, tzinfo=UTC
    )
    assert value_of(operation, "bigint", {"value": None}) is None
    assert value_of(operation, "string", {}, {"value": b"x"}) == "x"
    assert value_of(operation, "string", {}, {"value": None}) is None


@pytest.mark.parametrize("operation", [Operation.FIRST, Operation.LAST])
@pytest.mark.parametrize("type_", ["bigint", "string"])
def test_a_bucket_has_a_value_if_it_has_a_time(operation: OperationSpec, type_: str) -> None:
    """Any time but that of an empty tile, whatever the value is."""
    made = plan_of(
        {"k": "string", "x": type_, "b": "string"},
        ["k"],
        aggregations("x", [operation], ["1h"], buckets=["b"]),
    )
    layout = layout_of(made, made.tile_layout.buckets[0])
    of = bucket_finalizer(made.features[0], layout, "by:b", "VARCHAR")
    time, no_time = layout.names[f"{made.states[0].id}.ts"], NO_TIME[operation.name.lower()]
    cases: list[tuple[int, Any]] = [(no_time, None), (0, {"u": None}), (-5, {"u": None})]
    for ts, wanted in cases:
        numbers: list[Any] = [None] * layout.words
        numbers[time] = ts
        own = Merged(numbers, {f"{made.states[0].id}.value": None})
        assert of(Merged([], {"by:b": [Bucket(b"u", own)]})) == wanted
