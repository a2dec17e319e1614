"""The real flights, and the check that holds answers against them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pytest

import check

JULY_4 = 1_372_943_696_789  # 2013-07-04T13:14:56.789Z


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with check.open_events() as events:
        yield events


@pytest.fixture(scope="module")
def truths(db: duckdb.DuckDBPyConnection) -> check.Truths:
    return check.find_truths(db, "by_origin", times())


def times() -> list[int]:
    return [JULY_4, JULY_4 - 90 * check.DAY, JULY_4 + 365 * check.DAY]


def perfect(truths: check.Truths) -> list[dict[str, Any]]:
    """What a fetch without any error would answer."""

    def percentiles(histogram: dict[int, int] | None) -> list[float] | None:
        values = sorted(histogram.items()) if histogram else []
        ranked = [float(value) for value, count in values for _ in range(count)]
        return [ranked[int(p * (len(ranked) - 1))] for p in check.PERCENTILES] if ranked else None

    def top5(histogram: dict[str, int] | None) -> list[dict[str, Any]] | None:
        ranked = sorted((histogram or {}).items(), key=lambda pair: (-pair[1], pair[0]))[:5]
        return [{"item": item, "count": count} for item, count in ranked] or None

    convert: dict[str, Callable[[Any], Any]] = {
        "delay_average": lambda truth: truth[0],
        "delay_approx_percentile": percentiles,
        "destination_top5": top5,
    }

    def answer(name: str, truth: Any) -> Any:
        kind = name.rpartition("_")[0]
        return convert[kind](truth) if kind in convert else truth

    return [{name: answer(name, truth) for name, truth in row.items()} for row in truths.values()]


def disagreements(db: duckdb.DuckDBPyConnection, answers: Sequence[dict[str, Any]]) -> list[str]:
    tallies = check.check(lambda group_by, requests: answers, db, "by_origin", times())
    return [line for tally in tallies for line in tally.disagreements]


def test_the_table_holds_all_flights_of_the_year(db: duckdb.DuckDBPyConnection) -> None:
    """336,776 flights, of which 8,255 were cancelled."""
    assert db.execute(
        "SELECT count(*), count(departed) FROM read_parquet($1)", [str(check.FLIGHTS)]
    ).fetchone() == (336_776, 328_521)
    assert db.execute(
        "SELECT count(*), count(DISTINCT origin), count(DISTINCT carrier) FROM events"
    ).fetchone() == (328_521, 3, 16)


@pytest.mark.parametrize(
    ("scheduled", "carrier", "flight", "departed"),
    [
        (
            "2013-01-01 10:15",
            "UA",
            1545,
            "2013-01-01 10:17",
        ),  # the first row: 5:17 in winter is 10:17 UTC
        (
            "2013-01-09 14:00",
            "HA",
            51,
            "2013-01-10 11:41",
        ),  # the largest delay, 1,301 minutes, to the next day
        (
            "2013-03-10 02:55",
            "B6",
            713,
            "2013-03-10 04:17",
        ),  # 23:17, less than three hours before the clocks go on
        (
            "2013-03-10 10:20",
            "B6",
            709,
            "2013-03-10 10:36",
        ),  # 6:36 of the first morning of summer time
        (
            "2013-11-03 10:20",
            "UA",
            322,
            "2013-11-03 10:19",
        ),  # 5:19 of the first morning of winter time
        (
            "2014-01-01 03:45",
            "B6",
            108,
            "2014-01-01 05:26",
        ),  # the last to leave: 0:26 of the next year
    ],
)
def test_departures_are_in_utc(
    db: duckdb.DuckDBPyConnection, scheduled: str, carrier: str, flight: int, departed: str
) -> None:
    """Known flights left when they did, over midnight and over both changes of the clocks."""
    sql = """
        SELECT strftime(departed AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M') FROM events
        WHERE scheduled AT TIME ZONE 'UTC' = $1::TIMESTAMP AND carrier = $2 AND flight = $3
    """
    assert db.execute(sql, [scheduled, carrier, flight]).fetchall() == [(departed,)]


def test_a_delay_lies_between_timetable_and_departure(db: duckdb.DuckDBPyConnection) -> None:
    """`departed` is `scheduled` plus `delay` for every flight that left."""
    assert db.execute(
        "SELECT count(*) FROM events WHERE departed <> scheduled + to_minutes(delay)"
    ).fetchone() == (0,)


def test_the_truth_is_that_of_a_count_by_hand(
    db: duckdb.DuckDBPyConnection, truths: check.Truths
) -> None:
    """The last hour of 4 July, 13:14:56.789 UTC: whole minutes from 12:10, where the oldest tile of
    five minutes starts, to 13:14.

    No flight of LaGuardia left between 13:14:56.789 and 13:15, so the newest tile counts.
    """
    sql = (
        "SELECT count(*) FROM events WHERE origin = 'LGA' AND departed >= $1::TIMESTAMPTZ AND "
        "departed < $2::TIMESTAMPTZ"
    )
    by_hand = db.execute(sql, ["2013-07-04 12:10:00Z", "2013-07-04 13:14:56.789Z"]).fetchone()
    assert by_hand == (truths["LGA", JULY_4]["flight_count_1h"],)


def test_the_newest_tile_is_left_out_if_it_holds_later_events(
    db: duckdb.DuckDBPyConnection,
) -> None:
    """At the minute of a departure, those of the same five minutes before it do not count."""
    #  finest  |....|....|
    #  events      x x       T stands on the second
    sql = """
        SELECT origin, min(ts), max(ts) FROM events GROUP BY origin, ts // 300000
        HAVING count(DISTINCT ts) = 2 ORDER BY ALL LIMIT 1
    """
    row = db.execute(sql).fetchone()
    assert row is not None
    origin, first, second = row
    at_first, at_second, after = (
        check.find_truths(db, "by_origin", [time])[origin, time]["flight_count"]
        for time in (first, second, second + 1)
    )
    assert at_first == at_second < after


def test_perfect_answers_agree(db: duckdb.DuckDBPyConnection, truths: check.Truths) -> None:
    """The check finds nothing where nothing is wrong, also in empty windows."""
    assert disagreements(db, perfect(truths)) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("flight_count", lambda count: count + 1),
        ("flight_count_1h", lambda count: count - 1),
        ("delay_average_7d", lambda mean: mean + 1e-6),
        ("delay_max_30d", lambda largest: largest - 1),
        ("delay_approx_percentile_12h", lambda values: [values[1], values[1], values[2]]),
        ("delay_approx_percentile_30d", lambda values: [*values[:2], 1e9]),
        ("aircraft_approx_unique_count_7d", lambda count: round(count * 1.1)),
        ("destination_top5_1d", lambda items: items[::-1]),
        ("destination_last", lambda destination: None),
    ],
)
def test_one_wrong_value_is_reported(
    db: duckdb.DuckDBPyConnection, truths: check.Truths, name: str, wrong: Any
) -> None:
    """A single changed value shows up under its feature, key and time."""
    answers = perfect(truths)
    place = list(truths).index(("LGA", JULY_4))
    answers[place][name] = wrong(answers[place][name])
    (line,) = disagreements(db, answers)
    assert line.startswith(f"{name} of LGA at 2013-07-04T13:14:56.789")


def test_a_missing_or_unknown_feature_is_reported(
    db: duckdb.DuckDBPyConnection, truths: check.Truths
) -> None:
    """An answer has to hold exactly the features that are checked."""
    answers = perfect(truths)
    answers[0]["flight_count_2h"] = answers[0].pop("flight_count_1h")
    assert [line.split(" of ")[0] for line in disagreements(db, answers)] == [
        "flight_count_1h",
        "flight_count_2h",
    ]
