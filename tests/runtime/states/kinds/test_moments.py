"""Central moments: right where the values are large and close together, in any split, and NaN where
a double cannot hold them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.events import to_arrow
from support.examples import few
from support.oracle import bad_moment
from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright_runtime.states.kinds.moments import merged, of_values

OPERATIONS = [Operation.VARIANCE, Operation.STDDEV, Operation.SKEW, Operation.KURTOSIS]
#: Errata A7: sums of squares make a negative number of these; the variance is 22.5.
HARD = [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]

Set = tuple[int, list[float]]


def made(values: Sequence[float]) -> Set:
    """The number of some values and their mean, rest, m2, m3 and m4."""
    if not values:
        return 0, [0.0] * 5
    found = of_values(
        np.array(values, dtype=np.float64), np.array([0]), np.array([len(values)]), order=4
    )
    return len(values), [float(part[0]) for part in found]


def together(*sets: Set) -> Set:
    """Some sets merged as tiles are."""
    n, parts = np.array([n for n, _ in sets]), np.array([part for _, part in sets]).T
    return int(n.sum()), [float(part) for part in merged(n, parts)]


def answers(parts: Sequence[Sequence[float]], spread_ms: int = 1) -> list[Any]:
    """The four features of one key, each part written by itself; `spread_ms` apart, so that they
    may fall into many tiles.
    """
    session = Session(
        plan_of({"k": "string", "x": "double"}, ["k"], aggregations("x", OPERATIONS, ["1h"]))
    )
    ts = AT
    for part in parts:
        ts -= spread_ms
        # As Arrow, in which NaN is a value; in a dictionary it stands for a missing one.
        rows = [{"k": "a", "x": x, "ts": ts} for x in part]
        session.write(to_arrow(rows, {"k": "string", "x": "double"}))
    return list(session.features(k="a").values())


@pytest.mark.parametrize("spread_ms", [1, 7 * MINUTE], ids=["one tile", "many tiles"])
@pytest.mark.parametrize(
    "parts",
    [
        [HARD],
        [HARD[:1], HARD[1:]],
        [HARD[:2], HARD[2:]],
        [HARD[::2], HARD[1::2]],
        [[x] for x in HARD],
        [[x] for x in reversed(HARD)],
    ],
    ids=str,
)
def test_close_values_near_a_milliard(parts: list[list[float]], spread_ms: int) -> None:
    """Variance 22.5, skew 0 and excess kurtosis -1.64, however the values are split over writes and
    tiles.
    """
    variance, deviation, skew, kurtosis = answers(parts, spread_ms)
    assert variance == pytest.approx(22.5, rel=1e-9)
    assert deviation == pytest.approx(math.sqrt(22.5), rel=1e-9)
    assert skew == pytest.approx(0, abs=1e-9)
    assert kurtosis == pytest.approx(-1.64, rel=1e-9)


@pytest.mark.parametrize("parts", [1, 2, 31, 400])
@pytest.mark.parametrize("offset", [0.0, 1e9, -1e12])
def test_many_close_values_in_many_sets(parts: int, offset: float) -> None:
    """2,000 values with a long tail are as right in 400 sets, merged at once or one after the
    other, as in one.
    """
    values = offset + np.random.default_rng(7).gamma(2.0, 3.0, 2000)
    sets = [made(part.tolist()) for part in np.array_split(values, parts)]
    one_by_one = sets[0]
    for one in sets[1:]:
        one_by_one = together(one_by_one, one)
    for n, (_, _, m2, m3, m4) in (together(*sets), one_by_one):
        variance = m2 / n
        found = {
            "VARIANCE": variance,
            "SKEW": m3 / n / variance**1.5,
            "KURTOSIS": m4 / n / variance**2 - 3,
        }
        assert [
            bad_moment(operation, value, values.tolist()) for operation, value in found.items()
        ] == [None] * 3


@few(60)
@given(
    st.lists(
        st.lists(st.sampled_from([0.1, 1e9 + 4, 1e300, 5e-324, -7.0]), max_size=4),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_equal_values_have_no_variance(split: list[list[float]], backwards: bool) -> None:
    """Any number of one value, in any split, has the variance 0 exactly, so that skew and kurtosis
    are null.
    """
    for value in (0.1, 1e9 + 4, 1e300, 1 / 3):
        sets = [made([value] * len(part)) for part in (reversed(split) if backwards else split)]
        n, (_, _, *sums) = together(*sets)
        assert (n, sums) == (sum(map(len, split)), [0.0, 0.0, 0.0])


@few(60)
@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=5), min_size=2, max_size=4))
def test_sets_merge_in_any_order(split: list[list[float]]) -> None:
    """Merging is commutative and associative up to rounding, and sets without values count for
    nothing.
    """
    sets = [made(part) for part in split]
    n, (_, _, m2, m3, m4) = together(*sets)
    other_n, (_, _, other_m2, other_m3, other_m4) = together(together(*sets[1:]), made([]), sets[0])
    assert n == other_n
    assert other_m2 == pytest.approx(m2, rel=1e-9, abs=1e-300)
    assert other_m3 == pytest.approx(m3, rel=1e-9, abs=1e-9 * m2**1.5 + 1e-300)
    assert other_m4 == pytest.approx(m4, rel=1e-9, abs=1e-300)


def test_a_merge_changes_no_input() -> None:
    """The arrays of the sets are afterwards what they were."""
    n, parts = np.array([2, 0, 1]), np.array([made([1.0, 2.0])[1], made([])[1], made([5.0])[1]]).T
    before = n.tobytes(), parts.tobytes()
    merged(n, parts)
    assert (n.tobytes(), parts.tobytes()) == before


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("parts", [["odd"], ["odd", 1.0], [1.0, "odd"], ["odd", "odd"]], ids=str)
def test_what_is_not_finite_makes_all_moments_nan(odd: float, parts: list[Any]) -> None:
    """NaN and infinities are values without a spread, alone, split or in one write."""
    values = [odd if part == "odd" else part for part in parts]
    for split in ([values], [[value] for value in values]):
        assert all(math.isnan(value) for value in answers(split, 20 * MINUTE))


@pytest.mark.parametrize(
    "split",
    [[[1e308, -1e308]], [[1e308], [-1e308]], [[1e308, 0.0], [-1e308]], [[1e160], [0.0]]],
    ids=str,
)
def test_distances_whose_squares_do_not_fit_are_nan(split: list[list[float]]) -> None:
    """A variance that no double can hold is NaN in every split, not an infinity in one and NaN in
    another.
    """
    assert all(math.isnan(value) for value in answers(split, 20 * MINUTE))


def test_large_values_that_lie_close_have_moments() -> None:
    """1e308 is no obstacle as such: it is the distances that have to fit."""
    assert answers([[1e308], [1e308, 1e308]], 20 * MINUTE) == [0.0, 0.0, None, None]


@pytest.mark.parametrize(
    ("values", "variance"), [([1e100, 0.0], 2.5e199), ([1e-100, 0.0], 2.5e-201)]
)
def test_a_variance_without_a_skew(values: list[float], variance: float) -> None:
    """Where the fourth powers leave a double's range the variance is still told, and skew and
    kurtosis are NaN, not wrong.
    """
    found, _, skew, kurtosis = answers([values])
    assert found == pytest.approx(variance, rel=1e-9)
    assert math.isnan(skew) and math.isnan(kurtosis)


@pytest.mark.parametrize(
    ("values", "expected"), [([None], [None] * 4), ([7.0], [0.0, 0.0, None, None])]
)
def test_few_values(values: list[Any], expected: list[Any]) -> None:
    """Nulls have no variance; one value has a variance of 0, and no shape."""
    assert answers([values]) == expected
