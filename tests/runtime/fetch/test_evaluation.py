"""Features of windows, some of which have no tiles."""

from __future__ import annotations

from typing import Any

from support.kernels import numpy_only
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright_runtime import Fetcher


def features(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Two windows over a double and a bigint, by numpy."""
    asked = [
        *aggregations("x", [Operation.AVERAGE, Operation.COUNT], ["15m", "6h"]),
        *aggregations("n", [Operation.SUM], ["15m", "6h"]),
    ]
    session = Session(plan_of({"k": "string", "x": "double", "n": "bigint"}, ["k"], asked))
    session.write([{"k": "a", **row} for row in rows])
    with numpy_only():
        return Fetcher(session.plan, session.store).fetch({"k": "a"}, AT).features


def test_values_of_all_windows_are_put_at_once() -> None:
    """Exact sums are finalized beside them, in the order of the plan."""
    rows = [{"x": 1.0, "n": 2**40, "ts": AT - MINUTE}, {"x": 4.0, "n": 1, "ts": AT - 3 * HOUR}]
    assert list(features(rows).items()) == [
        ("x_average_15m", 1.0),
        ("x_average_6h", 2.5),
        ("x_count_15m", 1),
        ("x_count_6h", 2),
        ("n_sum_15m", 2**40),
        ("n_sum_6h", 2**40 + 1),
    ]


def test_a_window_without_tiles_is_empty() -> None:
    """The others keep their values."""
    found = features([{"x": 4.0, "n": 1, "ts": AT - 3 * HOUR}])
    assert (found["x_average_15m"], found["x_count_15m"], found["n_sum_15m"]) == (None, 0, None)
    assert (found["x_average_6h"], found["x_count_6h"], found["n_sum_6h"]) == (4.0, 1, 1)


def test_a_window_of_nulls_has_no_average() -> None:
    """It has tiles, but no value to divide."""
    rows: list[dict[str, Any]] = [
        {"x": None, "n": 5, "ts": AT - MINUTE},
        {"x": 4.0, "n": 1, "ts": AT - 3 * HOUR},
    ]
    found = features(rows)
    assert (found["x_average_15m"], found["x_count_15m"], found["n_sum_15m"]) == (None, 0, 5)
    assert (found["x_average_6h"], found["n_sum_6h"]) == (4.0, 6)
