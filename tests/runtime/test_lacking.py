"""Columns that no event has: a warning that names them, and none where it could be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.lacking import first_events, lacking_columns

(SOURCE,) = plan_of({"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.COUNT], ["1h"])).sources


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], []),
        ([{"k": "a", "ts": 1}, {"n": None}], []),
        ([{"k": "a", "ts": 1, "m\n": 2}], ["the events have no n, which is read as null. They have k, m\\n, ts."]),
    ],
)
def test_columns_that_no_event_has_are_named(events: list[dict[str, Any]], said: list[str]) -> None:
    """One event with a column is enough, and without events nothing is known."""
    assert list(lacking_columns(SOURCE, events, "the events")) == [f"warning: source {SOURCE.name}: {text}" for text in said]


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
