"""Checks every flight feature against plain SQL over the raw events; only the documented rules of
windows are shared.

A window of length W at time T holds the events in [T - W, T), but for two things:

- its old end is rounded down to its edge size, so that the whole oldest tile counts (sawtooth);
- if the key has an event at or after T in the newest tile of the finest size, that tile is left
  out,
  since no later event may be in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import duckdb

Fetch = Callable[[str, Sequence[tuple[str, int]]], Sequence[dict[str, Any]]]
"""Answers of a GroupBy for (key, time in ms) pairs, in their order: feature name -> value."""

FLIGHTS = Path(__file__).parent / "flights.parquet"
KEY_COLUMNS = {"by_origin": "origin", "by_carrier": "carrier"}

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FINEST = 5 * MINUTE
PERCENTILES = (0.5, 0.95, 0.99)


class Span(NamedTuple):
    """A window's length and the size that its old end is rounded to."""

    length_ms: int
    edge_ms: int


SPANS = {
    "1h": Span(HOUR, 5 * MINUTE),
    "12h": Span(12 * HOUR, HOUR),
    "1d": Span(24 * HOUR, HOUR),
    "7d": Span(7 * DAY, 6 * HOUR),
    "30d": Span(30 * DAY, DAY),
    "": Span(1 << 42, DAY),  # lifetime: it starts before any event
}


def equal(answer: Any, truth: Any) -> bool:
    """The very same value."""
    return bool(answer == truth)


def is_mean(answer: float | None, truth: tuple[float | None, float | None]) -> bool:
    """Within 1e-9 of the mean magnitude; the truth is the mean and the mean of absolute values."""
    mean, magnitude = truth
    if answer is None or mean is None or magnitude is None:
        return answer is None and mean is None
    return abs(answer - mean) <= 1e-9 * magnitude


def are_percentiles(answer: list[float] | None, truth: dict[int, int] | None) -> bool:
    """Each within 2 % of the events, or one event, of the percentile's rank; the truth is a
    histogram.

    This is strict: delays are whole minutes and hundreds of flights share one, so that an answer
    which lies a hundredth of a minute beside the right delay is off by all of those.
    """
    if answer is None or truth is None:
        return answer is None and truth is None
    total = sum(truth.values())
    allowed = max(0.02 * total, 1)

    def fits(value: float, rank: float) -> bool:
        below = sum(count for delay, count in truth.items() if delay < value)
        at_most = sum(count for delay, count in truth.items() if delay <= value)
        return min(truth) <= value <= max(truth) and below - allowed <= rank <= at_most + allowed

    return len(answer) == len(PERCENTILES) and all(
        fits(value, p * total) for value, p in zip(answer, PERCENTILES, strict=True)
    )


def is_about(answer: int, truth: int) -> bool:
    """Within 5 % or 2."""
    return abs(answer - truth) <= max(0.05 * truth, 2)


def are_top_five(answer: list[dict[str, Any]] | None, truth: dict[str, int] | None) -> bool:
    """The five most frequent, ties in the order of the alphabet; the truth is a histogram."""
    if answer is None or truth is None:
        return answer is None and truth is None
    ranked = sorted(truth.items(), key=lambda pair: (-pair[1], pair[0]))
    return answer == [{"item": item, "count": count} for item, count in ranked[:5]]


class Rule(NamedTuple):
    """A feature's windows, the SQL aggregate of its truth, and when an answer agrees with that."""

    windows: tuple[str, ...]
    sql: str
    agrees: Callable[[Any, Any], bool]
    words: str = "equal"


RULES = {
    "flight_count": Rule(("1h", "12h", "7d", "30d", ""), "count(flight)", equal),
    "delay_average": Rule(
        ("1h", "12h", "7d", "30d"), "(avg(delay), avg(abs(delay)))", is_mean, "within 1e-9"
    ),
    "delay_max": Rule(("1h", "12h", "7d", "30d"), "max(delay)", equal),
    "delay_approx_percentile": Rule(
        ("1h", "12h", "7d", "30d"), "histogram(delay)", are_percentiles, "rank within 2 %"
    ),
    "aircraft_approx_unique_count": Rule(
        ("7d",), "count(DISTINCT tailnum)", is_about, "within 5 % or 2"
    ),
    "destination_top5": Rule(("1d",), "histogram(dest)", are_top_five),
    "destination_last": Rule(("",), "max(struct_pack(ts := ts, dest := dest)).dest", equal),
}

Truths = dict[tuple[str, int], dict[str, Any]]
"""(key, time in ms) -> feature name -> truth."""


def feature_name(name: str, window: str) -> str:
    """`delay_max` and `7d` -> `delay_max_7d`; a lifetime feature has no suffix."""
    return f"{name}_{window}" if window else name


def open_events(path: Path = FLIGHTS) -> duckdb.DuckDBPyConnection:
    """The flights that left, in memory, with their departure as `ts` in ms."""
    db = duckdb.connect()
    db.execute(
        (
            "CREATE TABLE events AS SELECT epoch_ms(departed) AS ts, * FROM "
            "read_parquet($path) WHERE "
            "departed IS NOT NULL ORDER BY ts"
        ),
        {"path": str(path)},
    )
    return db


def query_times(db: duckdb.DuckDBPyConnection, count: int = 200, seed: int = 2013) -> list[int]:
    """Times along the data and up to 40 days after it: on tile edges, at events, and at odd
    milliseconds.
    """
    random = Random(seed)
    departures = [
        ts for (ts,) in db.execute("SELECT DISTINCT ts FROM events ORDER BY ts").fetchall()
    ]
    first, last = departures[0], departures[-1]
    kinds: list[Callable[[], int]] = [
        *(
            lambda size=size: random.randrange(first // size, last // size) * size + size
            for size in (FINEST, HOUR, 6 * HOUR, DAY)
        ),
        *[lambda: random.choice(departures)] * 4,
        *[lambda: random.randrange(first, last)] * 4,
        lambda: last + random.randrange(1, 40 * DAY),
    ]
    times = {first, first + 1, last, last + 1}
    while len(times) < count:
        times.add(kinds[len(times) % len(kinds)]())
    return sorted(times)


def find_truths(db: duckdb.DuckDBPyConnection, group_by: str, times: Sequence[int]) -> Truths:
    """The truth of every feature of every key at every time."""
    key = KEY_COLUMNS[group_by]
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE probes AS
        WITH pairs AS (
            SELECT key, time
            FROM (SELECT DISTINCT {key} AS key FROM events), (SELECT unnest($times) AS time)
        ),
        nexts AS (  -- the first event at or after the time, and the newest of the finest tiles
            SELECT pairs.key, time, (time - 1) // {FINEST} * {FINEST} AS head, ts AS next_event
            FROM pairs ASOF LEFT JOIN events ON events.{key} = pairs.key AND events.ts >= time
        )
        SELECT key, time, CASE WHEN next_event < head + {FINEST} THEN head ELSE time END AS stop
        FROM nexts
        """,
        {"times": list(times)},
    )
    truths: Truths = {
        pair: {} for pair in db.execute("SELECT key, time FROM probes ORDER BY ALL").fetchall()
    }
    for window, span in SPANS.items():
        rules = {
            feature_name(name, window): rule.sql
            for name, rule in RULES.items()
            if window in rule.windows
        }
        rows = db.execute(
            f"""
            SELECT probes.key, time, {", ".join(rules.values())}
            FROM probes LEFT JOIN events
            ON events.{key} = probes.key
                AND ts >= (time - {span.length_ms}) // {span.edge_ms} * {span.edge_ms}
                AND ts < stop
            GROUP BY probes.key, time
            """
        ).fetchall()
        for key_value, time, *values in rows:
            truths[key_value, time].update(zip(rules, values, strict=True))
    return truths


@dataclass
class Tally:
    """How many answers of one feature agree, and what was said where they do not."""

    feature: str
    words: str = "known"
    agree: int = 0
    total: int = 0
    disagreements: list[str] = field(default_factory=list)


def compare(answers: Sequence[dict[str, Any]], truths: Truths) -> list[Tally]:
    """One tally for each feature; the answers stand in the order of the truths."""
    tallies: dict[str, Tally] = {}
    rules = {
        feature_name(name, window): rule for name, rule in RULES.items() for window in rule.windows
    }
    for ((key, time), values), answer in zip(truths.items(), answers, strict=True):
        for name in [*rules, *(answer.keys() - rules.keys())]:
            tally = tallies.setdefault(
                name, Tally(name, rules[name].words) if name in rules else Tally(name)
            )
            tally.total += 1
            if name in answer and name in rules and rules[name].agrees(answer[name], values[name]):
                tally.agree += 1
            else:
                at = datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds")
                told, truth = (str(side.get(name, "nothing"))[:200] for side in (answer, values))
                tally.disagreements.append(
                    f"{name} of {key} at {at} ({time}): fetch says {told}, raw events say {truth}"
                )
    return list(tallies.values())


def check(
    fetch: Fetch, db: duckdb.DuckDBPyConnection, group_by: str, times: Sequence[int]
) -> list[Tally]:
    """Fetches every feature of every key at every time and compares it with the raw events."""
    truths = find_truths(db, group_by, times)
    return compare(fetch(group_by, list(truths)), truths)
