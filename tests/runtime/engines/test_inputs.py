"""Columns that no event has: a warning that names them, and none where it could be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.plans import aggregations, event_source, plan_of
from tilewright import Operation
from tilewright_runtime.engines.inputs import first_events, input_locations, missing_columns
from tilewright_runtime.errors import InputError

(SOURCE,) = plan_of(
    {"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.COUNT], ["1h"])
).sources


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], []),
        ([{"k": "a", "ts": 1}, {"n": None}], []),
        (
            [{"k": "a", "ts": 1, "m\n": 2}],
            ["the events have no n, which is read as null. They have k, m\\n, ts."],
        ),
    ],
)
def test_columns_that_no_event_has_are_named(events: list[dict[str, Any]], said: list[str]) -> None:
    """One event with a column is enough, and without events nothing is known."""
    assert list(missing_columns(SOURCE, events, "the events")) == [
        f"warning: source {SOURCE.name}: {text}" for text in said
    ]


def test_the_first_lines_of_a_file_are_looked_at(tmp_path: Path) -> None:
    """What is no JSON object among them is passed over, and a hundred lines are enough."""
    lines = ["no json", "[1]", *(json.dumps({"n": n}) for n in range(200))]
    (tmp_path / "events.jsonl").write_text("\n".join(lines))
    assert list(first_events(tmp_path / "events.jsonl")) == [{"n": n} for n in range(98)]


def test_of_a_folder_the_first_file_is_looked_at(tmp_path: Path) -> None:
    """An empty folder, into which files will come, tells nothing."""
    assert list(first_events(tmp_path)) == []
    for name in ("b", "a"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"name": name}))
    assert list(first_events(tmp_path)) == [{"name": "a"}]


SCHEMA = {"k": "string", "n": "bigint"}
COUNTS = aggregations("n", [Operation.COUNT], ["1h"])
ONE = plan_of(SCHEMA, ["k"], COUNTS)
TWO = plan_of(
    SCHEMA,
    ["k"],
    COUNTS,
    sources=[event_source(SCHEMA, name="web"), event_source(SCHEMA, name="shop")],
)


def test_a_place_names_its_source() -> None:
    """Where there is one source it need not, also if there is a = in the place."""
    assert input_locations(TWO, ["shop=b", "web=a=c"]) == {"shop": "b", "web": "a=c"}
    assert input_locations(ONE, ["day=1/a"]) == {ONE.sources[0].name: "day=1/a"}


def test_a_place_of_no_source_is_refused() -> None:
    """The message names the sources."""
    with pytest.raises(
        InputError, match=r"--events a: of which source\? Write NAME=PLACE, with one of web, shop\."
    ):
        input_locations(TWO, ["a"])


def test_two_places_of_one_source_are_refused() -> None:
    """One of them would be passed over."""
    with pytest.raises(
        InputError, match="--events web=b: the events of web are said to be in a already"
    ):
        input_locations(TWO, ["web=a", "web=b"])
