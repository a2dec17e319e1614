"""Derivations: values by hand, the same in any batch, and nothing of them where a plan has none."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.plans import AT, aggregations, plan_of
from support.session import Session
from tilewright import Aggregation, Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Fetcher
from tilewright_runtime.fetch.derivations import Derivations
from tilewright_runtime.testing import FeaturesOf

NUMBERS = {"n": "bigint", "d": "decimal(12,3)", "x": "double", "b": "boolean"}
SCHEMA = {"k": "string", "t": "string", "day": "date", "at": "timestamp", **NUMBERS}
MADE = [
    *aggregations(
        "n", [Operation.COUNT, Operation.SUM, Operation.LAST_K(3), Operation.HISTOGRAM()]
    ),
    *aggregations("t", [Operation.LAST, Operation.TOP_K(2), Operation.HISTOGRAM()]),
    *aggregations("d", [Operation.SUM, Operation.LAST_K(2)]),
    *aggregations("x", [Operation.SUM, Operation.APPROX_PERCENTILE([0.5])]),
    *aggregations("day", [Operation.LAST, Operation.HISTOGRAM()]),
    *aggregations("at", [Operation.LAST, Operation.LAST_K(2)]),
    *aggregations("b", [Operation.LAST]),
]
NOON, EVE = datetime(2024, 1, 3, 12, tzinfo=UTC), datetime(2024, 1, 3, 18, 30, tzinfo=UTC)
EVENTS = [
    {
        "k": "a",
        "n": 3,
        "t": "p",
        "d": Decimal("1.500"),
        "x": 2.5,
        "day": date(2024, 1, 2),
        "at": NOON,
        "b": False,
        "ts": AT - 3,
    },
    {
        "k": "a",
        "n": 4,
        "t": "q",
        "d": Decimal("2.250"),
        "x": -1.0,
        "day": date(2024, 1, 2),
        "at": EVE,
        "b": True,
        "ts": AT - 2,
    },
    {
        "k": "a",
        "n": 4,
        "t": "p",
        "d": None,
        "x": None,
        "day": None,
        "at": None,
        "b": None,
        "ts": AT - 1,
    },
    {
        "k": "z",
        "n": 0,
        "t": "é",
        "d": Decimal("-0.001"),
        "x": None,
        "day": date(9999, 12, 31),
        "at": NOON,
        "b": True,
        "ts": AT - 1,
    },
]

#: expression -> (its value for the key a, for z, and for one without events)
CASES: dict[str, tuple[Any, Any, Any]] = {
    "n_sum_1h / n_count_1h": (11 / 3, 0.0, None),
    "n_count_1h / n_sum_1h": (3 / 11, None, None),
    "n_sum_1h * 9223372036854775807": (None, 0, None),
    "coalesce(n_sum_1h, -1)": (11, 0, -1),
    "n_last3_1h": ([4, 4, 3], [0], None),
    "n_last3_1h[2]": (3, None, None),
    "n_histogram_1h": ({4: 2, 3: 1}, {0: 1}, None),
    "n_histogram_1h[4]": (2, None, None),
    "t_top2_1h": (
        [{"item": "p", "count": 2}, {"item": "q", "count": 1}],
        [{"item": "é", "count": 1}],
        None,
    ),
    "t_top2_1h[0]": ({"item": "p", "count": 2}, {"item": "é", "count": 1}, None),
    "t_top2_1h[0].item": ("p", "é", None),
    "size(t_histogram_1h)": (2, 1, -1),
    "d_sum_1h * 2": (Decimal("7.500"), Decimal("-0.002"), None),
    "d_last2_1h": ([Decimal("2.250"), Decimal("1.500")], [Decimal("-0.001")], None),
    "x_sum_1h": (1.5, None, None),
    "x_approx_percentile_1h[0] > 0": (True, None, None),
    "day_last_1h": (date(2024, 1, 2), date(9999, 12, 31), None),
    "date_add(day_last_1h, 1)": (date(2024, 1, 3), None, None),
    "array(date_add(day_last_1h, 1))": ([date(2024, 1, 3)], [None], [None]),
    "day_histogram_1h": ({date(2024, 1, 2): 2}, {date(9999, 12, 31): 1}, None),
    "at_last_1h": (EVE, NOON, None),
    "at_last_1h + interval 30 minutes": (
        datetime(2024, 1, 3, 19, tzinfo=UTC),
        datetime(2024, 1, 3, 12, 30, tzinfo=UTC),
        None,
    ),
    "at_last2_1h": ([EVE, NOON], [NOON], None),
    "hour(at_last_1h)": (18, 12, None),
    "b_last_1h and n_count_1h > 1": (True, False, False),
    "1": (1, 1, 1),
}


@cache
def session() -> Session:
    """A store with the events, and a plan with every case as a derivation."""
    made = Session(
        plan_of(
            SCHEMA, ["k"], MADE, derivations={f"= {expression}": expression for expression in CASES}
        )
    )
    made.write(EVENTS)
    return made


@cache
def fetcher() -> Fetcher:
    return Fetcher(session().plan, session().store)


def derived(key: str) -> dict[str, Any]:
    """The derivations alone, from a fetch by itself."""
    features = fetcher().fetch({"k": key}, AT).features
    return {expression: features[f"= {expression}"] for expression in CASES}


@pytest.mark.parametrize("key", ["a", "z", "nobody"])
def test_values_of_every_type(key: str) -> None:
    """Decimals, days, aware times, lists, maps and structs come as those of features do; what
    cannot be computed is null.
    """
    expected = {
        expression: values[["a", "z", "nobody"].index(key)] for expression, values in CASES.items()
    }
    assert repr(derived(key)) == repr(expected)


def test_derivations_stand_after_the_features() -> None:
    """First the features, then the derivations, each in the order of declaration."""
    plan = session().plan
    names = [
        *(feature.name for feature in plan.features),
        *(derivation.name for derivation in plan.derivations),
    ]
    assert list(fetcher().fetch({"k": "a"}, AT).features) == names


@given(st.lists(st.sampled_from(["a", "z", "nobody"]), max_size=9))
def test_a_batch_is_what_its_parts_are(keys: list[str]) -> None:
    """Many answers in one query, in the order of the requests, equal those of single fetches."""
    many = fetcher().fetch_many([{"k": key} for key in keys], AT)
    assert [repr(answer) for answer in many] == [
        repr(fetcher().fetch({"k": key}, AT)) for key in keys
    ]


_NUMBERS = st.none() | st.integers(-(1 << 63), (1 << 63) - 1)
_ROWS = st.fixed_dictionaries(
    {
        "n_sum_1h": _NUMBERS,
        "n_count_1h": st.integers(0, 1 << 62),
        "n_last3_1h": st.none() | st.lists(_NUMBERS, max_size=3),
        "t_histogram_1h": st.none() | st.dictionaries(st.text(), st.integers(0, 9)),
        "x_sum_1h": st.none() | st.floats(),
        "at_last_1h": st.none()
        | st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
    }
)
_EXPRESSIONS = {
    "ratio": "n_sum_1h / n_count_1h",
    "product": "n_sum_1h * n_count_1h",
    "first": "n_last3_1h[0] + n_sum_1h",
    "sorted": "sort_array(n_last3_1h)",
    "keys": "map_keys(t_histogram_1h)",
    "whole": "cast(x_sum_1h as bigint)",
    "later": "at_last_1h + interval 3 hours",
    "times": "array(at_last_1h, at_last_1h)",
}


@cache
def _derivations() -> Derivations:
    return Derivations(plan_of(SCHEMA, ["k"], MADE, derivations=_EXPRESSIONS))


@few(2)
@given(st.lists(_ROWS, min_size=1, max_size=20))
def test_a_failure_stays_in_its_row(rows: list[dict[str, Any]]) -> None:
    """Whatever the features are, each answer of a batch is what it would be alone."""
    assert repr(_derivations().of(rows)) == repr(
        [found for row in rows for found in _derivations().of([row])]
    )


def test_more_answers_than_a_vector() -> None:
    """A batch may be of any length, and keeps its order."""
    others = {
        "n_count_1h": 1,
        "n_last3_1h": [],
        "t_histogram_1h": {},
        "x_sum_1h": 0.0,
        "at_last_1h": NOON,
    }
    rows = [{"n_sum_1h": n, **others} for n in range(5000)]
    assert [found["ratio"] for found in _derivations().of(rows)] == [float(n) for n in range(5000)]


def test_defaults_are_read_too() -> None:
    """A default is a value of the feature's type, of which derivations compute as of any other."""
    last, last2 = Operation.LAST, Operation.LAST_K(2)
    kinds: list[tuple[str, Any, Any]] = [
        ("d", Operation.SUM, "0.5"),
        ("day", last, "2024-01-31"),
        ("n", last2, [1, 2]),
    ]
    made = [
        Aggregation(input_column=column, operation=kind, windows=["1h"], default=value)
        for column, kind, value in kinds
    ]
    expressions = {
        "more": "d_sum_1h + 1",
        "next": "date_add(day_last_1h, 1)",
        "last": "element_at(n_last2_1h, -1)",
    }
    empty = Session(plan_of(SCHEMA, ["k"], made, derivations=expressions))
    empty.write(EVENTS)
    assert empty.features(k="nobody") == {
        "d_sum_1h": Decimal("0.500"),
        "day_last_1h": date(2024, 1, 31),
        "n_last2_1h": [1, 2],
        "more": Decimal("1.500"),
        "next": date(2024, 2, 1),
        "last": 2,
    }


def test_names_are_never_sql() -> None:
    """Features and derivations may be called anything that can be printed."""
    made = aggregations("n", [Operation.SUM])
    named = [
        Aggregation(
            input_column="n", operation=Operation.COUNT, windows=["1h"], name='features"; --'
        )
    ]
    plan = plan_of(
        SCHEMA,
        ["k"],
        [*made, *named],
        derivations={'"); DROP TABLE features; --': '`features"; --_1h` + n_sum_1h'},
    )
    hostile = Session(plan)
    hostile.write(EVENTS)
    assert list(hostile.features(k="a").values()) == [11, 3, 14]


def test_the_features_of_a_test_have_derivations(features_of: FeaturesOf) -> None:
    """Authors' tests see what a fetch answers."""
    plan = plan_of(SCHEMA, ["k"], MADE, derivations={"ratio": "n_sum_1h / n_count_1h"})
    assert features_of(plan, EVENTS, {"k": "a"}, AT)["ratio"] == 11 / 3


_FETCH = """
import sys
from tilewright_runtime import Fetcher, load_plan, open_store
plan = load_plan(sys.argv[1])
Fetcher(plan, open_store(sys.argv[2])).fetch({"k": "a"}, 1704379045000)
print("duckdb" in sys.modules)
"""


@pytest.mark.parametrize(
    ("derivations", "is_imported"),
    [({}, False), ({"twice": "n_sum_1h * 2"}, False), ({"log": "ln(n_sum_1h)"}, True)],
    ids=["none", "plain", "other"],
)
def test_duckdb_is_imported_for_derivations_that_need_it(
    derivations: dict[str, str], is_imported: bool, tmp_path: Any
) -> None:
    """A fetch of a plan without derivations, or with plain ones, costs nothing of it."""
    plan: Plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), derivations=derivations)
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    url = f"lmdb:{tmp_path}/tiles"
    Session(plan, url).write(EVENTS)
    ran = subprocess.run(
        [sys.executable, "-c", _FETCH, tmp_path, url], capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == (f"{is_imported}\n", "")
