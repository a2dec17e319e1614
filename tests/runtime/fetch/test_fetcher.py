"""The fetcher: heads, edges, levels, defaults, quality, and questions that are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row, simple_plan
from tilewright import Aggregation, Operation
from tilewright.aggregation import Edge
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import AsyncFetcher, Fetcher, Writer, open_store
from tilewright_runtime.errors import (
    FetchError,
    KeyValueError,
    PlanError,
    StoreError,
    TilewrightError,
)

SUM, COUNT = Operation.SUM, Operation.COUNT
TEN = AT // HOUR * HOUR


def fetch(session: Session, at: int = AT, key: str = "a") -> Any:
    return Fetcher(session.plan, session.store).fetch({"k": key}, at=at)


def ladder_plan(*windows: str | None) -> Plan:
    return plan_of(
        SCHEMA,
        ["k"],
        [
            aggregation
            for window in windows
            for aggregation in aggregations("n", [SUM], [window] if window else None)
        ],
    )


def test_an_event_at_the_query_time_does_not_count() -> None:
    """A window ends before the query time: an event counts from one millisecond after it on."""
    session = Session()
    session.write([row("a", 1, ts=AT)])
    assert [fetch(session, at).features["n_sum_1h"] for at in (AT, AT + 1)] == [None, 1]


def test_a_head_with_later_events_ends_at_the_finest_boundary() -> None:
    """Where the finest tile holds events at or after T, it is left out and the quality says where
    the answer ends.

    #  5m       |...1.....|..2...4..|
    #  window   [------------T
    #  counted  |...1.....|
    """
    session = Session()
    session.write(
        [
            row("a", 1, ts=TEN + MINUTE),
            row("a", 2, ts=TEN + 6 * MINUTE),
            row("a", 4, ts=TEN + 9 * MINUTE),
        ]
    )
    answer = fetch(session, TEN + 8 * MINUTE)
    assert (answer.features["n_sum_1h"], answer.quality) == (1, {"head_end_ms": TEN + 5 * MINUTE})


def test_a_head_without_later_events_is_used_whole() -> None:
    """Events before the query time count although their tile has not ended; quality is clean."""
    session = Session()
    session.write([row("a", 1, ts=TEN + MINUTE), row("a", 2, ts=TEN + 6 * MINUTE)])
    answer = fetch(session, TEN + 8 * MINUTE)
    assert (answer.features["n_sum_1h"], answer.quality) == (3, {})


def test_another_keys_later_events_do_not_matter() -> None:
    """Whether a tile is whole before T is a matter of its own key."""
    session = Session()
    session.write([row("a", 2, ts=TEN + 6 * MINUTE), row("b", 4, ts=TEN + 9 * MINUTE)])
    answer = fetch(session, TEN + 8 * MINUTE)
    assert (answer.features["n_sum_1h"], answer.quality) == (2, {})


def test_a_later_event_with_a_null_value_is_an_event() -> None:
    """The head looks at events, not at values: a later one whose input is null holds events all the
    same.
    """
    session = Session()
    session.write([row("a", 2, ts=TEN + 6 * MINUTE), row("a", None, None, ts=TEN + 9 * MINUTE)])
    assert fetch(session, TEN + 8 * MINUTE).quality == {"head_end_ms": TEN + 5 * MINUTE}


def test_finer_levels_cover_the_head_of_a_coarse_window() -> None:
    """A long window's coarse newest tile that holds later events is replaced by finer ones, so
    nothing of the past is lost.

    #  1h       |........................x.|
    #  5m       |..1.|..2.|..4.|         x
    #  7d, 12h  ----------------T
    """
    session = Session(ladder_plan("1h", "12h", "7d"))
    session.write(
        [row("a", 2**i, ts=TEN + i * 5 * MINUTE) for i in range(4)]
        + [row("a", 1000, ts=TEN + 55 * MINUTE)]
    )
    answer = fetch(session, TEN + 15 * MINUTE)
    assert (set(answer.features.values()), answer.quality) == ({7}, {})


def test_the_head_of_a_long_window_is_read_as_far_back_as_it_needs() -> None:
    """Tiles of a short window's level are read beyond that window where a long window's newest tile
    holds later events.

    #  6h       |1..............2........x.|
    #  1m       |||||||||||||||||||||||||||   the 5 minutes' own window is far shorter than the head
    #  7d       -----------------T
    """
    session = Session(ladder_plan("5m", "7d"))
    noon = AT // (6 * HOUR) * 6 * HOUR
    session.write(
        [row("a", 1, ts=noon), row("a", 2, ts=noon + 2 * HOUR), row("a", 4, ts=noon + 3 * HOUR)]
    )
    answer = fetch(session, noon + 2 * HOUR + 30 * MINUTE)
    assert (answer.features, answer.quality) == ({"n_sum_5m": None, "n_sum_7d": 3}, {})


def test_windows_of_all_levels_are_answered_at_once() -> None:
    """Windows of three levels and a lifetime come from one fetch, each with its own events."""
    session = Session(ladder_plan("1h", "12h", "7d", None))
    session.write(
        [
            row("a", 1, ts=AT - MINUTE),
            row("a", 2, ts=AT - 3 * HOUR),
            row("a", 4, ts=AT - 3 * DAY),
            row("a", 8, ts=AT - 9000 * DAY),
        ]
    )
    assert list(fetch(session).features.values()) == [1, 3, 7, 15]


def test_the_edge_modes_differ_by_the_cut_tile() -> None:
    """Sawtooth counts the whole oldest tile, truncate none of it.

    #  5m       |.1..2....|....4....|
    #  window       [--------------
    """
    made = plan_of(
        SCHEMA, ["k"], [*aggregations("n", [SUM]), *aggregations("n", [SUM], edge="truncate")]
    )
    session = Session(made)
    at = TEN + HOUR + 2 * MINUTE
    session.write(
        [
            row("a", 1, ts=TEN + MINUTE),
            row("a", 2, ts=TEN + 3 * MINUTE),
            row("a", 4, ts=TEN + 6 * MINUTE),
            row("a", 8, ts=TEN - 1),
        ]
    )
    assert list(fetch(session, at).features.values()) == [7, 4]


def test_a_prorated_edge_counts_by_its_overlap() -> None:
    """Of the cut oldest tile as much counts as the window overlaps of it; a sum and a count are
    then doubles.

    #  5m       |.1..2....|....4....|     T - W is 2 of 5 minutes into the tile, so 3/5 of it count
    #  window       [--------------
    """
    session = Session(
        plan_of(SCHEMA, ["k"], aggregations("n", [COUNT, SUM, Operation.AVERAGE], edge="prorate"))
    )
    session.write(
        [
            row("a", 1, ts=TEN + MINUTE),
            row("a", 2, ts=TEN + 3 * MINUTE),
            row("a", 4, ts=TEN + 6 * MINUTE),
        ]
    )
    assert list(fetch(session, TEN + HOUR + 2 * MINUTE).features.values()) == [2.2, 5.8, 5.8 / 2.2]
    assert list(fetch(session, TEN + HOUR).features.values()) == [3.0, 7.0, 7 / 3]
    assert [feature.type for feature in session.plan.features] == ["DOUBLE"] * 3


def test_a_prorated_head_counts_by_its_overlap_and_says_so() -> None:
    """Of a finest newest tile with later events a prorated window takes a part, and others nothing;
    the quality names both.

    #  5m       |...1.....|..2...4..|     T is 3 of 5 minutes into the tile
    #  window   [------------T
    """
    made = plan_of(
        SCHEMA, ["k"], [*aggregations("n", [SUM], edge="prorate"), *aggregations("n", [SUM])]
    )
    session = Session(made)
    session.write(
        [
            row("a", 1, ts=TEN + MINUTE),
            row("a", 2, ts=TEN + 6 * MINUTE),
            row("a", 4, ts=TEN + 9 * MINUTE),
        ]
    )
    answer = fetch(session, TEN + 8 * MINUTE)
    head_ms = TEN + 5 * MINUTE
    assert (list(answer.features.values()), answer.quality) == (
        [1 + 6 * 3 / 5, 1],
        {"head_end_ms": head_ms, "head_prorated_ms": head_ms},
    )


def test_a_prorated_window_without_values_is_empty() -> None:
    """A count is then 0.0, a sum and an average are null, or the default, also where a cut tile
    holds only nulls.
    """
    kinds = [COUNT, SUM, Operation.AVERAGE]
    made = [
        Aggregation(input_column="n", operation=kind, windows=["1h"], edge="prorate")
        for kind in kinds
    ]
    made += [
        Aggregation(
            input_column="n",
            operation=kind,
            windows=["1h"],
            edge="prorate",
            default=-0.5,
            name=kind.suffix,
        )
        for kind in kinds
    ]
    session = Session(plan_of(SCHEMA, ["k"], made))
    session.write([row("a", None, ts=AT - HOUR)])
    assert list(fetch(session).features.values()) == [0.0, None, None, -0.5, -0.5, -0.5]


def test_an_exact_window_has_its_events_and_no_others() -> None:
    """Of cut tiles, at either end, just the events of [T - W, T) count, and the quality is clean.

    #  5m       |.1..2....|....4....| … |.8..16...|
    #  window       [------------------------T
    """
    session = Session(
        plan_of(
            SCHEMA,
            ["k"],
            [*aggregations("n", [SUM], edge="exact"), *aggregations("n", [COUNT], None, "exact")],
        )
    )
    at = TEN + HOUR + 2 * MINUTE
    times = [TEN + MINUTE, TEN + 2 * MINUTE, TEN + 6 * MINUTE, at - 1, at]
    session.write([row("a", 2**i, ts=ts) for i, ts in enumerate(times)])
    answer = fetch(session, at)
    assert (answer.features, answer.quality) == ({"n_sum_exact_1h": 14, "n_count_exact": 4}, {})
    assert fetch(session, at + 1).features == {"n_sum_exact_1h": 28, "n_count_exact": 5}


def test_exact_beside_rounded_windows() -> None:
    """Where the head is rounded for some features and exact for others, the quality speaks of those
    that are rounded.
    """
    session = Session(
        plan_of(SCHEMA, ["k"], [*aggregations("n", [SUM], edge="exact"), *aggregations("n", [SUM])])
    )
    session.write([row("a", 2, ts=TEN + 6 * MINUTE), row("a", 4, ts=TEN + 9 * MINUTE)])
    answer = fetch(session, TEN + 8 * MINUTE)
    assert (list(answer.features.values()), answer.quality) == (
        [2, None],
        {"head_end_ms": TEN + 5 * MINUTE},
    )


def test_a_plan_without_tiles_answers_from_its_events() -> None:
    """Every window and the lifetime are met exactly, in one round trip to the store."""
    made = plan_of(
        SCHEMA,
        ["k"],
        [*aggregations("n", [SUM], ["1h", "7d"]), *aggregations("t", [Operation.LAST], None)],
        tiled=False,
    )
    session = Session(made)
    session.write(
        [
            row("a", 2**i, f"{i}", ts)
            for i, ts in enumerate([AT - 9000 * DAY, AT - 7 * DAY, AT - HOUR, AT - HOUR - 1, AT])
        ]
    )
    answer = fetch(session)
    assert (answer.features, answer.quality) == ({"n_sum_1h": 4, "n_sum_7d": 14, "t_last": "2"}, {})
    assert fetch(session, key="nobody").features == {
        "n_sum_1h": None,
        "n_sum_7d": None,
        "t_last": None,
    }


def test_an_edge_mode_of_the_group_by_holds_where_the_aggregation_says_nothing() -> None:
    """The aggregation's own mode goes before the GroupBy's; what cannot be prorated takes the whole
    tile, and the plan says so.
    """
    made = [
        Aggregation(input_column="n", operation=SUM, windows=["1h"]),
        Aggregation(input_column="n", operation=Operation.MAX, windows=["1h"]),
        Aggregation(input_column="n", operation=COUNT, windows=["1h"], edge="truncate"),
    ]
    plan = plan_of(SCHEMA, ["k"], made, edge="prorate")
    assert [(feature.edge, feature.type) for feature in plan.features] == [
        ("prorate", "DOUBLE"),
        ("sawtooth", "BIGINT"),
        ("truncate", "BIGINT"),
    ]


def test_an_unknown_key_has_empty_windows() -> None:
    """A key without events is no error: counts are 0, everything else is null."""
    session = Session()
    session.write([row("a", 1)])
    answer = fetch(session, key="nobody")
    assert answer.features == {
        "n_count_1h": 0,
        "n_sum_1h": None,
        "n_max_1h": None,
        "t_count_1h": 0,
        "t_last_1h": None,
    }
    assert answer.quality == {}


@pytest.mark.parametrize("edge", ["sawtooth", "exact"])
@pytest.mark.parametrize("key", [0.1, "0.1", 1 / 3, 1e-45, 3.4e38])
def test_a_key_of_float_is_found_again(key: Any, edge: Edge) -> None:
    """The number of a request is rounded to 32 bits, as that of the event was."""
    counted = aggregations("n", [Operation.COUNT])
    plan = plan_of({"k": "float", "n": "bigint"}, ["k"], counted, edge=edge)
    session = Session(plan)
    session.write([{"k": key, "n": 1, "ts": AT - 1}])
    assert session.features(k=key) == {"n_count_1h": 1}


def test_a_default_is_the_value_of_an_empty_window() -> None:
    """`default=` stands where a window has no value, and nowhere else."""
    kinds: list[tuple[str, Any, Any]] = [
        ("n", COUNT, -1),
        ("n", SUM, 0),
        ("n", Operation.MIN, 99),
        ("n", Operation.TOP_K(2), []),
        ("t", Operation.LAST, "none"),
    ]
    made = [
        Aggregation(input_column=column, operation=kind, windows=["1h"], default=value)
        for column, kind, value in kinds
    ]
    session = Session(plan_of(SCHEMA, ["k"], made))
    session.write([row("a", 0, ""), row("b", None, None)])
    assert list(fetch(session).features.values()) == [1, 0, 0, [{"item": 0, "count": 1}], ""]
    for key in ("b", "nobody"):
        assert list(fetch(session, key=key).features.values()) == [-1, 0, 99, [], "none"]


def test_features_stand_in_the_order_of_the_plan() -> None:
    """An answer lists its features as they were declared, with the keys as asked and the time in
    milliseconds.
    """
    session = Session()
    session.write([row("a", 1)])
    answer = Fetcher(session.plan, session.store).fetch({"k": "a"}, at="2024-01-04T14:37:25Z")
    assert list(answer.features) == [feature.name for feature in session.plan.features]
    assert (answer.keys, answer.at) == ({"k": "a"}, AT)


def test_an_event_may_come_after_it_was_asked_for() -> None:
    """A fetcher sees what was written since it was made, also late events of old tiles."""
    session = Session()
    session.write([row("a", 1)])
    fetcher = Fetcher(session.plan, session.store)
    for n, ts in ((2, AT - 1), (4, AT - 40 * MINUTE), (8, AT - 55 * MINUTE)):
        session.write([row("a", n, ts=ts)])
        assert fetcher.fetch({"k": "a"}, at=AT).features["n_sum_1h"] == 2 * n - 1


def test_many_are_answered_in_their_order() -> None:
    """Requests of `fetch_many` are keys, or keys with a time; each has its answer in its place."""
    session = Session()
    session.write([row("a", 1), row("b", 2)])
    requests: list[Any] = [
        {"k": "b"},
        ({"k": "a"}, AT - 1),
        ({"k": "a"}, datetime(2024, 1, 4, 14, 37, 25, tzinfo=UTC)),
        {"k": "c"},
    ]
    answers = Fetcher(session.plan, session.store).fetch_many(requests, at=AT)
    assert [answer.features["n_sum_1h"] for answer in answers] == [2, None, 1, None]
    assert [answer.at for answer in answers] == [AT, AT - 1, AT, AT]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "'k' is missing"),
        ({"k": "a", "z": 1}, "'z' is not in the plan"),
        ({"K": "a"}, "'K' is not in the plan"),
        ({"k": 5}, "is not a text"),
        ({"k": None}, "is not a text"),
    ],
)
def test_keys_that_do_not_fit_the_plan_are_refused(keys: dict[str, Any], message: str) -> None:
    """A missing, an unknown and a key of a wrong type are errors that name the key."""
    session = Session()
    session.write([row("a", 1)])
    with pytest.raises(KeyValueError, match=message):
        Fetcher(session.plan, session.store).fetch(keys, at=AT)


def test_a_store_without_this_plans_tiles_is_refused() -> None:
    """To fetch before anything was written is an error that says what to do, not a key without
    events.
    """
    with pytest.raises(
        StoreError, match=r"store memory: has no tiles of things: nothing was written yet"
    ):
        Fetcher(simple_plan(), open_store("memory:"))


def test_a_store_of_another_plan_is_refused() -> None:
    """A plan with other states cannot read the tiles of one of its name."""
    session = Session()
    session.write([row("a", 1)])
    with pytest.raises(StoreError, match="a plan with other states and expressions"):
        Fetcher(plan_of(SCHEMA, ["k"], aggregations("n", [Operation.MIN])), session.store)


def test_a_writer_that_found_nothing_leaves_a_store_that_answers() -> None:
    """Once a writer has been there, a key without events has empty windows: nothing happened is not
    the same as not yet.
    """
    session = Session()
    Writer(session.plan, session.store).close()
    assert fetch(session).features["n_count_1h"] == 0


def test_an_exact_sum_that_does_not_fit_is_an_error() -> None:
    """A sum of bigints beyond 64 bits is never wrapped around: the error names the feature."""
    session = Session()
    session.write([row("a", 2**63 - 1), row("a", 1)])
    with pytest.raises(
        FetchError, match="n_sum_1h: the sum 9223372036854775808 does not fit its type BIGINT"
    ):
        fetch(session)


@pytest.mark.parametrize("url", ["memory:", "lmdb:{}/store"])
def test_threads_may_share_a_fetcher(tmp_path: Path, url: str) -> None:
    """Each of 16 threads gets the answers that one alone gets, derivations among them."""
    operations = [SUM, Operation.LAST, Operation.HISTOGRAM(), Operation.APPROX_PERCENTILE([0.5])]
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", operations, ["1h", "12h"]),
            *aggregations("n", [SUM], ["1h"], "exact"),
            *aggregations("n", [SUM], ["1h"], buckets=["t"]),
        ],
        derivations={"share": "n_sum_1h / n_sum_12h"},
    )
    session = Session(plan, url.format(tmp_path))
    session.write(
        [
            row(f"k{key}", key + hour, f"t{hour}", ts=AT - 1 - hour * HOUR)
            for key in range(20)
            for hour in range(3)
        ]
    )
    fetcher = Fetcher(plan, session.store)
    want = [fetcher.fetch({"k": f"k{key}"}, AT).features for key in range(20)]
    wrong: list[Any] = []

    def work(first: int) -> None:
        for turn in range(40):
            key = (first * 7 + turn) % 20
            answers = fetcher.fetch_many([{"k": f"k{key}"}, {"k": f"k{(key + 1) % 20}"}], AT)
            got = [answer.features for answer in answers]
            if got != [want[key], want[(key + 1) % 20]]:
                wrong.append((key, got))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert wrong == []


def test_many_requests_are_one_round_trip() -> None:
    """All keys of a batch, each with its own time, are read by one scan."""
    session = Session()
    session.write([row("a", 1), row("b", 2)])
    fetcher, scans = Fetcher(session.plan, session.store), []
    scan_many = session.store.scan_many

    def counted(table: str, requests: Any) -> Any:
        scans.append(len(requests))
        return scan_many(table, requests)

    session.store.scan_many = counted  # type: ignore[method-assign]
    answers = fetcher.fetch_many([{"k": "a"}, ({"k": "b"}, AT), {"k": "c"}], AT)
    assert [answer.features["n_sum_1h"] for answer in answers] == [1, 2, None]
    assert scans == [3]


@pytest.mark.parametrize("requests", [None, 5, [()], [({"k": "a"},)], [({"k": "a"}, AT, AT)]])
def test_what_are_no_requests_are_an_error(requests: Any) -> None:
    """Of ours, and not of Python."""
    session = Session()
    session.write([row("a", 1)])
    with pytest.raises(TilewrightError):
        Fetcher(session.plan, session.store).fetch_many(requests, at=AT)


def test_a_path_in_place_of_a_plan_or_a_url_of_a_store_is_an_error() -> None:
    """The error says how each is opened."""
    store = open_store("memory:")
    kinds: list[Any] = [Fetcher, AsyncFetcher, Writer]
    for kind in kinds:
        with pytest.raises(PlanError, match=r"Load it with load_plan\(path\)"):
            kind("plan.json", store)
        with pytest.raises(StoreError, match=r"Open it with open_store\(url\)"):
            kind(simple_plan(), "memory:")
