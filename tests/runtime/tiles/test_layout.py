"""Where numbers stand: what merges by one call, what an empty tile holds, and the one form of a
sum.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.tiles.header import HEADER_WORDS
from tilewright_runtime.tiles.layout import Layout, layout_of

NUMBERS = [
    Operation.SUM,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
    Operation.VARIANCE,
]
SCHEMA = {"k": "string", "x": "double", "y": "double", "n": "bigint", "m": "bigint"}


@cache
def layout(*columns: str) -> Layout:
    return layout_of(
        plan_of(SCHEMA, ["k"], [one for column in columns for one in aggregations(column, NUMBERS)])
    )


@pytest.mark.parametrize("columns", [("x",), ("x", "y"), ("n", "m"), ("x", "y", "n", "m")])
def test_one_call_merges_all_neighbours_that_merge_alike(columns: tuple[str, ...]) -> None:
    """There is one slab for each merge and type, and each number of a plain merge is in one."""
    made = layout(*columns)
    alike = [(slab.ufunc, slab.dtype) for slab in made.slabs]
    types = {made.dtypes[f"min_{column}.value"] for column in columns}
    assert (
        len(alike) == len(set(alike)) == 2 * len(types) + len({*types, "i64"})
    )  # the counts are integers
    covered = [word for slab in made.slabs for word in range(slab.start, slab.stop)]
    fields = ("sum", "hi", "lo", "n")
    plain = [
        word
        for name, word in made.names.items()
        if name.startswith(("min", "max")) or name.rpartition(".")[2] in fields
    ]
    assert sorted(covered) == sorted(plain)
    dtypes = {word: made.dtypes[name] for name, word in made.names.items()}
    assert all(
        dtypes[word] == slab.dtype for slab in made.slabs for word in range(slab.start, slab.stop)
    )


def test_an_empty_tile_is_neutral() -> None:
    """As a row and as Python numbers alike: no sums, extremes that all others beat, no time, and no
    moments.
    """
    made = layout("x", "y", "n", "m")
    limits = np.iinfo(np.int64)
    wanted = {"min_n": limits.max, "max_n": limits.min, "max_x": -np.inf, "min_x": np.nan}
    row, numbers = made.empty_row(), made.identities()
    for name, word in made.names.items():
        state, _, field = name.partition(".")
        kind, column = state.split("_")
        of = "x" if column in "xy" else "n"
        value = wanted.get(f"{kind}_{of}") or (
            {"first": limits.max, "last": limits.min}[kind] if field == "ts" else 0
        )
        kept = row.view(np.float64)[word] if made.dtypes[name] == "f64" else row[word]
        np.testing.assert_array_equal(kept, value, err_msg=name)
        np.testing.assert_array_equal(numbers[word], value, err_msg=name)
    assert not row[:HEADER_WORDS].any() and numbers[:HEADER_WORDS] == [0] * HEADER_WORDS
    assert len(row) == len(numbers) == made.words
    assert made.fixed_bytes == 8 * made.words


def test_a_sum_has_one_form() -> None:
    """What the low half has beyond 32 bits is carried into the high one, also below zero."""
    made = layout("n")
    ((high, low),) = made.limbs
    rows = np.zeros((3, made.words), dtype=np.int64)
    rows[:, high], rows[:, low] = [1, 0, -1], [2**33 + 5, 7, -1]
    made.carry(rows)
    assert (rows[:, high].tolist(), rows[:, low].tolist()) == ([3, 0, -2], [5, 7, 2**32 - 1])
    assert not np.delete(rows, [high, low], axis=1).any()


def test_fields_of_changing_length_follow_the_numbers() -> None:
    """Each has the word that holds its length, in the order of the record; a table of buckets comes
    last.
    """
    parts = [
        *aggregations("x", [Operation.SUM, Operation.HISTOGRAM()]),
        *aggregations("x", [Operation.MAX], ["1h"], buckets=["m"]),
    ]
    plan = plan_of(SCHEMA, ["k"], [*parts, *aggregations("n", [Operation.BOUNDED_UNIQUE_COUNT(2)])])
    made = layout_of(plan)
    first = HEADER_WORDS + len(made.names)
    assert [(field.name, field.kind, field.length - first) for field in made.variable] == [
        ("histogram_x.entries", "histogram", 0),
        ("bounded_n.entries", "bounded", 1),
        ("by:m", "buckets", 2),
    ]
    assert made.words == first + 3
    assert list(made.codecs) == [
        "histogram_x.entries",
        "bounded_n.entries",
    ]  # a table merges by itself
    assert made.fingerprint == int(plan.storage_fingerprint, 16)
