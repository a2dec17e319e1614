"""Finished middles are put together once, and answers stay the same."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from support.events import to_arrow
from support.everything import every_operation, some_events, written
from support.kernels import numpy_only, required_kernel
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher, TileCache
from tilewright_runtime.fetch.middles import split
from tilewright_runtime.stores import Store
from tilewright_runtime.tiles.cover import Segment, raw_events

SKETCHES = [
    Operation.APPROX_PERCENTILE([0.0, 0.5, 0.99]),
    Operation.APPROX_UNIQUE_COUNT,
    Operation.TOP_K(3),
    Operation.HISTOGRAM(),
    Operation.LAST_K(3),
    Operation.UNIQUE_COUNT,
]
KLL = Operation.APPROX_PERCENTILE([0.0, 0.5, 1.0], sketch="kll")
TIMES = [AT - minutes * MINUTE for minutes in (0, 7, 61, 130)]


@cache
def everything() -> Store:
    """Every kind of state, with the time of the questions long past."""
    events = some_events(400)
    return written(every_operation(), [*events, {**events[0], "ts": AT + 3 * HOUR}])


@pytest.mark.parametrize("uses_kernel", [True, False])
def test_every_operation_answers_the_same(uses_kernel: bool) -> None:
    """The first time, when middles are made, and the second, when they are there."""
    plan, store = every_operation(), everything()
    if uses_kernel:
        required_kernel()
        plain, cached = Fetcher(plan, store), Fetcher(plan, store, cache=TileCache())
    else:
        with numpy_only():
            plain, cached = Fetcher(plan, store), Fetcher(plan, store, cache=TileCache())
    keys = [{"k": "a", "m": 1}, {"k": "é::{}", "m": 1}, {"k": "unknown", "m": 1}]
    for at_ms in TIMES:
        expected = repr(plain.fetch_many(keys, at_ms))  # in which NaN is equal to itself
        assert [repr(cached.fetch_many(keys, at_ms)) for _ in range(2)] == [expected] * 2


def test_sketches_of_many_values_answer_the_same() -> None:
    """Percentiles, distinct counts and frequent values, beyond what a sketch keeps exactly."""
    of_kll = aggregations("n", [KLL], ["6h"])
    plan = plan_of(SCHEMA, ["k"], [*aggregations("n", SKETCHES, ["12h"]), *of_kll])
    made = Session(plan)
    events = [row("a", n * n % 5_003, ts=AT - n * 9_000) for n in range(4_000)]
    made.write(to_arrow(events, SCHEMA))
    made.write([row("b", 1, ts=AT + 3 * HOUR)])
    plain, cached = (Fetcher(plan, made.store, cache=one) for one in (None, TileCache()))
    for at_ms in TIMES * 2:
        assert cached.fetch({"k": "a"}, at_ms) == plain.fetch({"k": "a"}, at_ms)


@pytest.mark.parametrize("edge", ["sawtooth", "exact"])
def test_a_middle_is_read_once(monkeypatch: pytest.MonkeyPatch, edge: str) -> None:
    """The second fetch reads no field of a finished tile, also beside raw events."""
    beside = aggregations("n", [Operation.SUM], ["1h"], edge)
    plan = plan_of(SCHEMA, ["k"], [*aggregations("n", SKETCHES[:1], ["12h"]), *beside])
    made = Session(plan)
    made.write([row("a", n, ts=AT - n * 10 * MINUTE) for n in range(70)])
    made.write([row("b", 1, ts=AT + 3 * HOUR)])
    with numpy_only():
        fetcher = Fetcher(plan, made.store, cache=TileCache())
    codec = fetcher.program.codec
    variable, read = codec.variable, list[bytes]()

    def noted(record: bytes, row: Any) -> Any:
        read.append(record)
        return variable(record, row)

    monkeypatch.setattr(codec, "variable", noted)
    first = fetcher.fetch({"k": "a"}, AT)
    counts = [len(read)]
    assert fetcher.fetch({"k": "a"}, AT) == first
    counts.append(len(read) - counts[0])
    assert counts[0] > 10
    assert counts[1] <= 1


def test_a_middle_is_of_some_fields_of_a_cover() -> None:
    """Neither other fields nor a cover that begins alike have the same one."""
    asked = [*aggregations("n", SKETCHES[:3], None), *aggregations("n", SKETCHES[:1], ["1h"])]
    plan = plan_of(SCHEMA, ["k"], asked)
    made = Session(plan)
    made.write([row("a", n, ts=AT - n * 10 * MINUTE) for n in range(400)])
    made.write([row("b", 1, ts=AT + 2 * DAY)])
    plain, cached = (Fetcher(plan, made.store, cache=one) for one in (None, TileCache()))
    for feature in plan.features:
        for at_ms in TIMES:
            found = cached.fetch({"k": "a"}, at_ms, features=[feature.name])
            assert found == plain.fetch({"k": "a"}, at_ms, features=[feature.name])


def test_a_cover_is_split_at_the_last_coarse_boundary() -> None:
    """Finer tiles before the coarse ones are in the middle, those behind it are not."""
    #  fine       |..|                  |..|..|
    #  coarse        |.....|.....|.....|
    #  finished                     x
    cover = [Segment(10, 80, 100), Segment(100, 100, 400), Segment(10, 400, 420)]
    middle, rest = split(cover, 370)
    assert middle == (Segment(10, 80, 100), Segment(100, 100, 300))
    assert rest == [Segment(100, 300, 400), Segment(10, 400, 420)]


@pytest.mark.parametrize("cover", [[Segment(100, 100, 200)], [], [raw_events(0, 9)]])
def test_one_tile_is_no_middle(cover: list[Segment]) -> None:
    """Nothing is saved by putting it together."""
    assert split(cover, 1_000) == ((), cover)


def test_what_counts_in_part_is_in_no_middle() -> None:
    """The parts of its tiles cannot be joined."""
    cover = [Segment(100, 100, 400, Fraction(1, 2))]
    assert split(cover, 1_000) == ((), cover)


def test_what_stands_behind_raw_events_is_no_middle() -> None:
    """The order of merging would be another one."""
    cover = [raw_events(95, 100), Segment(100, 100, 400)]
    assert split(cover, 1_000) == ((), cover)
