"""Defaults, the caller's decimal context, percentiles that stay, and the bound of a TOP_K."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest

from support.plans import AT, HOUR, aggregations, plan_of
from support.session import Session
from tilewright import Aggregation, Operation
from tilewright_runtime import Fetcher

Event = dict[str, Any]


def session_of(schema: dict[str, str], parts: list[Aggregation], events: Any) -> Session:
    """A session whose plan has these aggregations, with these events written."""
    session = Session(plan_of(schema, ["k"], parts))
    session.write(events)
    return session


def windowed(operation: Any, default: Any, column: str = "x", **options: Any) -> Aggregation:
    """An aggregation over an hour with a default."""
    return Aggregation(
        input_column=column, operation=operation, windows=["1h"], default=default, **options
    )


def test_a_default_does_not_replace_the_null_of_a_window_with_values() -> None:
    """Equal values have no skewness and no kurtosis, whatever the default is."""
    parts = [windowed(Operation.SKEW, 9.0), windowed(Operation.KURTOSIS, 9.0)]
    events = [{"k": "a", "x": 5.0, "ts": AT - 1}, {"k": "a", "x": 5.0, "ts": AT - 2}]
    session = session_of({"k": "string", "x": "double"}, parts, events)
    assert list(session.features(k="a").values()) == [None, None]
    assert list(session.features(k="nobody").values()) == [9.0, 9.0]


def test_a_default_has_the_type_of_its_feature() -> None:
    """An integer that is the default of a double is answered as a double."""
    events = [{"k": "a", "x": 5.0, "ts": AT - 1}]
    parts = [windowed(Operation.SUM, 0), windowed(Operation.PERCENTILE([0.5]), [0])]
    session = session_of({"k": "string", "x": "double"}, parts, events)
    total, percentiles = session.features(k="nobody").values()
    assert (total, percentiles) == (0.0, [0.0])
    assert (type(total), type(percentiles[0])) == (float, float)


def test_a_default_is_an_answer_of_its_own() -> None:
    """What a caller does to a list or a map of one answer is seen by no other."""
    parts = [
        windowed(Operation.LAST_K(3), []),
        windowed(Operation.HISTOGRAM(), {}),
        windowed(Operation.TOP_K(1), [{"item": "x", "count": 1}]),
        windowed(Operation.LAST_K(2), {"z": []}, buckets=["b"]),
    ]
    events = [{"k": "a", "x": "u", "b": None, "ts": AT - HOUR * 9}]
    session = session_of({"k": "string", "x": "string", "b": "string"}, parts, events)
    fetcher = Fetcher(session.plan, session.store)
    first, counts, top, by_bucket = fetcher.fetch({"k": "nobody"}, at=AT).features.values()
    first.append("u")
    counts["u"] = 1
    top[0]["count"] = 7
    by_bucket["z"].append("u")
    assert list(fetcher.fetch({"k": "other"}, at=AT).features.values()) == [
        [],
        {},
        [{"item": "x", "count": 1}],
        {"z": []},
    ]


def test_decimals_do_not_depend_on_the_context_of_the_caller() -> None:
    """Sums, extremes, lists, counts by value and defaults keep all digits."""
    operations = [Operation.SUM, Operation.MAX, Operation.LAST_K(1), Operation.HISTOGRAM()]
    parts = [*aggregations("x", operations, ["1h"]), windowed(Operation.MIN, "1234567890.5")]
    value = Decimal("1234567890.123456")
    with localcontext() as context:
        context.prec = 5
        session = session_of(
            {"k": "string", "x": "decimal(16,6)"}, parts, [{"k": "a", "x": value, "ts": AT - 1}]
        )
        total, largest, last, counts, _ = session.features(k="a").values()
        default = list(session.features(k="nobody").values())[-1]
    assert (total, largest, last, counts) == (value, value, [value], {value: 1})
    assert default == Decimal("1234567890.5")


@pytest.mark.parametrize("edge", ["sawtooth", "exact"])
def test_the_same_tiles_give_the_same_percentiles(edge: Literal["sawtooth", "exact"]) -> None:
    """At every fetch, alone or among others, of tiles and of raw events."""
    percentiles = [0.1, 0.5, 0.9]
    kll = Operation.APPROX_PERCENTILE(percentiles, sketch="kll")
    parts = [
        Aggregation(input_column="x", operation=kll, windows=["2h"], edge=edge, name="kll"),
        *aggregations("x", [Operation.PERCENTILE(percentiles)], ["2h"], edge=edge),
        *aggregations("x", [kll], ["2h"], edge=edge, buckets=["b"]),
    ]
    random = np.random.default_rng(3)
    count = 5000
    events = pa.table(
        {
            "k": ["a"] * count,
            "x": random.normal(size=count),
            "b": random.choice(["u", "v"], count),
            "ts": AT - 1 - random.integers(0, 2 * HOUR, count),
        }
    )
    schema = {"k": "string", "x": "double", "b": "string"}
    session = session_of(schema, parts, events)
    fetcher = Fetcher(session.plan, session.store)
    answers = [fetcher.fetch({"k": "a"}, at=AT).features for _ in range(5)]
    answers.append(fetcher.fetch_many([{"k": "b"}, {"k": "a"}], at=AT)[1].features)
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("bucket", [None, "b"])
def test_the_quality_says_how_far_a_top_k_may_be_off(bucket: str | None) -> None:
    """It is clean while a window has few values, and has the bound where it has many."""
    options: dict[str, Any] = {} if bucket is None else {"buckets": [bucket]}
    parts = [*aggregations("x", [Operation.TOP_K(2)], ["1h"], **options)]
    events = [{"k": "few", "x": "u", "b": "z", "ts": AT - 1}]
    values = [f"v{i}" for i in range(3000)] + ["often"] * 40
    events += [{"k": "many", "x": x, "b": "z", "ts": AT - 1 - i} for i, x in enumerate(values)]
    session = session_of({"k": "string", "x": "string", "b": "string"}, parts, events)
    fetcher = Fetcher(session.plan, session.store)
    assert fetcher.fetch({"k": "few"}, at=AT).quality == {}
    answer = fetcher.fetch({"k": "many"}, at=AT)
    ((name, found),) = answer.features.items()
    top = found if bucket is None else found["z"]
    assert top == [{"item": "often", "count": 40}]
    assert answer.quality == {"max_error": {name: 1}}
