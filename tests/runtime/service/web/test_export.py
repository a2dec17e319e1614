"""The page as files."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.cli import Desk
from support.plans import aggregations, plan_of
from support.session import SCHEMA
from tilewright import Operation

NAME = "clicks.by_user"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a plan."""
    plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM], ["1h", "7d"]), name=NAME)
    desk = Desk(tmp_path_factory.mktemp("exported"), plan)
    ran = desk.run("serve", desk.plan, "--export", desk.folder / "pages")
    assert (ran.status, ran.out) == (0, f"{desk.folder}/pages/index.html\n")
    return desk.folder / "pages"


def test_the_files_are_the_plans_and_what_they_load(folder: Path) -> None:
    """Nothing in them needs a service."""
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    plan = f"plans/{NAME}.html"
    assert files == {"index.html", "static/page.js", "static/style.css", plan}
    for page in ("index.html", plan):
        text = (folder / page).read_text()
        assert "/ui" not in text and "http" not in text


def test_a_file_is_read_as_a_page(folder: Path, browser: Browser) -> None:
    """From the list to a plan, whose slider moves."""
    page = browser.new_page()
    page.goto(f"{folder.as_uri()}/index.html")
    page.get_by_role("link", name=NAME).click()
    before = page.locator("#covers .axis").first.inner_text()
    page.get_by_label("Move the query time").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#covers .axis").first).not_to_have_text(before)
    page.close()
