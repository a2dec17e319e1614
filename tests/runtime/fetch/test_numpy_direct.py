"""Fetches that numpy answers without the steps, beside those of the steps."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from support.kernels import numpy_only
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import CorruptRecordError, FetchError
from tilewright_runtime.fetch.numpy_direct import NumpyDirect
from tilewright_runtime.stores.swept import swept_name
from tilewright_runtime.tiles.header import start_of
from tilewright_runtime.tiles.keys import TILES, TileKeys, level_name

SCHEMA = {"k": "string", "n": "bigint", "x": "double", "y": "double", "t": "string"}
FIVE = [Operation.COUNT, Operation.SUM, Operation.AVERAGE, Operation.MIN, Operation.MAX]
KEYS = [{"k": "a"}, {"k": "sparse"}, {"k": "unknown"}]


def one_number() -> Plan:
    """Five operations of one column over one window, whose values are numbers as merged."""
    return plan_of(SCHEMA, ["k"], aggregations("x", FIVE, ["4h"]))


def many_numbers() -> Plan:
    """The same of two columns over several windows, whose slabs are wide."""
    windows = ["15m", "12h", "7d"]
    return plan_of(
        SCHEMA, ["k"], [*aggregations("x", FIVE, windows), *aggregations("y", FIVE, windows)]
    )


def exact_sums() -> Plan:
    """Sums of integers, which numbers as merged are not, beside such."""
    asked = [*aggregations("n", FIVE, ["1h", "2d"]), *aggregations("x", FIVE, ["2d"])]
    return plan_of(SCHEMA, ["k"], asked)


def texts() -> Plan:
    """What numpy cannot merge, beside numbers."""
    asked = [
        *aggregations("t", [Operation.LAST, Operation.LAST_K(2)], ["1h", "7d"]),
        *aggregations("x", [Operation.VARIANCE, *FIVE], ["7d"]),
    ]
    return plan_of(SCHEMA, ["k"], asked)


def parts() -> Plan:
    """Windows that count parts of their oldest tiles."""
    asked = aggregations("x", [Operation.COUNT, Operation.SUM], ["90m"], edge="prorate")
    return plan_of(SCHEMA, ["k"], asked)


PLANS = [one_number, many_numbers, exact_sums, texts, parts]


class Fetchers:
    """A store, and a fetcher of it that takes no steps where it need not, and one that does."""

    def __init__(self, plan: Plan, url: str = "memory:") -> None:
        self.session = Session(plan, url)
        self.session.write([{"k": "a", "n": 1, "x": 1.0, "y": 1.0, "t": "", "ts": AT - 9 * HOUR}])
        with numpy_only():
            self.direct = Fetcher(plan, self.session.store)
            self.steps = Fetcher(plan, self.session.store)
        self.steps.context = self.steps.context.copied(direct=None)

    def write(self, draw: random.Random, count: int) -> None:
        """Write events, some of them with nulls, infinities or after the query time."""
        rows = []
        for _ in range(count):
            key = draw.choices(["a", "sparse"], [9, 1])[0]
            ago = draw.choice([draw.randrange(8 * 24 * HOUR), draw.randrange(HOUR), -MINUTE])
            x = draw.choice([None, draw.gauss(0, 9), draw.gauss(0, 1e9), float("inf")])
            n, y = draw.choice([None, 3, -(2**40)]), draw.gauss(5, 2)
            rows.append({"k": key, "n": n, "x": x, "y": y, "t": f"{n}", "ts": AT - 1 - ago})
        self.session.write(rows)

    def left(self, keys: dict[str, Any], at: int | None = AT) -> list[Any]:
        """What is left to the steps of a request."""
        direct = self.direct.context.direct
        assert isinstance(direct, NumpyDirect)
        return list(direct.answer([self.direct.request(keys, at)]))


@pytest.mark.parametrize("plan", PLANS)
def test_answers_are_those_of_the_steps(
    plan: Callable[[], Plan], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """At any time, of any head, of many keys or one, from memory and from a file."""
    for url in ("memory:", f"lmdb:{tmp_path_factory.mktemp('store')}"):
        fetchers, draw = Fetchers(plan(), url), random.Random(7)
        for _ in range(3):
            fetchers.write(draw, 300)
            for ago in (0, 1, draw.randrange(HOUR), draw.randrange(9 * 24 * HOUR)):
                requests = [(keys, AT - ago) for keys in KEYS]
                expected = repr(fetchers.steps.fetch_many(requests))
                assert repr(fetchers.direct.fetch_many(requests)) == expected
                assert repr([fetchers.direct.fetch(*one) for one in requests]) == expected
        fetchers.session.close()


@pytest.mark.parametrize("plan", PLANS)
def test_plain_requests_leave_nothing_to_the_steps(plan: Callable[[], Plan]) -> None:
    """Whether a key has tiles in all windows, in some or none."""
    fetchers = Fetchers(plan())
    fetchers.write(random.Random(1), 300)
    at = AT // HOUR * HOUR - HOUR  # where tiles end, so that their heads are clean
    for keys in KEYS:
        assert not fetchers.left(keys, at)


def test_an_answer_that_is_not_clean_is_left_to_the_steps() -> None:
    """They say what is not clean about it."""
    fetchers = Fetchers(one_number())
    fetchers.session.write([{"k": "a", "n": 1, "x": 1.0, "y": 1.0, "t": "", "ts": AT + MINUTE}])
    at = AT + 1
    assert fetchers.left(KEYS[0], at)
    assert fetchers.direct.fetch(KEYS[0], at).quality == fetchers.steps.fetch(KEYS[0], at).quality


def test_a_swept_store_is_left_to_the_steps() -> None:
    """They refuse what is gone."""
    fetchers = Fetchers(one_number())
    fetchers.write(random.Random(1), 50)
    name, size_ms = swept_name(fetchers.session.plan), fetchers.direct.program.ladder_ms[0]
    swept = json.dumps({level_name(TILES, size_ms): AT + HOUR}).encode()
    fetchers.session.store.transact(  # type: ignore[attr-defined]
        lambda transaction: transaction.put(name, swept)
    )
    with pytest.raises(FetchError, match="was swept"):
        fetchers.direct.fetch(KEYS[0], AT)


def test_a_damaged_record_is_left_to_the_steps() -> None:
    """They say what is wrong with it."""
    fetchers = Fetchers(one_number())
    fetchers.session.write([{"k": "a", "n": 1, "x": 1.0, "y": 1.0, "t": "", "ts": AT - HOUR}])
    store, plan = fetchers.session.store, fetchers.session.plan
    entity, ranges = fetchers.direct.entity(KEYS[0]), list(fetchers.direct.program.ranges(AT))
    (record,) = (record for part in store.scan(plan.name, entity, ranges) for record in part)
    keys = TileKeys(plan.name, ranges[0].size_ms, [entity], [0], [start_of(record)])
    damaged = record[:-1] + bytes([record[-1] ^ 1])
    store.transact(  # type: ignore[attr-defined]
        lambda transaction: transaction.put_tiles(keys, [damaged])
    )
    assert fetchers.left(KEYS[0])
    with pytest.raises(CorruptRecordError, match="the checksum of this tile is wrong"):
        fetchers.direct.fetch(KEYS[0], AT)


def test_lifetimes_take_the_steps() -> None:
    """They count how many tiles there are."""
    fetchers = Fetchers(plan_of(SCHEMA, ["k"], aggregations("x", FIVE, None)))
    fetchers.write(random.Random(1), 50)
    assert fetchers.left(KEYS[0])
