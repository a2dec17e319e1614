"""Fetches that one call of the kernel answers, beside those of the steps with numpy."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasketches as ds
import pytest

from support.kernels import numpy_only, required_kernel
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from support.session import Session
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, TileCache
from tilewright_runtime.errors import CorruptRecordError, FetchError
from tilewright_runtime.fetch.context import FetchState
from tilewright_runtime.fetch.direct import KernelDirect
from tilewright_runtime.states.kinds.frequent import FrequentValues
from tilewright_runtime.stores.backends.lmdb import LmdbStore
from tilewright_runtime.stores.lmdb.environment import Environment
from tilewright_runtime.tiles.header import start_of
from tilewright_runtime.tiles.keys import TileKeys

SCHEMA = {"k": "string", "n": "bigint", "x": "double"}
WITH_TEXTS = {**SCHEMA, "t": "string"}
NUMBERS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.AVERAGE,
    Operation.MIN,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST,
    Operation.VARIANCE,
    Operation.KURTOSIS,
]
KEYS = [{"k": "a"}, {"k": "ü::b"}, {"k": "unknown"}]


def numbers() -> Plan:
    """A plan that needs nothing but numbers, over several levels."""
    windows = ["15m", "12h", "7d"]
    asked = [*aggregations("n", NUMBERS, windows), *aggregations("x", NUMBERS, windows)]
    return plan_of(SCHEMA, ["k"], asked)


def sketches() -> Plan:
    """A plan of all sketches that the kernel answers by, and of counts beside them."""
    windows, ranks = ["15m", "12h", "7d"], [0.0, 0.5, 0.99]
    by_values = Operation.APPROX_PERCENTILE([0.1, 1.0], sketch="kll")
    asked = [
        *aggregations("x", [Operation.APPROX_PERCENTILE(ranks), Operation.COUNT], windows),
        *aggregations("n", [by_values], windows),
        *aggregations("t", [Operation.TOP_K(3), Operation.APPROX_UNIQUE_COUNT], windows),
    ]
    return plan_of(WITH_TEXTS, ["k"], asked)


def events(draw: random.Random, count: int) -> list[dict[str, Any]]:
    """Events of two keys, some of them after the query time."""
    made = []
    for _ in range(count):
        ago = draw.choice([draw.randrange(8 * 24 * HOUR), draw.randrange(2 * HOUR), -MINUTE])
        key, n = draw.choice(["a", "ü::b"]), draw.choice([None, 3, -(2**40)])
        text = draw.choice(["", "often", f"é {draw.randrange(2_000)}"])
        made.append({"k": key, "n": n, "x": draw.gauss(0, 9), "t": text, "ts": AT - 1 - ago})
    return made


class Fetchers:
    """A store on a disk, and four ways to fetch from it."""

    def __init__(self, plan: Plan, url: str) -> None:
        required_kernel()
        self.session = Session(plan, url)
        self.session.write(events(random.Random(1), 900))
        store = self.session.store
        self.direct = Fetcher(plan, store)
        self.cached = Fetcher(plan, store, cache=TileCache())
        with numpy_only():
            self.numpy, self.steps = Fetcher(plan, store), Fetcher(plan, store)
        self.steps.context = self.steps.context.copied(direct=None)
        for fetcher in (self.direct, self.cached):  # maps the file, and fills the cache
            fetcher.fetch_many(KEYS, AT)

    @property
    def environment(self) -> Environment:
        """The store's file."""
        assert isinstance(self.session.store, LmdbStore)
        return self.session.store._open

    def commit(self) -> None:
        """Write a document, as any process may."""
        with self.environment.lmdb.begin(self.environment.documents, write=True) as transaction:
            transaction.put(b"note", os.urandom(8))

    def agree(self, at: int | None) -> None:
        """Require the same answers of all, one by one and together."""
        for keys in KEYS:
            expected = repr(self.steps.fetch(keys, at).features)
            for fetcher in (self.numpy, self.direct, self.cached, self.cached):
                assert repr(fetcher.fetch(keys, at).features) == expected
        requests = [(keys, at or AT) for keys in KEYS]
        expected = repr(self.steps.fetch_many(requests))
        assert repr(self.numpy.fetch_many(requests)) == expected
        assert repr(self.direct.fetch_many(requests)) == expected
        assert repr(self.cached.fetch_many(requests)) == expected

    def agree_between_writes(self, rounds: int) -> None:
        """Require the same answers at any time, also after writes with late events."""
        draw = random.Random(rounds)
        for _ in range(rounds):
            for ago in (0, 1, draw.randrange(HOUR), draw.randrange(9 * 24 * HOUR)):
                self.agree(AT - ago)
            self.agree(None)
            self.session.write(events(draw, 40))

    def left(self, fetcher: Fetcher, keys: dict[str, Any], at: int = AT) -> list[FetchState]:
        """What the one call leaves to the steps of a request."""
        assert fetcher.context.direct is not None
        return list(fetcher.context.direct.answer([fetcher.request(keys, at)]))


@pytest.fixture
def fetchers(tmp_path: Path) -> Iterator[Fetchers]:
    made = Fetchers(numbers(), f"lmdb:{tmp_path}/store")
    yield made
    made.session.close()


@pytest.fixture
def fetchers_of_sketches(tmp_path: Path) -> Iterator[Fetchers]:
    made = Fetchers(sketches(), f"lmdb:{tmp_path}/store")
    yield made
    made.session.close()


def test_answers_are_those_of_the_steps(fetchers: Fetchers) -> None:
    """At any time, of any head, with writes and late events between the fetches."""
    fetchers.agree_between_writes(4)


def test_sketches_answer_as_those_of_the_steps(fetchers_of_sketches: Fetchers) -> None:
    """Alone in a window, several, and with middles that the cache put together."""
    fetchers_of_sketches.agree_between_writes(3)


def test_how_far_counts_may_be_off_is_told(fetchers_of_sketches: Fetchers) -> None:
    """More texts than a summary has room for leave some out."""
    rows = []
    for number in range(2_009):
        text = f"text {number % 2_000}"
        rows.append({"k": "a", "n": 1, "x": 1.0, "t": text, "ts": AT - 2 * HOUR})
    fetchers_of_sketches.session.write(rows)
    assert fetchers_of_sketches.direct.fetch(KEYS[0], AT).quality["max_error"]
    fetchers_of_sketches.agree(AT)


def test_sketches_of_another_form_are_left_to_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of an earlier version, beside others that the kernel knows."""

    def earlier(_: FrequentValues, column: Any) -> list[bytes]:
        made = []
        for texts in column.to_pylist():
            sketch = ds.frequent_strings_sketch(4)
            for text in texts:
                sketch.update(text)
            made.append(sketch.serialize())
        return made

    asked = aggregations("t", [Operation.TOP_K(2), Operation.APPROX_UNIQUE_COUNT], ["1h"])
    with monkeypatch.context() as patch:
        patch.setattr(FrequentValues, "from_column", earlier)
        fetchers = Fetchers(plan_of(WITH_TEXTS, ["k"], asked), f"lmdb:{tmp_path}/store")
    assert fetchers.left(fetchers.direct, KEYS[0])
    fetchers.agree(AT)
    fetchers.session.close()


@pytest.mark.parametrize("plan", [numbers, sketches])
def test_plain_requests_leave_nothing_to_the_steps(
    plan: Callable[[], Plan], tmp_path: Path
) -> None:
    """From the file and from the cache, once the covers of a time are known."""
    fetchers = Fetchers(plan(), f"lmdb:{tmp_path}/store")
    at = AT // MINUTE * MINUTE - HOUR  # where the finest tile ends, so that it is clean
    for fetcher in (fetchers.direct, fetchers.cached):
        for _ in range(4):  # the cache keeps what is finished, then what is not, and decodes it
            fetcher.fetch(KEYS[0], at)
        assert not fetchers.left(fetcher, KEYS[0], at)
    fetchers.session.close()


def test_a_change_is_seen_at_once(fetchers: Fetchers) -> None:
    """What the cache has decoded is left to the steps then."""
    before = fetchers.cached.fetch(KEYS[0], AT).features["n_count_7d"]
    fetchers.session.write([{"k": "a", "n": 1, "x": 1.0, "ts": AT - HOUR}])
    assert fetchers.left(fetchers.cached, KEYS[0])
    assert fetchers.cached.fetch(KEYS[0], AT).features["n_count_7d"] == before + 1
    assert fetchers.direct.fetch(KEYS[0], AT).features["n_count_7d"] == before + 1


def test_an_unchanged_file_is_read_without_a_transaction(
    fetchers: Fetchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LMDB is asked for the moment again once something was committed."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a transaction was opened")

    at = AT // MINUTE * MINUTE - HOUR
    before = fetchers.direct.fetch(KEYS[0], at).features["n_count_7d"]
    with monkeypatch.context() as patch:
        patch.setattr(fetchers.environment, "read", refuse)
        assert fetchers.direct.fetch(KEYS[0], at).features["n_count_7d"] == before
    fetchers.commit()
    monkeypatch.setattr(fetchers.environment, "read", refuse)
    with pytest.raises(AssertionError, match="a transaction was opened"):
        fetchers.direct.fetch(KEYS[0], at)


@pytest.mark.parametrize(("commits", "is_found"), [(0, True), (1, True), (2, False)])
def test_pages_are_read_until_they_may_be_written_over(
    fetchers: Fetchers, commits: int, is_found: bool
) -> None:
    """Without a transaction the second commit meanwhile leaves nothing to be sure of."""
    at = AT // MINUTE * MINUTE - HOUR
    fetchers.direct.fetch(KEYS[0], at)

    class Committing(list[str]):
        """Entities that take so long to name that others commit."""

        def __iter__(self) -> Iterator[str]:
            for _ in range(commits):
                fetchers.commit()
            return super().__iter__()

    direct, program = fetchers.direct.context.direct, fetchers.direct.program
    assert isinstance(direct, KernelDirect)
    schedule = program.schedule(at, at)
    found = direct.kernel.native.fetch(
        fetchers.environment.mapped.tables,
        None,
        program.plan.name,
        b"no document",
        Committing([fetchers.direct.entity(KEYS[0])]),
        schedule.ranges.native,
        schedule.natives,
        at,
        program.template,
    )
    assert (found is not None) == is_found


def test_a_damaged_record_is_left_to_the_steps(fetchers: Fetchers) -> None:
    """They say what is wrong with it."""
    store, plan = fetchers.session.store, fetchers.session.plan
    request = fetchers.direct.request(KEYS[0], AT)
    ranges = list(fetchers.direct.program.ranges(AT))
    found = zip(ranges, store.scan(plan.name, request.entity, ranges), strict=True)
    size_ms, newest = next((wanted.size_ms, part[-1]) for wanted, part in found if part)
    keys = TileKeys(plan.name, size_ms, [request.entity], [0], [start_of(newest)])
    damaged = newest[:-1] + bytes([newest[-1] ^ 1])
    store.transact(  # type: ignore[attr-defined]
        lambda transaction: transaction.put_tiles(keys, [damaged])
    )
    for fetcher in (fetchers.direct, fetchers.cached):
        with pytest.raises(CorruptRecordError):
            fetcher.fetch(KEYS[0], AT)


def test_a_sum_that_does_not_fit_is_left_to_the_steps(fetchers: Fetchers) -> None:
    """They refuse it."""
    large = [{"k": "a", "n": 2**63 - 1, "x": 1.0, "ts": AT - MINUTE}] * 2
    fetchers.session.write(large)
    for fetcher in (fetchers.direct, fetchers.cached):
        with pytest.raises(FetchError, match="does not fit"):
            fetcher.fetch(KEYS[0], AT)
        with pytest.raises(FetchError, match="does not fit"):
            fetcher.fetch_many(KEYS, AT)


def test_lifetimes_take_the_steps(tmp_path: Path) -> None:
    """Also where any number of tiles is allowed, as the steps count those that there are."""
    plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.COUNT], None))
    session = Session(plan, f"lmdb:{tmp_path}/store")
    session.write([{"k": "a", "n": 1, "x": 1.0, "ts": AT - 1}])
    fetcher = Fetcher(plan, session.store, allow_many_tiles=True)
    for _ in range(2):  # the first one maps the file
        assert fetcher.fetch(KEYS[0], AT).features["n_count"] == 1
    session.close()


def test_other_plans_take_the_steps() -> None:
    """Texts need them, and stores that are no file."""
    texts = plan_of({"k": "string", "t": "string"}, ["k"], aggregations("t", [Operation.LAST]))
    for plan in (texts, numbers()):
        session = Session(plan)
        session.write([{"k": "a", "t": "x", "n": 1, "x": 1.0, "ts": AT - 1}])
        direct = Fetcher(plan, session.store).context.direct
        request = Fetcher(plan, session.store).request(KEYS[0], AT)
        assert direct is None or direct.answer([request]) == [request]
