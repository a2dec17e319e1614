"""The cache of finished tiles: the same answers as without it, whatever is written beside."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import AsyncFetcher, Fetcher, TileCache, Writer
from tilewright_runtime.errors import CorruptRecordError
from tilewright_runtime.fetch.cache_entries import EntityKey, Middle, MiddleKey, Span, Table
from tilewright_runtime.fetch.cache_views import EntitySpans, View, fitting
from tilewright_runtime.fetch.caching_reader import CachingReader
from tilewright_runtime.stores.base import ScanRequest
from tilewright_runtime.stores.transactional import TransactionalStore
from tilewright_runtime.tiles.entities import entity_encoder
from tilewright_runtime.tiles.keys import TILES, Range

#: A time when everything before it is finished, after the allowed lateness.
LATER = AT + HOUR


def plan() -> Plan:
    """Compile a window of each kind of cover."""
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM, Operation.COUNT], ["1h", "12h", "7d"]),
            *aggregations("n", [Operation.LAST], None),
            *aggregations("n", [Operation.SUM], ["1h"], "exact"),
        ],
    )


def session(url: str = "memory:", state: str = "") -> Session:
    """Hold events of two weeks and of a while after the time of questions."""
    made = Session(plan(), url, state)
    events = [row("a", 1, ts=ts) for ts in range(AT - 14 * DAY, AT, 50 * MINUTE)]
    made.write([*events, row("b", 1, ts=LATER)])
    return made


class Asked:
    """What a store is asked for, with a cache before it."""

    def __init__(self, made: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cache = TileCache()
        self.fetcher = Fetcher(made.plan, made.store, cache=self.cache)
        self.tiles: list[int] = []
        scan_with = made.store.scan_with

        def counted(table: str, requests: Sequence[ScanRequest], names: Sequence[str]) -> Any:
            records, documents = scan_with(table, requests, names)
            self.tiles.append(sum(len(part) for one in records for part in one))
            return records, documents

        monkeypatch.setattr(made.store, "scan_with", counted)

    def fetch(self, key: str = "a", at: int = AT) -> dict[str, Any]:
        return self.fetcher.fetch({"k": key}, at).features


def test_finished_tiles_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time only coarse tiles are read that have not ended yet."""
    asked = Asked(session(), monkeypatch)
    first = asked.fetch()
    assert (asked.fetch(), asked.tiles[0] > 20, asked.tiles[1]) == (first, True, 2)
    statistics = asked.cache.statistics
    assert (statistics.hits, statistics.misses) == (statistics.misses, statistics.hits)
    assert 0 < statistics.bytes <= statistics.max_bytes


def test_absence_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without events is a hit."""
    asked = Asked(session(), monkeypatch)
    assert asked.fetch("nobody") == asked.fetch("nobody")
    assert asked.cache.statistics.hits == asked.cache.statistics.misses > 0


def test_the_open_end_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tile that may still change is never kept."""
    made = session()
    asked = Asked(made, monkeypatch)
    asked.fetch("b", LATER + MINUTE)
    made.write([row("b", 2, ts=LATER + 1)])
    assert asked.fetch("b", LATER + MINUTE)["n_sum_1h"] == 3


def test_a_late_event_drops_what_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next fetch reads everything again, and has the event."""
    made = session()
    asked = Asked(made, monkeypatch)
    before = asked.fetch()
    made.write([row("a", 100, ts=AT - 3 * DAY)])
    assert asked.fetch()["n_sum_7d"] == before["n_sum_7d"] + 100
    assert asked.cache.statistics.drops == 1
    assert asked.fetch()["n_sum_7d"] == before["n_sum_7d"] + 100


def test_a_cache_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans that were not used for longest make room; one that is too large is not kept."""
    made = session()
    cache = TileCache(10_000)
    fetcher = Fetcher(made.plan, made.store, cache=cache)
    for key in ["a", *(f"k{key}" for key in range(30))]:
        fetcher.fetch({"k": key}, AT)
    statistics = cache.statistics
    assert statistics.evictions > 0
    assert 5_000 < statistics.bytes <= 10_000
    cache.clear()
    assert cache.statistics.bytes == 0


def test_fetchers_of_other_stores_share_a_cache() -> None:
    """Each gets its own tiles, though the names are the same."""
    cache = TileCache()
    one, other = Session(plan()), Session(plan())
    one.write([row("a", 1), row("b", 1, ts=LATER)])
    other.write([row("a", 2), row("b", 1, ts=LATER)])
    fetchers = [Fetcher(made.plan, made.store, cache=cache) for made in (one, other) * 2]
    sums = [fetcher.fetch({"k": "a"}, AT).features["n_sum_1h"] for fetcher in fetchers]
    assert sums == [1, 2, 1, 2]


def test_answers_are_those_without_a_cache() -> None:
    """Whatever is written in between: late events, early ones, and questions about any time."""
    made, chance = session(), random.Random(7)
    cached = Fetcher(made.plan, made.store, cache=TileCache(60_000))
    plain = Fetcher(made.plan, made.store)
    requests = [{"k": "a"}, {"k": "b"}, {"k": "c"}]
    with Writer(made.plan, made.store) as writer:
        for number in range(60):
            if chance.random() < 0.25:
                ts = AT + chance.randrange(-9 * DAY, 2 * HOUR)
                writer.write([row(chance.choice("abc"), number, ts=ts)])
            at_ms = AT + chance.randrange(-2 * DAY, 3 * HOUR) // HOUR * HOUR
            assert cached.fetch_many(requests, at_ms) == plain.fetch_many(requests, at_ms)


@pytest.fixture(params=["lmdb", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer) -> Session:
    """Hold events in a store that another process could write."""
    if request.param == "redis":
        return session(redis_server.url(), f"lmdb:{tmp_path}/state")
    return session(f"lmdb:{tmp_path}/store")


def test_threads_and_tasks_share_a_cache_while_events_are_written(shared: Session) -> None:
    """No answer is older than the last write that ended before it was asked for."""
    cache = TileCache(100_000)
    cached = Fetcher(shared.plan, shared.store, cache=cache)
    written = [0]
    keys = [{"k": "a"}, {"k": "none"}]
    base = cached.fetch(keys[0], AT).features["n_sum_7d"]

    def read(seed: int) -> list[str]:
        chance, wrong = random.Random(seed), []
        for _ in range(8):
            least = written[0]
            (answer, _) = cached.fetch_many(keys, AT - chance.randrange(1000))
            if answer.features["n_sum_7d"] < base + least:
                wrong.append(f"{answer.features['n_sum_7d'] - base} < {least}")
        return wrong

    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(read, seed) for seed in range(3)]
        for number in range(1, 5):
            shared.write([row("a", 1, ts=AT - number * HOUR)])
            written[0] = number
        assert [found.result() for found in reads] == [[]] * 3

    async def ask() -> list[Any]:
        async with AsyncFetcher(shared.plan, shared.store, cache=cache) as awaited:
            return list(await awaited.fetch_many(keys, AT))

    plain = list(Fetcher(shared.plan, shared.store).fetch_many(keys, AT))
    assert asyncio.run(ask()) == plain == list(cached.fetch_many(keys, AT))


def test_only_the_open_end_is_asked_of_redis(redis_server: RedisServer, tmp_path: Path) -> None:
    """One round trip asks for its keys and for the progress."""
    made = session(redis_server.url(), f"lmdb:{tmp_path}/state")
    client = redis_server.client()
    fetcher = Fetcher(made.plan, made.store, cache=TileCache())

    def commands() -> int:
        return int(client.info("commandstats")["cmdstat_mget"]["calls"])

    first = fetcher.fetch({"k": "a"}, AT)
    before = commands()
    assert fetcher.fetch({"k": "a"}, AT) == first
    assert commands() - before <= 1
    made.close()


def test_a_store_is_asked_once_more_if_its_finished_tiles_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only then: a batch without anything kept needs one read."""
    made = session()
    asked = Asked(made, monkeypatch)
    asked.fetch()
    made.write([row("a", 1, ts=AT - DAY)])
    asked.fetch()
    assert len(asked.tiles) == 3


def test_an_unchanged_store_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its open tiles are remembered too, until anything is written."""
    made = session(f"lmdb:{tmp_path}")
    asked = Asked(made, monkeypatch)
    before = [asked.fetch() for _ in range(4)][-1]
    assert len(asked.tiles) == 2
    made.write([row("a", 9, ts=AT - 1), row("b", 1, ts=LATER + 1)])
    assert asked.fetch()["n_sum_1h"] == before["n_sum_1h"] + 9
    assert len(asked.tiles) > 2


def test_what_changed_while_it_was_read_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that asked for the number before the change may still compare it."""
    made = session()
    asked = Asked(made, monkeypatch)
    asked.fetch()
    numbers = iter([1, 2, 1, 1, 1])
    monkeypatch.setattr(made.store, "last_change", lambda: next(numbers))
    for _ in range(3):
        asked.fetch()
    assert (len(asked.tiles), list(numbers)) == (3, [])


def damage(made: Session) -> None:
    """Flip a bit of a finished tile, or flip it back."""
    entity = entity_encoder(made.plan.keys)(["a"])
    keys, records = made.store.read_entity(made.plan.name, entity)[0]
    assert isinstance(made.store, TransactionalStore)
    one, record = keys.take(np.array([len(records) - 3])), records[-3]
    flipped = [record[:-1] + bytes([record[-1] ^ 1])]
    made.store.transact(lambda transaction: transaction.put_tiles(one, flipped))


def test_a_record_that_was_damaged_is_read_again(tmp_path: Path) -> None:
    """A copy of the store may have mended it, which no version tells."""
    made, cache = session(), TileCache(folder=tmp_path)
    fetcher = Fetcher(made.plan, made.store, cache=cache)
    expected = fetcher.fetch({"k": "a"}, AT)
    damage(made)
    cache.clear()
    for _ in range(2):
        with pytest.raises(CorruptRecordError, match="checksum"):
            fetcher.fetch({"k": "a"}, AT)
    damage(made)
    assert fetcher.fetch({"k": "a"}, AT) == expected
    assert Fetcher(made.plan, made.store, cache=cache).fetch({"k": "a"}, AT) == expected


def test_large_open_tiles_are_not_remembered() -> None:
    """They would take room that nobody has counted."""
    wanted = [Range(HOUR, 0, 2 * HOUR)]
    view = View.of(wanted, [Span.of(0, HOUR, [])])
    view.remember(7, [[bytes(1_000_000)]], [[]])
    large, _ = view.remembered
    view.remember(7, [[bytes(100)]], [[bytes(100)]])
    assert (large, view.remembered) == (None, (7, [[bytes(100)]]))


def test_beside_large_finished_tiles_open_ones_may_be_larger() -> None:
    """An entity's bytes count an eighth of its finished ones for them."""
    span = Span.of(0, HOUR, [bytes(1_000_000)])
    view = View.of([Range(HOUR, 0, 2 * HOUR)], [span])
    view.remember(7, [[bytes(100_000)]], [[bytes(100_000)]])
    assert view.remembered[0] == 7
    assert EntitySpans({(TILES, HOUR, 0): span}).size > 1_125_000


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    """It is read each time, and the answer stays the same."""
    made, cache = session(), TileCache(max_bytes=1)
    fetcher = Fetcher(made.plan, made.store, cache=cache)
    expected = Fetcher(made.plan, made.store).fetch({"k": "a"}, AT)
    assert [fetcher.fetch({"k": "a"}, AT) for _ in range(2)] == [expected] * 2
    assert (cache.statistics.bytes, cache.statistics.evictions) == (0, 0)


@pytest.mark.parametrize("version", ["before", "now"])
def test_what_changed_while_it_was_read_is_not_kept(version: str) -> None:
    """It is of tiles that are no longer there, and would take room for nothing."""
    made, cache = session(), TileCache()
    table = Table.of(made.plan, made.store)
    cache.move_to(table, "now")
    cache.keep_middle(MiddleKey(table, version, "a", ("n",), ()), Middle((b"",)))
    assert (cache.statistics.bytes > 0) == (version == "now")


def test_what_a_store_gives_while_it_is_filled_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles that are not there yet would be missing from then on."""
    made, cache = session(), TileCache()
    fetcher = Fetcher(made.plan, made.store, cache=cache)
    reader = fetcher.context.reader
    assert isinstance(reader, CachingReader)
    scan = reader.reader.scan
    monkeypatch.setattr(
        reader.reader, "scan", lambda *asked: scan(*asked)._replace(condition="filling")
    )
    fetcher.fetch({"k": "a"}, AT)
    assert (cache.statistics.bytes, cache.statistics.misses) == (0, 0)


def test_what_is_remembered_of_one_entity_ends_with_any_change(tmp_path: Path) -> None:
    """Another entity may be read first after it, which says nothing of this one."""
    made = session(f"lmdb:{tmp_path}")
    fetcher = Fetcher(made.plan, made.store, cache=TileCache())
    for _ in range(4):
        fetcher.fetch({"k": "a"}, LATER + MINUTE)
    made.write([row("a", 9, ts=LATER)])
    fetcher.fetch({"k": "b"}, LATER + MINUTE)
    assert fetcher.fetch({"k": "a"}, LATER + MINUTE).features["n_sum_1h"] == 9


def test_a_progress_that_is_younger_than_the_tiles_keeps_none_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store of several nodes may read it after a late event, and the tiles before."""
    made = session()
    scan_with = made.store.scan_with
    late = [row("a", 100, ts=AT - DAY)]

    def scan(table: str, requests: Sequence[ScanRequest], names: Sequence[str]) -> Any:
        records, documents = scan_with(table, requests, names)
        if requests and late:
            made.write([late.pop()])
            _, documents = scan_with(table, [], names)
        return records, documents

    fetcher = Fetcher(made.plan, made.store, cache=TileCache())
    monkeypatch.setattr(made.store, "reads_in_order", False)
    monkeypatch.setattr(made.store, "scan_with", scan)
    before, after = (fetcher.fetch({"k": "a"}, AT).features["n_sum_7d"] for _ in range(2))
    assert after == before + 100


@pytest.mark.parametrize("version", ["before", "now"])
def test_spans_of_tiles_that_are_no_longer_there_are_not_kept(version: str) -> None:
    """They were read before a change, and kept after it."""
    made, cache = session(), TileCache()
    table = Table.of(made.plan, made.store)
    cache.move_to(table, "now")
    span = Span.of(0, HOUR, [])
    cache.keep_spans({EntityKey(table, version, "a"): {(TILES, HOUR, 0): span}})
    assert (cache.statistics.bytes > 0) == (version == "now")


def test_a_range_that_begins_where_a_span_ends_is_not_in_it() -> None:
    """Nothing of it is there, so it is a miss; a range one tile earlier has one."""
    span = Span.of(0, 2 * HOUR, [])
    assert fitting(span, Range(HOUR, 2 * HOUR, 3 * HOUR)) is None
    assert fitting(span, Range(HOUR, HOUR, 3 * HOUR)) is span
