"""How long a store of whole tiles keeps them, and what answers say of tiles that may be gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.remote import held, merged, rows_of
from support.session import SCHEMA, Session, row
from tilewright import Aggregation, Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, open_store
from tilewright_runtime.errors import FetchError, StoreError
from tilewright_runtime.fetch.program import Program
from tilewright_runtime.stores import TransactionalStore
from tilewright_runtime.stores.base import Scanned
from tilewright_runtime.stores.checked import CheckedReader
from tilewright_runtime.stores.kept import Kept, ttls_by_name, ttls_ms
from tilewright_runtime.stores.ownership import PlanDocument, keep_since
from tilewright_runtime.stores.sweeping import sweep
from tilewright_runtime.times import moment_ms

NOW = moment_ms(None)


def windows_of(*windows: str) -> Plan:
    """Sums over windows, each with the tile size of its length."""
    return plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], windows))


def of_five_minutes(*windows: str) -> Plan:
    """Sums over windows that all read tiles of five minutes: their stored tiles are the same."""
    asked = Aggregation(
        input_column="n", operation=Operation.SUM, windows=list(windows), tile_size="5m"
    )
    return plan_of(SCHEMA, ["k"], [asked])


@pytest.fixture
def narrow(redis_server: RedisServer, tmp_path: Path) -> Session:
    """A store with a window of an hour, whose tiles of more than two hours ago are gone."""
    session = Session(of_five_minutes("1h"), redis_server.url(), f"lmdb:{tmp_path}/state")
    session.write([row("a", 1, ts=NOW - 3 * HOUR), row("a", 2, ts=NOW - 1)])
    keep_since(session.plan, session.store, NOW - 30 * DAY)
    gone, _ = sorted(held(session))
    session.store._commands.client.delete(gone)  # type: ignore[attr-defined]
    return session


def test_a_new_store_answers_for_any_time(session: Session) -> None:
    """A history that was loaded just now is all there, however old its events are."""
    session.write(rows_of([0]))
    assert session.features(AT - 4000 * DAY, k="a")["n_count_1h"] == 0
    assert session.sums("a") == [0]


def test_an_answer_that_needs_tiles_which_may_be_gone_is_refused(session: Session) -> None:
    """In a store that is older than a level's time to live, no answer takes a tile that is gone for
    one without events.
    """
    session.write([row("a", 5, ts=NOW - 1), *rows_of([0])])
    keep_since(session.plan, session.store, NOW - 40 * DAY)
    assert session.features(NOW, k="a")["n_sum_1h"] == 5
    with pytest.raises(
        FetchError,
        match=(
            r"keeps tiles for a time only: those of 5m from 2024-01-04T13:35:00Z on.* as "
            r"lmdb:DIR"
        ),
    ):
        session.sums("a")


@pytest.mark.parametrize(
    "plan", [windows_of("1h"), windows_of("1h", "7d")], ids=["one level", "several levels"]
)
def test_an_answer_as_of_now_is_never_refused(plan: Plan) -> None:
    """What a window needs now is younger than its level's time to live, at any moment of the
    day.
    """
    reader, program = CheckedReader(plan, open_store("memory:")), Program(plan)
    kept = Kept.since(0, ttls_by_name(ttls_ms(plan)))
    for now_ms in range(AT, AT + 2 * DAY, 7 * MINUTE + 1):
        assert reader.not_kept(kept, program.ranges(now_ms), now_ms) == {}


def test_tiles_are_kept_to_the_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the same ranges were asked for before in the same second."""
    plan = windows_of("1h")
    reader, ranges = CheckedReader(plan, open_store("memory:")), Program(plan).ranges(AT)
    (wanted,), (level,) = ranges, plan.levels
    assert level.ttl_ms is not None
    document = PlanDocument.of(plan, Kept.since(0, ttls_by_name(ttls_ms(plan)))).to_bytes()

    def flaws(now_ms: int) -> Any:
        monkeypatch.setattr("time.time_ns", lambda: now_ms * 1_000_000)
        return reader.judged(Scanned([[]], document, "", []), [("a", ranges)]).flaws

    last_ms = wanted.start_ms + level.ttl_ms
    for now_ms in (last_ms - 1001, last_ms - 999, last_ms - 1, last_ms):
        assert flaws(now_ms) == [{}]
    with pytest.raises(FetchError, match="keeps tiles for a time only"):
        flaws(last_ms + 1)


# A window that reaches back further than before


def test_a_wider_window_is_marked_until_its_tiles_were_put(narrow: Session) -> None:
    """Tiles that a narrower plan let go are no tiles without events, whoever asks first; the next
    write puts them.
    """
    wide = of_five_minutes("1h", "6h")
    fetcher = Fetcher(wide, narrow.store)
    answer = fetcher.fetch({"k": "a"}, at=NOW)
    assert answer.features == {"n_sum_1h": 2, "n_sum_6h": 2}
    (level, whole_ms) = answer.quality["not_kept"].popitem()
    ttl_ms = narrow.plan.levels[0].ttl_ms
    assert ttl_ms is not None
    assert level == "5m"
    assert NOW - ttl_ms <= whole_ms <= moment_ms(None) - ttl_ms + MINUTE
    assert Fetcher(narrow.plan, narrow.store).fetch({"k": "a"}, at=NOW).quality == {}
    narrow.plan = wide
    narrow.write([])
    answer = fetcher.fetch({"k": "a"}, at=NOW)
    assert (answer.features, answer.quality) == ({"n_sum_1h": 2, "n_sum_6h": 3}, {})
    assert held(narrow) == merged(narrow)


def test_all_tiles_live_as_long_as_the_wider_window_needs(narrow: Session) -> None:
    """Tiles that are there and do not change are kept longer, too."""
    wide = narrow.plan = of_five_minutes("1h", "6h")
    narrow.write([])
    client = narrow.store._commands.client  # type: ignore[attr-defined]
    assert wide.levels[0].ttl_ms is not None
    for key in held(narrow):
        assert wide.levels[0].ttl_ms - MINUTE < client.pttl(key) <= wide.levels[0].ttl_ms


def test_a_narrower_window_between_wide_ones_is_noticed(narrow: Session) -> None:
    """What was put for an hour in between marks the answers of an open fetcher, and a writer of the
    wide window puts all again.
    """
    narrow_plan, wide = narrow.plan, of_five_minutes("1h", "6h")
    narrow.plan = wide
    narrow.write([])
    fetcher = Fetcher(wide, narrow.store)
    narrow.plan = narrow_plan
    narrow.write([row("a", 4, ts=NOW - 3 * HOUR)])
    assert fetcher.fetch({"k": "a"}, at=NOW).features["n_sum_6h"] == 7
    document = json.loads(narrow.store.get("plan/things") or b"")
    document["kept"]["5m"] = [[NOW - 30 * DAY, wide.levels[0].ttl_ms], [NOW - 4 * HOUR, 6_300_000]]
    narrow.store.put("plan/things", json.dumps(document).encode())
    assert list(fetcher.fetch({"k": "a"}, at=NOW).quality) == ["not_kept"]
    narrow.plan = wide
    narrow.write([])
    assert fetcher.fetch({"k": "a"}, at=NOW).quality == {}


def test_a_store_that_is_filled_from_a_swept_folder_lacks_what_was_swept(narrow: Session) -> None:
    """A wider window is marked, also once its tiles are put again."""
    assert isinstance(narrow.state, TransactionalStore)
    sweep(narrow.plan, narrow.state)
    narrow.store._commands.client.flushdb()  # type: ignore[attr-defined]
    narrow.plan = wide = of_five_minutes("1h", "6h")
    narrow.write([])
    answer = Fetcher(wide, narrow.store).fetch({"k": "a"}, at=NOW)
    assert answer.features == {"n_sum_1h": 2, "n_sum_6h": 2}
    assert list(answer.quality) == ["not_kept"]
    assert Fetcher(of_five_minutes("1h"), narrow.store).fetch({"k": "a"}, at=NOW).quality == {}


def test_a_wider_window_is_whole_where_nothing_is_let_go(tmp_path: Path) -> None:
    """An embedded store keeps all tiles, so a wider window of it is right at once."""
    session = Session(of_five_minutes("1h"), f"lmdb:{tmp_path}/store")
    session.write([row("a", 1, ts=NOW - 3 * HOUR), row("a", 2, ts=NOW - 1)])
    answer = Fetcher(of_five_minutes("1h", "6h"), session.store).fetch({"k": "a"}, at=NOW)
    assert (answer.features["n_sum_6h"], answer.quality) == (3, {})


def of_days(ever: bool) -> Plan:
    """A sum over two days, and one over all time beside it; both read tiles of a day."""
    n_sum = Aggregation(input_column="n", operation=Operation.SUM, windows=["2d"], tile_size="1d")
    lifetimes = aggregations("n", [Operation.SUM], None) if ever else []
    return plan_of(SCHEMA, ["k"], [n_sum, *lifetimes])


def test_a_lifetime_over_tiles_that_were_let_go_is_marked_until_the_next_write(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """A level that is kept for ever from now on has let tiles go, and names no first tile."""
    session = Session(of_days(ever=False), redis_server.url(), f"lmdb:{tmp_path}/state")
    session.write([row("a", 1, ts=NOW - 10 * DAY), row("a", 2, ts=NOW - 1)])
    session.store._commands.client.delete(min(held(session)))  # type: ignore[attr-defined]
    session.plan = of_days(ever=True)
    fetcher = Fetcher(session.plan, session.store)
    assert fetcher.fetch({"k": "a"}, at=NOW).quality["not_kept"]["1d"] >= NOW
    session.write([])
    answer = fetcher.fetch({"k": "a"}, at=NOW)
    assert (answer.features, answer.quality) == ({"n_sum_2d": 2, "n_sum": 3}, {})


def test_a_store_of_an_older_version_is_marked_until_the_next_write(session: Session) -> None:
    """One that does not say how long it keeps its tiles, nor what it acknowledged, may have let
    some go.
    """
    session.write(rows_of([0]))
    fetcher = Fetcher(session.plan, session.store)
    document = json.loads(session.store.get("plan/things") or b"")
    del document["kept"]
    session.store.put("plan/things", json.dumps(document).encode())
    session.store._commands.client.delete("tilewright::filled/things")  # type: ignore[attr-defined]
    quality = fetcher.fetch({"k": "a"}, at=NOW).quality
    assert quality["store"] == "unknown"
    assert quality["not_kept"]["5m"] >= NOW
    session.write([])
    assert fetcher.fetch({"k": "a"}, at=AT).quality == {}


@pytest.mark.parametrize(
    "document",
    [b"{", b"[]", b"null", b"\xb1", b"{}", b'{"storage_fingerprint": "x", "kept": {"5m": 3}}'],
)
def test_a_damaged_document_of_a_plan_is_an_error(session: Session, document: bytes) -> None:
    """What a store says of a plan is not guessed at, by readers and writers."""
    session.write(rows_of([0]))
    fetcher = Fetcher(session.plan, session.store)
    session.store.put("plan/things", document)
    for work in (
        lambda: fetcher.fetch({"k": "a"}, at=AT),
        lambda: Fetcher(session.plan, session.store),
        lambda: session.write([]),
    ):
        with pytest.raises(StoreError, match=r"of the plan things is damaged .*Empty the database"):
            work()
