"""Outbox: a store that takes whole tiles ends with those of the state, whatever happened to either
of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.redis_server import RedisServer
from support.remote import held, merged, rows_of
from support.session import SCHEMA, Session, row, simple_plan
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher, Writer, open_store
from tilewright_runtime.errors import StoreError
from tilewright_runtime.ingest import outbox as delivery
from tilewright_runtime.ingest.pending import Pending
from tilewright_runtime.stores import CheckedStore, Store
from tilewright_runtime.tiles.keys import TileKeys
from tilewright_runtime.times import moment_ms

NOW = moment_ms(None)


def several_levels() -> Plan:
    """Sums, sketches and texts over an hour, a week and for ever."""
    return plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations(
                "n", [Operation.COUNT, Operation.SUM, Operation.APPROX_UNIQUE_COUNT], ["1h", "7d"]
            ),
            *aggregations("n", [Operation.SUM], None),
            *aggregations("t", [Operation.LAST, Operation.TOP_K(3)], ["7d"]),
        ],
    )


def with_raw_events(tiled: bool) -> Plan:
    """Sums that are met exactly, over an hour, a week and for ever, beside tiles or without any."""
    asked = [
        *aggregations("n", [Operation.SUM], ["1h", "7d"], "exact"),
        *aggregations("n", [Operation.SUM], None, "exact"),
    ]
    return plan_of(SCHEMA, ["k"], asked, tiled=tiled)


# The same tiles


@pytest.mark.parametrize("tiled", [True, False])
def test_chunks_of_raw_events_are_brought_as_tiles_are(
    redis_server: RedisServer, tmp_path: Path, tiled: bool
) -> None:
    """Raw events are put with the tiles, also by a writer that brings up a store that has lost
    everything.
    """
    far = Session(with_raw_events(tiled), redis_server.url(), f"lmdb:{tmp_path}/state")
    near = Session(with_raw_events(tiled), f"lmdb:{tmp_path}/near")
    for one in (far, near):
        one.write(rows_of(range(1, 30)))
        one.write(rows_of([*range(0, 9), 4000]))
    far.store._commands.client.flushdb()  # type: ignore[attr-defined]
    far.store.close()
    far = Session(with_raw_events(tiled), far.store.url, f"lmdb:{tmp_path}/state")
    far.write([])
    assert held(far) == merged(far)
    assert len([key for key in held(far) if b"::events::" in key]) > 2
    for at in (AT, AT - 90 * MINUTE, AT - 3 * HOUR - 1):
        assert far.features(at, k="a") == near.features(at, k="a")


def test_a_store_that_takes_whole_tiles_answers_as_the_embedded_one(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Written in several parts, out of order, every feature at every time is the same from Redis as
    from LMDB.
    """
    far = Session(several_levels(), redis_server.url(), f"lmdb:{tmp_path}/state")
    near = Session(several_levels(), f"lmdb:{tmp_path}/near")
    for hours in (range(40, 90), range(0, 45, 3), [4000], range(1, 200, 7)):
        for one in (far, near):
            one.write([*rows_of(hours), *rows_of(hours[::2], "b")])
    for at in (AT, AT - 90 * MINUTE, AT - 3 * DAY):
        for key in ("a", "b", "never"):
            assert far.features(at, k=key) == near.features(at, k=key)
    assert far.features(k="a")["n_count_7d"] == 90


def test_tiles_are_those_of_the_state(session: Session) -> None:
    """Each write ends with the very records of the state in the store, and only its functions
    read any there.
    """
    client = session.store._commands.client  # type: ignore[attr-defined]
    for hours in ([0, 1], [0], range(30), [0, 2]):
        client.config_resetstat()
        session.write(rows_of(hours))
        assert held(session) == merged(session) != {}
        calls = client.info("commandstats")
        assert calls["cmdstat_mget"]["calls"] < calls["cmdstat_fcall"]["calls"]


def test_a_write_of_nothing_new_changes_nothing(session: Session, tmp_path: Path) -> None:
    """A file that is written again adds nothing to either side."""
    for _ in range(2):
        session.write(rows_of(range(9)), position="p")
    assert session.features(k="a")["n_count_1h"] == 2
    assert held(session) == merged(session)


def test_tiles_live_as_long_as_their_level_says(session: Session) -> None:
    """The time to live of a tile is its level's, from the last put on."""
    session.write(rows_of([0]))
    client = session.store._commands.client  # type: ignore[attr-defined]
    (level,) = session.plan.levels
    (key,) = held(session)
    assert level.ttl_ms is not None
    assert level.ttl_ms - 60_000 < client.pttl(key) <= level.ttl_ms


# What went wrong is made good


def test_a_server_that_was_away_gets_its_tiles_with_the_next_write(
    own_server: RedisServer, tmp_path: Path
) -> None:
    """A batch that cannot be put is kept, and said so; when the server is back, even with nothing,
    the next write puts all.
    """
    session = Session(url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of([0, 1]))
    with Writer(session.plan, session.store, state=session.state) as writer:
        own_server.stop()
        with pytest.raises(
            StoreError,
            match=r"cannot be reached .*kept in lmdb:.*state, and the next write puts it",
        ):
            writer.write(rows_of([0]), position="p")
    with pytest.raises(StoreError, match="cannot be reached"):
        session.write([])
    own_server.start()
    assert session.write(rows_of([0]), position="p").rows == 0
    assert held(session) == merged(session)
    assert session.features(k="a")["n_count_1h"] == 3


@pytest.mark.parametrize("commits", [1, 2])
def test_a_server_that_went_back_gets_what_it_lost(
    own_server: RedisServer, tmp_path: Path, commits: int
) -> None:
    """A server that comes back from an older snapshot gets the last commit, or everything if it
    lost more.
    """
    session = Session(url=own_server.url(), state=f"lmdb:{tmp_path}/state")
    session.write(rows_of(range(5)))
    own_server.client().save()
    for hours in ([0], [1, 7])[:commits]:
        session.write(rows_of(hours))
    own_server.stop()
    own_server.start()
    assert held(session) != merged(session)
    session.write([])
    assert held(session) == merged(session)


def test_only_the_last_commit_is_put_again_where_that_is_enough(session: Session) -> None:
    """A store that lacks one commit gets the tiles that it changed, and no others."""
    session.write(rows_of([0]))
    before = held(session)
    session.write(rows_of([50]))
    last = set(held(session)) - set(before)
    client = session.store._commands.client  # type: ignore[attr-defined]
    client.delete(*held(session))
    assert isinstance(session.store, CheckedStore)
    seen = session.store.filling(session.plan.name)
    assert session.store.advance(seen, 1, "complete")
    session.write([])
    assert set(held(session)) == last


def test_another_store_is_filled_from_the_state(
    session: Session, redis_server: RedisServer
) -> None:
    """A new database gets all tiles with the first write into it, also those of a state that was a
    store before.
    """
    session.write(rows_of(range(20)))
    assert session.state is not None
    moved = Session(url=redis_server.url())
    moved.state = session.state
    moved.write([])
    assert held(moved) == merged(session)
    with Writer(session.plan, session.state) as alone:
        alone.write(rows_of([3]))
    moved.write([])
    assert held(moved) == merged(session)


def test_plans_share_a_store_and_a_state(session: Session) -> None:
    """Each plan has its own tiles, outbox and progress."""
    other = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["1h"]), name="other")
    session.write(rows_of([0, 1]))
    with Writer(other, session.store, state=session.state) as writer:
        writer.write(rows_of([1]))
    session.write(rows_of([0]))
    assert session.sums("a") == [1]
    assert Fetcher(other, session.store).fetch({"k": "a"}, at=AT).features == {"n_sum_1h": 1}


# What is refused


def test_a_store_that_takes_whole_tiles_needs_a_state(redis_server: RedisServer) -> None:
    """Without one nothing is written, and the message says how one is named."""
    store = open_store(redis_server.url())
    with pytest.raises(
        StoreError,
        match=(
            r"takes whole tiles only\. Name a folder .*--state DIR "
            r".*state=open_store\('lmdb:DIR'\)"
        ),
    ):
        Writer(simple_plan(), store)
    with pytest.raises(StoreError, match="takes whole tiles only"):
        Writer(simple_plan(), store, state=store)


def test_a_store_that_cannot_say_what_it_lost_is_no_place_for_a_writer(tmp_path: Path) -> None:
    """Its tiles would be wrong without a word."""
    near = open_store("memory:")
    store = SimpleNamespace(**{name: getattr(near, name) for name in dir(Store) if name[0] != "_"})
    store.url, store.max_entity_bytes, store.expires = "far:", 100, True
    with pytest.raises(StoreError, match=r"store far: .* cannot say what it has lost of them"):
        Writer(simple_plan(), cast(Store, store), state=open_store(f"lmdb:{tmp_path}/state"))


def test_an_embedded_store_needs_no_state(tmp_path: Path) -> None:
    """A state beside it would count the same files twice."""
    with pytest.raises(StoreError, match=r"so it needs no state. Leave --state out"):
        Writer(
            simple_plan(), open_store(f"lmdb:{tmp_path}/a"), state=open_store(f"lmdb:{tmp_path}/b")
        )


def test_a_store_is_filled_from_one_state(session: Session, tmp_path: Path) -> None:
    """Whole tiles of two states would replace each other."""
    session.write(rows_of([0]))
    other = Session(url="memory:", state=f"lmdb:{tmp_path}/other")
    other.store = session.store
    before = held(session)
    with pytest.raises(
        StoreError,
        match=(
            r"from another state folder than lmdb:.*other, .*Use that folder \(--state\), or "
            r"another"
        ),
    ):
        other.write(rows_of([0, 1]))
    assert held(session) == before


def test_a_state_that_went_back_is_refused(session: Session, tmp_path: Path) -> None:
    """A copy of the state from before the last write would count less than what is served."""
    session.write(rows_of([0]))
    assert session.state is not None
    shutil.copytree(tmp_path / "state", tmp_path / "older")
    session.write(rows_of([0]))
    session.state = open_store(f"lmdb:{tmp_path}/older")
    with pytest.raises(
        StoreError, match=r"has tiles of things of 2 events, and lmdb:.*older of only 1,"
    ):
        session.write(rows_of([1]))


def test_another_plan_of_the_name_is_refused(session: Session) -> None:
    """A store holds one plan of a name, whichever side knows it."""
    session.write(rows_of([0]))
    other = plan_of(
        SCHEMA, ["k"], aggregations("n", [Operation.MIN], ["2d"]), name=session.plan.name
    )
    for work in (
        lambda: Writer(other, session.store, state=open_store("memory:")),
        lambda: Writer(other, session.store, state=session.state),
        lambda: Fetcher(other, session.store),
    ):
        with pytest.raises(
            StoreError, match="made by a plan with other states, levels and expressions"
        ):
            work()


def test_keys_that_the_state_cannot_hold_are_refused_at_both_ends(session: Session) -> None:
    """What was refused when it was written is no question that could be answered with zero."""
    report = session.write([row("x" * 600, 1), row("a", 1)])
    assert report.refused == {"the key is longer than the store allows": 1}
    with pytest.raises(Exception, match=r"the key has 602 .*store redis://.* allows"):
        session.sums("x" * 600)


# The outbox


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1000, HOUR]),
            st.lists(
                st.tuples(st.sampled_from(["s=a", "s=%00", "s=é"]), st.integers(-(2**40), 2**40))
            ),
        ),
        max_size=3,
    ),
    st.integers(0, 2**50),
)
def test_an_outbox_is_what_was_put_in(
    levels: list[tuple[int, list[tuple[str, int]]]], before: int
) -> None:
    """Keys of any levels come back as they were."""
    changed = []
    for size_ms, tiles in levels:
        entities = sorted({entity for entity, _ in tiles})
        changed.append(
            TileKeys(
                "t",
                size_ms,
                entities,
                [entities.index(entity) for entity, _ in tiles],
                [start for _, start in tiles],
            )
        )
    outbox = Pending(before, before + 1, changed)
    assert Pending.from_bytes(outbox.to_bytes()) == outbox


def test_tiles_are_put_in_parts(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large a batch, only a part of its records is in memory to be put."""
    monkeypatch.setattr(delivery, "_PART_TILES", 10)
    put, sizes = session.store.put_newer, []

    def count(keys: TileKeys, records: Sequence[bytes], ttl_ms: int | None) -> None:
        sizes.append(len(records))
        put(keys, records, ttl_ms)

    monkeypatch.setattr(session.store, "put_newer", count)
    session.write(rows_of(range(35)))
    assert sizes == [10, 10, 10, 5]
    assert held(session) == merged(session)
