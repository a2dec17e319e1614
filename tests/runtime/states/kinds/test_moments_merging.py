"""Moments as numbers of tiles: made of values, merged pair by pair, run by run and over a cover,
and what they answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from support.finalizing import state_of, value_of
from tilewright import Operation
from tilewright_runtime.states.base import Rows, StateType
from tilewright_runtime.states.grouped_values import GroupedValues

FIELDS = {"variance": ["mean", "rest", "m2"], "moments": ["mean", "rest", "m2", "m3", "m4"]}
SETS = [[1.0, 2.0, 6.0], [4.0], [], [10.0, -3.0], [], [0.5], [7.0, 7.0, 7.0]]


def joint_of(kind: str) -> StateType:
    """The number of values in word 1, the rest from word 3 on; the words between and after belong
    to others.
    """
    words = {"n": 1} | {field: 3 + i for i, field in enumerate(FIELDS[kind])}
    return state_of(kind, "DECIMAL(12,3)", words=words, dtypes=dict.fromkeys(words, "f64"))


def rows_of(kind: str, sets: Sequence[Sequence[float] | None]) -> Rows:
    """A row for each set, as it is built of a table."""
    rows = np.full((len(sets), 4 + len(FIELDS[kind])), 77, dtype=np.int64)
    rows[:, 1] = [len(values or ()) for values in sets]
    rows[:, 3:-1] = 0
    joint_of(kind).derive(pa.table({"it.values": pa.array(sets, pa.list_(pa.float64()))}), rows)
    assert (rows[:, [0, 2, -1]] == 77).all()
    return rows


def by_hand(kind: str, values: Sequence[float]) -> list[float]:
    """The mean, no rest, and the sums of powers of the distances from it."""
    if not values:
        return [0.0] * len(FIELDS[kind])
    mean = sum(values) / len(values)
    return [
        mean,
        0.0,
        *(
            sum((value - mean) ** power for value in values)
            for power in range(2, len(FIELDS[kind]))
        ),
    ]


def assert_are(kind: str, rows: Rows, sets: Sequence[Sequence[float]]) -> None:
    found = rows.view(np.float64)[:, 3:-1]
    wanted = np.array([by_hand(kind, values) for values in sets])
    np.testing.assert_allclose(found[:, 0] + found[:, 1], wanted[:, 0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[:, 2:], wanted[:, 2:], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("kind", FIELDS)
def test_made_of_the_values_of_each_tile(kind: str) -> None:
    """Tiles without values, as an empty list or none at all, are left at 0."""
    assert_are(kind, rows_of(kind, [*SETS, None]), [*SETS, []])


@pytest.mark.parametrize("kind", FIELDS)
def test_each_pair_is_one_set(kind: str) -> None:
    """Whichever of both is empty, and nothing else of a row is touched."""
    older, newer = rows_of(kind, SETS), rows_of(kind, SETS[::-1])
    before, rows = (older.tobytes(), newer.tobytes()), np.full_like(older, 55)
    assert joint_of(kind).merge_rows(older, newer, rows, None) is None
    assert_are(kind, rows, [[*one, *other] for one, other in zip(SETS, SETS[::-1], strict=True)])
    assert (rows[:, [0, 1, 2, -1]] == 55).all()
    assert (older.tobytes(), newer.tobytes()) == before


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("begins", [[0], [0, 1], [0, 2, 4, 6], [0, 1, 2, 5], [0, 3, 6]])
def test_each_run_is_one_set(kind: str, begins: list[int]) -> None:
    """Runs of any lengths side by side."""
    parts, ends = rows_of(kind, SETS), [*begins[1:], len(SETS)]
    rows = np.full((len(begins), parts.shape[1]), 55, dtype=np.int64)
    assert joint_of(kind).merge_runs(parts, rows, np.array(begins), np.array(ends)) is None
    assert_are(
        kind,
        rows,
        [
            [x for values in SETS[begin:end] for x in values]
            for begin, end in zip(begins, ends, strict=True)
        ],
    )
    assert (rows[:, [0, 1, 2, -1]] == 55).all()


@pytest.mark.parametrize("kind", FIELDS)
def test_a_cover_is_one_set(kind: str) -> None:
    """As Python numbers, in their places."""
    parts = rows_of(kind, SETS)
    numbers: list[Any] = ["other"] * parts.shape[1]
    assert joint_of(kind).merge_tiles(parts, numbers) is None
    found, wanted = numbers[3:-1], by_hand(kind, [x for values in SETS for x in values])
    assert {type(number) for number in found} == {float}
    assert [found[0] + found[1], *found[2:]] == pytest.approx([wanted[0], *wanted[2:]], rel=1e-12)
    assert numbers[:3] == ["other"] * 3 and numbers[-1] == "other"


@pytest.mark.parametrize("kind", FIELDS)
def test_what_a_layout_needs_to_know(kind: str) -> None:
    """All words but the number of values hold doubles and are made by the runtime; an empty tile
    holds zeros, and there is no text.
    """
    state, words = joint_of(kind), list(range(3, 3 + len(FIELDS[kind])))
    assert (
        list(state.floats),
        list(state.derived_words),
        state.text,
        state.empty(),
    ) == (words, words, None, {})


@pytest.mark.parametrize("kind", FIELDS)
def test_what_rounding_is_measured_by(kind: str) -> None:
    """The mean and the spread of the values, and as many of the powers of the spread as there are
    values.
    """
    found = joint_of(kind).magnitudes(rows_of(kind, [[-2.0, -1.0]]))
    assert found == dict(
        zip(
            range(3, 8),
            [2.0, 2.0, 2 * 0.5**2, 2 * 0.5**3, 2 * 0.5**4][: len(FIELDS[kind])],
            strict=False,
        )
    )
    assert set(joint_of(kind).magnitudes(rows_of(kind, [[]])).values()) == {0.0}


@pytest.mark.parametrize("kind", FIELDS)
def test_of_raw_events(kind: str) -> None:
    """The values of each group as doubles, decimals with their point."""
    runs = GroupedValues(
        np.array([0, 1]),
        np.array([0, 3]),
        np.array([3, 1]),
        np.arange(4),
        np.array([1000, 2000, 6000, 5]),
    )
    found: Mapping[str, Any] = joint_of(kind).from_values(runs)
    assert list(found) == ["n", *FIELDS[kind]]
    assert found["n"].tolist() == [3, 1]
    for place, values in enumerate([[1.0, 2.0, 6.0], [0.005]]):
        assert [found[field][place] for field in FIELDS[kind]] == pytest.approx(
            by_hand(kind, values), rel=1e-12, abs=1e-12
        )


ALL = [Operation.VARIANCE, Operation.STDDEV, Operation.SKEW, Operation.KURTOSIS]


def answers(**numbers: float) -> list[Any]:
    return [value_of(operation, "double", numbers) for operation in ALL]


def test_answers_are_those_of_the_textbook() -> None:
    """Of 1, 2 and 6: population forms, and the excess of the kurtosis."""
    _, _, m2, m3, m4 = by_hand("moments", [1.0, 2.0, 6.0])
    variance = 14 / 3
    wanted = [variance, math.sqrt(variance), m3 / 3 / variance**1.5, m4 / 3 / variance**2 - 3]
    assert answers(n=3, m2=m2, m3=m3, m4=m4) == pytest.approx(wanted, rel=1e-12)


def test_answers_without_a_spread() -> None:
    """Without values there are none; equal values have a variance of 0 and no shape."""
    assert answers(n=0, m2=5.0, m3=5.0, m4=5.0) == [None] * 4
    assert answers(n=2, m2=0.0) == [0.0, 0.0, None, None]


@pytest.mark.parametrize("m2", [math.inf, math.nan])
def test_a_spread_that_no_double_holds_is_nan(m2: float) -> None:
    """Not an infinity in one split and NaN in another."""
    assert all(math.isnan(value) for value in answers(n=1, m2=m2, m3=1.0, m4=1.0))


@pytest.mark.parametrize(
    ("m2", "told"),
    [
        (0.9e-150, False),
        (1e-150, False),
        (1.1e-150, True),
        (0.9e150, True),
        (1e150, False),
        (1.1e150, False),
    ],
)
def test_a_shape_is_told_of_a_variance_that_has_a_square(m2: float, told: bool) -> None:
    """Beyond both ends skew and kurtosis are NaN, and so they are where their own power does not
    fit; the variance stands.
    """
    found = answers(n=1, m2=m2, m3=1.0, m4=1.0)
    assert found[0] == m2
    assert [math.isnan(value) for value in found[2:]] == [not told] * 2
    assert all(math.isnan(value) for value in answers(n=1, m2=1.0, m3=math.inf, m4=math.nan)[2:])
