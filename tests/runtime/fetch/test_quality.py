"""The quality of answers, and policies for tiles that are missing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.cli import Desk
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, event_source, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Aggregation, GroupBy, Operation
from tilewright_compiler.compile import compile_group_by
from tilewright_runtime import Answer, Fetcher, MissingTileError
from tilewright_runtime.errors import CorruptRecordError, FetchError, StoreError
from tilewright_runtime.tiles.keys import EVENTS, TILES, Kind, TileKeys

FIVE = 5 * MINUTE


def session(exact: bool = False) -> Session:
    """Hold a sum of an hour and of a week, of events at both ends of two hours."""
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", [Operation.SUM, Operation.COUNT], ["1h", "7d"]),
            *aggregations("n", [Operation.SUM], edge="exact"),
        ][: 3 if exact else 2],
        derivations={"twice": "n_sum_1h * 2"},
    )
    made = Session(plan)
    made.write([row("a", 1, ts=AT - 2 * HOUR), row("a", 2, ts=AT - 2), row("b", 4, ts=AT - 1)])
    return made


def fetch(session: Session, key: str = "a", at: int = AT, **options: Any) -> Answer:
    return Fetcher(session.plan, session.store).fetch({"k": key}, at, **options)


def damage(session: Session, size_ms: int, start_ms: int, kind: Kind = TILES) -> None:
    """Turn a bit of a stored record of `a`."""
    entity = Fetcher(session.plan, session.store).entity({"k": "a"})
    keys = TileKeys(session.plan.name, size_ms, [entity], [0], [start_ms], kind)
    (record,) = session.store.get_tiles(keys)
    assert record is not None
    damaged = bytes([*record[:-1], record[-1] ^ 1])
    session.store.transact(  # type: ignore[attr-defined]
        lambda transaction: transaction.put_tiles(keys, [damaged])
    )


def damaged(start_ms: int = AT - AT % FIVE) -> Session:
    """Damage the finest tile of `a` that holds its newest event."""
    made = session()
    damage(made, FIVE, start_ms)
    return made


def test_a_report_of_a_clean_answer_says_so() -> None:
    """Everything that was written until now is in it."""
    told = fetch(session(), quality=True).quality
    assert told == {
        "complete": True,
        "no_events": False,
        "not_written_yet": False,
        "watermark_ms": AT - 1,
        "watermark_age_ms": 1,
        "newest_event_ms": AT - 2,
        "newest_event_age_ms": 2,
        "missing_tiles": 0,
        "approximate_tiles": 0,
        "late_corrections": 0,
        "max_edge_error": pytest.approx(1 / 12),
    }


def test_without_being_asked_a_clean_answer_says_nothing() -> None:
    """Its quality is empty."""
    assert fetch(session()).quality == {}


def test_a_quiet_key_has_no_events() -> None:
    """The writer has come so far, and there are none."""
    told = fetch(session(), "nobody", quality=True).quality
    assert (told["complete"], told["no_events"], told["not_written_yet"]) == (True, True, False)
    assert told["newest_event_ms"] is None


def test_what_the_writer_has_not_reached_is_not_written_yet() -> None:
    """Then nobody knows whether a key has events."""
    told = fetch(session(), "nobody", at=AT + HOUR, quality=True).quality
    assert (told["complete"], told["no_events"], told["not_written_yet"]) == (False, False, True)
    assert told["watermark_age_ms"] == HOUR + 1


def test_tiles_that_the_writer_has_not_come_to_are_missing() -> None:
    """An hour later those from 14:40 to 15:35 are, and the one that still grows is not.

    Of an hour before the query time, the newest event lies in the first of twelve.
    """
    assert fetch(session(), "nobody", at=AT + HOUR, quality=True).quality["missing_tiles"] == 11


def test_the_head_that_is_left_out_makes_an_answer_incomplete() -> None:
    """The flaw is told among the rest."""
    told = fetch(session(), at=AT - 2, quality=True).quality
    assert (told["complete"], told["head_end_ms"]) == (False, AT - AT % FIVE)


def test_sketches_tell_their_errors() -> None:
    """Each feature that comes from one has its bound."""
    operations = [
        Operation.APPROX_UNIQUE_COUNT,
        Operation.APPROX_PERCENTILE([0.5]),
        Operation.APPROX_PERCENTILE([0.5], sketch="kll"),
        Operation.SUM,
    ]
    sketches = [
        Aggregation(input_column="n", operation=operation, windows=["1h"], name=f"n{number}")
        for number, operation in enumerate(operations)
    ]
    made = Session(plan_of(SCHEMA, ["k"], sketches))
    made.write([row("a", 1)])
    errors = fetch(made, quality=True).quality["sketch_errors"]
    assert list(errors.values()) == [
        {"relative_standard_error": 0.01625},
        {"rank_error": 0.01},
        {"rank_error": pytest.approx(0.0193, abs=0.0001)},
    ]


def test_a_damaged_tile_is_an_error_without_a_policy() -> None:
    """It is never merged, and never left out in silence."""
    with pytest.raises(CorruptRecordError, match="tile tiles::things::"):
        fetch(damaged())


def test_to_degrade_is_to_withhold_what_reads_a_damaged_tile() -> None:
    """All other features have their values, and derivations see the null."""
    answer = fetch(damaged(), on_missing="degrade")
    assert answer.features == {
        "n_sum_1h": None,
        "n_sum_7d": 3,
        "n_count_1h": None,
        "n_count_7d": 2,
        "twice": None,
    }
    assert answer.quality == {"damaged_tiles": ["5m::202401041435"]}


def test_a_damaged_tile_may_count_as_an_empty_window() -> None:
    """Features that read it have the values of a key without events."""
    features = fetch(damaged(), on_missing="default").features
    assert (features["n_sum_1h"], features["n_count_1h"], features["n_count_7d"]) == (None, 0, 2)


def test_to_fail_is_to_name_the_damaged_tile() -> None:
    """The error is that of the specification."""
    with pytest.raises(MissingTileError, match=r"k='a' at 2024-01-04T14:37:25Z: .*202401041435"):
        fetch(damaged(), on_missing="fail")


def test_a_feature_that_does_not_read_the_damaged_tile_does_not_fail() -> None:
    """With `fail` too it is answered by itself."""
    answer = fetch(damaged(), on_missing="fail", features=["n_sum_7d"], at=AT)
    assert answer.features == {"n_sum_7d": 3}


def test_a_damaged_chunk_concerns_exact_edges_only() -> None:
    """A window that reads no raw events keeps its value."""
    made = session(exact=True)
    size_ms = made.plan.events.size_ms  # type: ignore[union-attr]
    oldest = AT - HOUR
    made.write([row("a", 8, ts=oldest + 1)])
    damage(made, size_ms, oldest - oldest % size_ms, EVENTS)
    features = fetch(made, on_missing="degrade").features
    assert (features["n_sum_exact_1h"], features["n_sum_1h"]) == (None, 10)


def test_what_is_not_written_yet_fails_only_by_policy() -> None:
    """A question beyond the newest event has no tiles to be missed otherwise."""
    made = session()
    assert fetch(made, at=AT + DAY).quality == {}
    assert fetch(made, at=AT + DAY, on_missing="degrade").quality == {}
    with pytest.raises(MissingTileError, match=r"not written yet: the newest event is of 2024-01"):
        fetch(made, at=AT + DAY, on_missing="fail")


def test_a_quiet_key_does_not_fail() -> None:
    """No tile of it ought to be there."""
    assert fetch(session(), "nobody", on_missing="fail").features["n_count_1h"] == 0


def test_too_old_events_are_as_good_as_missing() -> None:
    """The newest event of all keys counts, and how old it may be is asked for."""
    made = session()
    assert fetch(made, at=AT + HOUR - 1, max_staleness="1h").quality == {}
    with pytest.raises(MissingTileError, match="older than max_staleness 1h allows"):
        fetch(made, at=AT + HOUR, max_staleness="1h")
    degraded = fetch(made, at=AT + HOUR, max_staleness="1h", on_missing="degrade")
    assert (degraded.features["n_sum_7d"], degraded.quality) == (3, {"stale_ms": HOUR + 1})
    empty = fetch(made, at=AT + HOUR, max_staleness="1h", on_missing="default")
    assert empty.features["n_count_7d"] == 0


def test_a_group_by_has_policies_of_its_own() -> None:
    """A request may say otherwise."""
    plan = compile_group_by(
        GroupBy(
            sources=[event_source(SCHEMA)],
            keys=["k"],
            aggregations=aggregations("n", [Operation.COUNT]),
            online=True,
            tiling_enabled=True,
            on_missing="fail",
            max_staleness="10m",
        ),
        "things",
    )
    made = Session(plan)
    made.write([row("a", 1)])
    assert fetch(made).features == {"n_count_1h": 1}
    with pytest.raises(MissingTileError):
        fetch(made, at=AT + HOUR)
    assert fetch(made, at=AT + HOUR, on_missing="degrade").quality == {"stale_ms": HOUR + 1}
    assert fetch(made, at=AT + 20 * MINUTE, on_missing="degrade", max_staleness="2h").quality == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_missing": "fial"}, "on_missing 'fial' is no policy. Did you mean 'fail'"),
        ({"on_missing": 3}, "on_missing '3' is no policy"),
        ({"max_staleness": "5 minutes"}, "max_staleness '5 minutes' is no duration"),
        ({"max_staleness": -1}, "is no duration"),
        ({"max_staleness": ""}, "is no duration"),
        ({"on_missing": ""}, "on_missing '' is no policy"),
        ({"on_missing": pd.Series(["fail"])}, "is no policy"),
        ({"max_staleness": pd.Series([1])}, "is no duration"),
        ({"quality": pd.Series([True])}, "is neither True nor False"),
        ({"quality": pd.NA}, "quality <NA> is neither True nor False"),
    ],
)
def test_a_wrong_policy_is_an_error(options: Any, message: str) -> None:
    """It says what may be written."""
    with pytest.raises(FetchError, match=message):
        fetch(session(), **options)


def test_the_policy_goes_for_every_request_of_a_batch() -> None:
    """One that misses a tile fails, or degrades by itself."""
    made = damaged()
    fetcher = Fetcher(made.plan, made.store)
    keys = [{"k": "a"}, {"k": "b"}]
    answers = fetcher.fetch_many(keys, AT, on_missing="degrade")
    assert [answer.features["n_sum_1h"] for answer in answers] == [None, 4]
    with pytest.raises(MissingTileError):
        fetcher.fetch_many(keys, AT, on_missing="fail")


def test_requests_that_a_store_does_not_answer_may_be_degraded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of other batches are answered; without such a policy it is the store's error."""
    made = session()
    monkeypatch.setattr("tilewright_runtime.fetch.serving._NEAR_BATCH", 1)
    fetcher, scan_with = Fetcher(made.plan, made.store), made.store.scan_with
    calls: list[int] = []

    def failing(*asked: Any) -> Any:
        calls.append(1)
        if len(calls) % 2:
            raise StoreError("the store is gone.")
        return scan_with(*asked)

    monkeypatch.setattr(made.store, "scan_with", failing)
    keys = [{"k": "a"}, {"k": "b"}]
    lost, found = fetcher.fetch_many(keys, AT, on_missing="degrade")
    assert (set(lost.features.values()), lost.quality) == ({None}, {"store": "unreachable"})
    assert (found.features["twice"], found.quality) == (8, {})
    lost, _ = fetcher.fetch_many(keys, AT, on_missing="default", quality=True)
    assert (lost.features["n_count_1h"], lost.quality["complete"]) == (0, False)
    with pytest.raises(StoreError, match="is gone"):
        fetcher.fetch_many(keys, AT, on_missing="fail")


def test_a_live_answer_may_be_asked_for_its_quality() -> None:
    """Its ages are those at the time it was asked."""
    made = session()
    now_ms = time.time_ns() // 1_000_000
    made.write([row("a", 1, ts=now_ms + 2_000)])
    told = fetch(made, at=None, quality=True).quality  # type: ignore[arg-type]
    assert (told["complete"], told["newest_event_age_ms"]) == (True, 0)


def test_the_command_line_reports_and_has_policies(tmp_path: Path) -> None:
    """What is wrong with one line is said of that line."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 3)]))
    at = ["--key", "k=a", "--at", str(AT)]
    assert desk.fetch(*at, "--quality").lines[0]["quality"]["complete"] is True
    late = ["--key", "k=a", "--at", str(AT + DAY)]
    ran = desk.fetch(*late, "--on-missing", "fail")
    assert (ran.status, ran.out) == (1, "")
    assert "not written yet" in ran.err
    stale = desk.fetch(*late, "--max-staleness", "1h", "--on-missing", "degrade").lines[0]
    assert stale["quality"] == {"stale_ms": DAY + 1}
