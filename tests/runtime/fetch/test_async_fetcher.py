"""The fetcher for tasks of asyncio: the answers of the one that waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.plans import AT, HOUR, aggregations, plan_of
from support.redis_server import RedisServer
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import AsyncFetcher, Fetcher
from tilewright_runtime.errors import FetchError, StoreError

KEYS = [{"k": f"k{key}"} for key in range(40)]


@pytest.fixture(params=["memory", "lmdb", "redis"])
def session(
    request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer
) -> Iterator[Session]:
    """Hold events of each key in each store."""
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM, Operation.LAST], ["1h", "12h"]),
            *aggregations("n", [Operation.COUNT], None),
        ],
        derivations={"share": "n_sum_1h / n_sum_12h"},
    )
    urls = {"memory": "memory:", "lmdb": f"lmdb:{tmp_path}/store", "redis": redis_server.url()}
    state = f"lmdb:{tmp_path}/state" if request.param == "redis" else ""
    made = Session(plan, urls[request.param], state)
    made.write([row(f"k{k}", k, ts=AT - 1 - hour * HOUR) for k in range(40) for hour in range(3)])
    yield made
    made.close()


def test_tasks_get_the_answers_that_threads_get(session: Session) -> None:
    """Any number of tasks at once, one key or many, with features and a report."""
    fetcher = Fetcher(session.plan, session.store)

    async def ask() -> list[object]:
        async with AsyncFetcher(session.plan, session.store) as awaited:
            single = [awaited.fetch(keys, AT, quality=True) for keys in KEYS]
            many = awaited.fetch_many(KEYS, AT, features=["share", "n_count"])
            return [*await asyncio.gather(*single), *await many]

    want = [fetcher.fetch(keys, AT, quality=True) for keys in KEYS]
    assert asyncio.run(ask()) == want + fetcher.fetch_many(KEYS, AT, features=["share", "n_count"])


def test_nothing_is_left_behind(session: Session) -> None:
    """No thread and no connection outlives the loop, and a closed fetcher says so."""
    threads = threading.active_count()

    async def ask() -> None:
        async with AsyncFetcher(session.plan, session.store) as fetcher:
            await fetcher.fetch_many(KEYS, AT)
        await fetcher.aclose()
        if session.state is not None:
            with pytest.raises(StoreError, match="is closed"):
                await fetcher.fetch(KEYS[0], AT)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(ask(), debug=True)
    assert threading.active_count() == threads


def test_a_fetcher_is_opened_while_other_tasks_go_on(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store answers only once another task has run, so it must not wait in the event loop."""
    gone_on, get = threading.Event(), session.store.get

    def slow_get(name: str) -> bytes | None:
        assert gone_on.wait(10), "the event loop stands still"
        return get(name)

    async def ask() -> object:
        opening = asyncio.create_task(AsyncFetcher.open(session.plan, session.store))
        await asyncio.sleep(0)
        gone_on.set()
        async with await opening as fetcher:
            return await fetcher.fetch(KEYS[1], AT)

    want = Fetcher(session.plan, session.store).fetch(KEYS[1], AT)
    monkeypatch.setattr(session.store, "get", slow_get)
    assert asyncio.run(ask()) == want


def test_errors_are_those_of_the_other_fetcher(session: Session) -> None:
    """They are raised where they are awaited."""

    async def ask() -> None:
        async with AsyncFetcher(session.plan, session.store) as fetcher:
            with pytest.raises(FetchError, match="has no feature"):
                await fetcher.fetch(KEYS[0], AT, features=["nothing"])

    asyncio.run(ask())


def test_another_event_loop_may_ask_after_the_first(session: Session) -> None:
    """The connections of a loop that has ended are of no use to it, and are dropped."""
    fetcher = AsyncFetcher(session.plan, session.store)
    first, second = (asyncio.run(fetcher.fetch(KEYS[1], AT)) for _ in range(2))
    assert first == second
    asyncio.run(fetcher.aclose())
