"""`tilewright explain`: a plan, explained as text or as a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import Desk
from support.plans import AT, plan_of
from support.session import SCHEMA
from tilewright import Aggregation, Operation


def test_it_explains_a_plan(tmp_path: Path) -> None:
    """The text names each feature, the rule that chose its tile size, and the covers at the
    time.
    """
    ran = Desk(tmp_path).run("explain", tmp_path, "--at", "2024-01-04T14:37:25Z")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("things  online, by k VARCHAR\n")
    assert "hierarchical: window <=" in ran.out
    assert "Covers at 2024-01-04T14:37:25Z" in ran.out


def test_names_stay_whole_where_no_terminal_limits_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Output for a file or another program is wide enough to search it for a feature; COLUMNS sets
    another width.
    """
    monkeypatch.delenv("COLUMNS", raising=False)
    counted = Aggregation(
        input_column="n", operation=Operation.COUNT, windows=["1h"], name="payments_by_card_abroad"
    )
    desk = Desk(tmp_path, plan_of(SCHEMA, ["k"], [counted]))
    assert "\npayments_by_card_abroad_1h" in desk.run("explain", tmp_path).out
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, desk.run("explain", tmp_path).out.splitlines())) <= 60


def test_it_makes_a_page(tmp_path: Path) -> None:
    """With --format html, standard output is a page."""
    ran = Desk(tmp_path).run("explain", tmp_path / "plan.json", "--at", str(AT), "--format", "html")
    assert ran.status == 0
    assert ran.out.startswith("<!doctype html>")
    assert ran.out.endswith("</html>\n")


def test_its_mistakes(tmp_path: Path) -> None:
    """A missing plan and a time that is none are the user's mistakes, another format one of
    usage.
    """
    desk = Desk(tmp_path)
    assert desk.run("explain", tmp_path / "elsewhere").status == 1
    assert desk.run("explain", tmp_path, "--at", "noon").status == 1
    assert desk.run("explain", tmp_path, "--format", "pdf").status == 2


def test_now_is_the_usual_time(tmp_path: Path) -> None:
    """Without --at the covers are those of now."""
    assert Desk(tmp_path).run("explain", tmp_path).status == 0
