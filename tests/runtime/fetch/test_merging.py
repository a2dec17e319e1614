"""Merging the tiles of covers that are chosen by hand."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.fetch.steps import STEPS
from tilewright_runtime.tiles.cover import Segment

SIZE = 5 * MINUTE
#: The start of the newest tile that ends before the query time.
NEWEST = AT // SIZE * SIZE - SIZE


def merged(cover: list[Segment], edge: str = "sawtooth") -> list[Any]:
    """Merge tiles that hold 1 and 2, then 10, then 100, to their sum, count and list."""
    operations = [Operation.SUM, Operation.COUNT]
    asked = aggregations("n", operations, edge=edge)
    if edge == "sawtooth":
        asked += aggregations("n", [Operation.LAST_K(2)])
    plan = plan_of({"k": "string", "n": "bigint"}, ["k"], asked)
    store = open_store("memory:")
    age = [(1, 2), (2, 2), (10, 1), (100, 0)]
    with Writer(plan, store) as writer:
        writer.write([{"k": "a", "n": n, "ts": NEWEST - tiles * SIZE + n} for n, tiles in age])
    fetcher = Fetcher(plan, store)
    state = fetcher.request({"k": "a"}, AT)
    for step in STEPS[:4]:
        step.work(fetcher.context, [state])
    features, _ = fetcher.program.evaluate(state.tiles, [cover])
    return list(features.values())


def run(first: int, last: int, part: Fraction = Fraction(1)) -> Segment:
    """Name neighbouring tiles by how many tiles before the newest they are."""
    return Segment(SIZE, NEWEST - first * SIZE, NEWEST - last * SIZE + SIZE, part)


def test_a_cover_without_tiles_is_an_empty_window() -> None:
    """Nothing was counted, and there is nothing to sum or list."""
    assert merged([run(9, 5)]) == [None, 0, None]


def test_neighbouring_tiles_merge_as_one_run() -> None:
    """All events of a run count."""
    assert merged([run(2, 0)]) == [113, 4, [100, 10]]


def test_tiles_between_two_runs_do_not_count() -> None:
    """The tile with the 10 lies between them."""
    assert merged([run(2, 2), run(0, 0)]) == [103, 3, [100, 2]]


def test_an_empty_run_beside_others_changes_nothing() -> None:
    """It has no tile that could be merged."""
    assert merged([run(9, 5), run(1, 1)]) == [10, 1, [10]]


def test_a_part_of_a_tile_counts_by_its_part() -> None:
    """A third of 1 + 2 and the whole of 10 are 11."""
    third = Fraction(1, 3)
    assert merged([run(2, 2, third), run(1, 1)], edge="prorate") == [11.0, 5 / 3]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_prorated_sum_beyond_all_doubles_is_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tiles of -1e308 each add up to it, without a word of numpy's."""
    monkeypatch.setenv("TILEWRIGHT_KERNEL", "off")
    asked = aggregations("x", [Operation.SUM], edge="prorate")
    plan = plan_of({"k": "string", "x": "double"}, ["k"], asked)
    store = open_store("memory:")
    with Writer(plan, store) as writer:
        writer.write([{"k": "a", "x": -1e308, "ts": NEWEST - tiles * SIZE} for tiles in (1, 2)])
    fetcher = Fetcher(plan, store)
    assert list(fetcher.fetch({"k": "a"}, AT).features.values()) == [-inf]
