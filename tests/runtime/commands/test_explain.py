"""`tilewright explain`: a plan, explained as text or as a page."""

from __future__ import annotations

from pathlib import Path

from support.cli import Desk
from support.plans import AT


def test_it_explains_a_plan(tmp_path: Path) -> None:
    """The text names each feature, the rule that chose its tile size, and the covers at the time."""
    ran = Desk(tmp_path).run("explain", tmp_path, "--at", "2024-01-04T14:37:25Z")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("things  online, by k VARCHAR\n")
    assert "hierarchical: window <=" in ran.out
    assert "Covers at 2024-01-04T14:37:25Z" in ran.out


def test_it_makes_a_page(tmp_path: Path) -> None:
    """With --format html, standard output is a page."""
    ran = Desk(tmp_path).run("explain", tmp_path / "plan.json", "--at", str(AT), "--format", "html")
    assert ran.status == 0
    assert ran.out.startswith("<!doctype html>")
    assert ran.out.endswith("</html>\n")


def test_its_mistakes(tmp_path: Path) -> None:
    """A missing plan and a time that is none are the user's mistakes, another format one of usage."""
    desk = Desk(tmp_path)
    assert desk.run("explain", tmp_path / "elsewhere").status == 1
    assert desk.run("explain", tmp_path, "--at", "noon").status == 1
    assert desk.run("explain", tmp_path, "--format", "pdf").status == 2


def test_now_is_the_usual_time(tmp_path: Path) -> None:
    """Without --at the covers are those of now."""
    assert Desk(tmp_path).run("explain", tmp_path).status == 0
