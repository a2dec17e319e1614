"""Fetches of some features only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cli import Desk
from support.events import to_arrow
from support.examples import few
from support.plans import AT, DAY, HOUR, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_runtime import Fetcher
from tilewright_runtime.errors import FetchError

OPERATIONS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.LAST,
    Operation.HISTOGRAM(),
    Operation.APPROX_UNIQUE_COUNT,
]
DERIVATIONS = {"share": "n_sum_5m / n_sum_12h", "twice": "n_count_7d * 2"}


@cache
def session() -> Session:
    """Hold events of two weeks, and features of each window, edge and bucket."""
    plan = plan_of(
        SCHEMA,
        ["k"],
        [
            *aggregations("n", OPERATIONS, ["5m", "12h", "7d"]),
            *aggregations("n", OPERATIONS, None),
            *aggregations("n", [Operation.SUM], ["1h"], "exact"),
            *aggregations("n", [Operation.MAX], ["1h"], buckets=["t"]),
        ],
        derivations=DERIVATIONS,
    )
    made = Session(plan)
    spread = range(AT - 14 * DAY, AT + 2 * HOUR, 97 * MINUTE)
    events = [row("a", i % 11, f"t{i % 3}", ts=ts) for i, ts in enumerate(spread)]
    events += [row("a", i, "t9", ts=AT - i * 7_000) for i in range(40)]
    made.write(to_arrow(events, SCHEMA))
    return made


@cache
def fetcher() -> Fetcher:
    """Serve them."""
    return Fetcher(session().plan, session().store)


def names() -> list[str]:
    """List everything that may be asked for."""
    return list(fetcher().context.names)


@few(2)
@given(st.data(), st.integers(AT - 2 * DAY, AT + HOUR) | st.none())
def test_a_part_is_as_the_whole(data: st.DataObject, at_ms: int | None) -> None:
    """Each feature has the value that it has among all, in the plan's order."""
    wanted = data.draw(st.lists(st.sampled_from(names()), min_size=1, max_size=6))
    found = fetcher().fetch({"k": "a"}, at_ms, features=wanted).features
    whole = fetcher().fetch({"k": "a"}, at_ms).features
    assert list(found.items()) == [(name, whole[name]) for name in names() if name in wanted]


def test_raw_events_are_cut_alike() -> None:
    """Sketches of exact windows do not depend on the features that are asked for beside them."""
    operations = [Operation.AVERAGE, Operation.SKEW, Operation.APPROX_PERCENTILE([0.5, 0.99])]
    exact = aggregations("n", operations, ["1h", "12h", "7d"], "exact")
    made = Session(plan_of(SCHEMA, ["k"], exact, tiled=False))
    spread = range(AT - 8 * DAY, AT + HOUR, 5 * MINUTE + 7)
    events = [row("a", i * 7919 % 1009, ts=ts) for i, ts in enumerate(spread)]
    made.write(to_arrow(events, SCHEMA))
    asked = Fetcher(made.plan, made.store, allow_many_tiles=True)
    alone: dict[str, Any] = {}
    for feature in made.plan.features:
        alone |= asked.fetch({"k": "a"}, AT, features=[feature.name]).features
    assert alone == asked.fetch({"k": "a"}, AT).features


def test_only_what_is_needed_is_read() -> None:
    """The tiles of other windows' levels, and raw events, are left alone."""

    def sizes(*features: str) -> set[tuple[str, int]]:
        ranges = fetcher().context_of(features).program.ranges(AT)
        return {(wanted.kind, wanted.size_ms) for wanted in ranges}

    assert sizes("n_sum_5m") == {("tiles", MINUTE)}
    assert "events" not in {kind for kind, _ in sizes("n_sum_7d", "n_max_1h_by_t")}
    assert "events" in {kind for kind, _ in sizes("n_sum_exact_1h")}


def test_derivations_bring_their_inputs() -> None:
    """What they read is not in the answer unless it is asked for."""
    answer = fetcher().fetch({"k": "a"}, AT, features=["share"])
    whole = fetcher().fetch({"k": "a"}, AT).features
    assert answer.features == {"share": whole["share"]}
    assert whole["share"] is not None


def test_many_requests_may_ask_for_some_features() -> None:
    """The list is that of the whole batch."""
    answers = fetcher().fetch_many([{"k": "a"}, {"k": "b"}], AT, features=["n_count_12h"])
    assert [list(answer.features) for answer in answers] == [["n_count_12h"]] * 2


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (["n_sum_6m"], "has no feature 'n_sum_6m'. Did you mean 'n_sum_5m'"),
        (["share", None], "has no feature 'None'"),
        ([], "no feature of plan .* is asked for"),
        ("share", r"is no list of names. Give a list, such as features=\['share'\]"),
        (7, "is no list of names"),
        (np.array("share"), "is no list of names"),
        ([pd.Series([1])], "has no feature"),
    ],
)
def test_a_wrong_list_is_an_error(features: Any, message: str) -> None:
    """It says which name is unknown, and which one may be meant."""
    with pytest.raises(FetchError, match=message):
        fetcher().fetch({"k": "a"}, AT, features=features)


def test_programs_of_selections_are_kept() -> None:
    """A list in another order is the same list, and that of all names is the whole."""
    context = fetcher().context_of
    assert context(["n_sum_5m", "share"]) is context(["share", "n_sum_5m", "share"])
    assert context(names()) is fetcher().context


@pytest.mark.parametrize(
    "options",
    [
        ["--features", "n_sum_1h,n_max_1h"],
        ["--feature", "n_max_1h", "--feature", "n_sum_1h"],
        ["--features", "n_sum_1h, n_max_1h,"],
    ],
)
@pytest.mark.parametrize("explained", [[], ["--explain"]])
def test_the_command_line_takes_names(
    tmp_path: Path, options: list[str], explained: list[str]
) -> None:
    """Names are separated by commas, or the option is given again."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 3)]))
    ran = desk.fetch("--key", "k=a", "--at", str(AT), *options, *explained)
    assert ran.lines[0]["features"] == {"n_sum_1h": 3, "n_max_1h": 3}


def test_the_command_line_names_an_unknown_feature(tmp_path: Path) -> None:
    """The exit status is 1."""
    desk = Desk(tmp_path)
    desk.write(desk.events([row("a", 3)]))
    ran = desk.fetch("--key", "k=a", "--features", "n_sum_1h,n_smu_1h")
    assert (ran.status, ran.out) == (1, "")
    assert "no feature 'n_smu_1h'. Did you mean 'n_sum_1h'?" in ran.err
