"""The values of one input, group after group: nulls are left out, lists taken apart, texts
numbered.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tilewright_runtime.states.grouped_values import GroupedValues, group_values

TIMES, GROUPS = np.array([10, 20, 30, 40, 50]), np.array([0, 0, 2, 2, 3])


def shown(runs: GroupedValues) -> list[tuple[int, list[int], list[object]]]:
    """The group of each run, its times and its values."""
    found = []
    for group, start, count in zip(
        runs.groups.tolist(), runs.starts.tolist(), runs.counts.tolist(), strict=True
    ):
        own = slice(start, start + count)
        found.append((group, runs.times[own].tolist(), runs.arrow(runs.values[own]).to_pylist()))
    return found


def test_nulls_are_left_out() -> None:
    """A group of nulls has no run; the others keep their numbers."""
    runs = group_values(TIMES, GROUPS, pa.array([5, None, 7, 6, None]))
    assert shown(runs) == [(0, [10], [5]), (2, [30, 40], [7, 6])]
    assert runs.texts is None
    assert runs.run.tolist() == [0, 1, 1]


def test_elements_of_lists_count_at_the_time_of_their_event() -> None:
    """Each by itself; nulls among them and empty lists count for nothing."""
    column = pa.array([[5.0, 6.0], [], None, [None, 7.0], [8.0]])
    assert shown(group_values(TIMES, GROUPS, column)) == [
        (0, [10, 10], [5.0, 6.0]),
        (2, [40], [7.0]),
        (3, [50], [8.0]),
    ]


def test_texts_are_numbered_in_their_order() -> None:
    """The order is that of their bytes, and equal texts have one number."""
    runs = group_values(TIMES, GROUPS, pa.array(["é", "a", "\N{GRINNING FACE}", "a", "\uffff"]))
    assert runs.values.tolist() == [1, 0, 3, 0, 2]
    assert runs.texts is not None and runs.texts.to_pylist() == [
        "a",
        "é",
        "\uffff",
        "\N{GRINNING FACE}",
    ]
    assert shown(runs)[0] == (0, [10, 20], ["é", "a"])


def test_a_list_for_each_run() -> None:
    """Of whatever stands for each value."""
    runs = group_values(TIMES, GROUPS, pa.array([5, 4, None, 6, 7]))
    assert runs.listed(pa.array(["v", "w", "x", "y"])).to_pylist() == [["v", "w"], ["x"], ["y"]]


def test_values_as_doubles() -> None:
    """Decimals are kept without their point."""
    runs = group_values(TIMES, GROUPS, pa.array([5, -2500, None, None, None]))
    assert (runs.doubles("BIGINT").tolist(), runs.doubles("DECIMAL(9,3)").tolist()) == (
        [5.0, -2500.0],
        [0.005, -2.5],
    )
    assert runs.doubles("BIGINT").dtype == np.float64


def test_how_often_each_value_occurs() -> None:
    """The different values of each run in their order, with their numbers."""
    runs = group_values(np.arange(6), np.array([0, 0, 0, 4, 4, 4]), pa.array([7, 5, 7, 7, 9, 9]))
    offsets, values, counts = runs.counted()
    assert (offsets.to_pylist(), values.tolist(), counts.to_pylist()) == (
        [0, 2, 4],
        [5, 7, 7, 9],
        [1, 2, 1, 2],
    )
