"""`tilewright diff`: two plans, or two folders of plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from support.plans import aggregations, plan_of
from support.session import SCHEMA
from tilewright import Operation
from tilewright_compiler.output import render, write
from tilewright_compiler.plan.model import Plan
from tilewright_runtime.cli import main


def plan(*windows: str, name: str = "things") -> Plan:
    return plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], windows), name)


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)], catch_exceptions=False)


def test_two_plans(tmp_path: Path) -> None:
    """The verdict, what it means, and each change in a line."""
    write(str(tmp_path / "old"), render([plan("1h")], []))
    write(str(tmp_path / "new"), render([plan("1h", "12h")], []))
    ran = diff(tmp_path / "old" / "things" / "plan.json", tmp_path / "new" / "things")
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    assert lines[0] == "things: a new level, with a backfill"
    assert lines[2] == "  a new level, with a backfill:"
    assert lines[3].startswith(
        "  - level 1h is new: no stored level divides it and is kept long enough"
    )
    assert lines[4] == "  compatible:"
    assert lines[5].startswith("  - feature n_sum_12h is new: SUM of n over 12h")


def test_two_folders_of_plans(tmp_path: Path) -> None:
    """Plans are compared by name, and those that only one side has are named."""
    write(str(tmp_path / "old"), render([plan("1h", name="same"), plan("1h", name="left")], []))
    write(str(tmp_path / "new"), render([plan("1h", name="same"), plan("1h", name="right")], []))
    assert (
        diff(tmp_path / "old", tmp_path / "new").stdout
        == "same: unchanged\n  The plans are the same.\nleft: gone\nright: new\n"
    )


def test_a_plan_that_is_renamed(tmp_path: Path) -> None:
    """Two single plans are compared whatever their names."""
    write(str(tmp_path / "old"), render([plan("1h", name="left")], []))
    write(str(tmp_path / "new"), render([plan("1h", name="right")], []))
    assert diff(tmp_path / "old", tmp_path / "new").stdout.startswith(
        "left -> right: a new table\n"
    )


def test_for_tools(tmp_path: Path) -> None:
    """With --format json the same as one object."""
    write(str(tmp_path / "old"), render([plan("1h"), plan("1h", name="gone")], []))
    write(str(tmp_path / "new"), render([plan("50m"), plan("1h", name="new")], []))
    document: dict[str, Any] = json.loads(
        diff(tmp_path / "old", tmp_path / "new", "--format", "json").stdout
    )
    assert (document["gone"], document["new"]) == (["gone"], ["new"])
    (one,) = document["plans"]
    assert (one["name"], one["verdict"]) == ("things", "other_answers")
    assert {
        "verdict": "other_answers",
        "what": "feature n_sum_1h is gone",
        "why": "requests no longer answer it",
    } in one["changes"]


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    """A missing plan is the user's mistake."""
    ran = diff(tmp_path, tmp_path)
    assert ran.exit_code == 1
    assert "there is no plan" in ran.stderr


@pytest.mark.parametrize(
    ("severity", "status"),
    [("compatible", 1), ("other-answers", 1), ("new-level", 0), ("new-table", 0)],
)
def test_fails_on_what_is_grave(tmp_path: Path, severity: str, status: int) -> None:
    """A feature less is another answer, and the exit status says so where it is asked to."""
    write(str(tmp_path / "old"), render([plan("1h")], []))
    write(str(tmp_path / "new"), render([plan("50m")], []))
    assert diff(tmp_path / "old", tmp_path / "new", "--fail-on", severity).exit_code == status
