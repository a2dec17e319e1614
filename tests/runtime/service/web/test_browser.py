"""The pages in a browser: the slider, the charts, the keyboard, a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from support.plans import AT


@pytest.fixture
def page(browser: Browser, site: httpx.Client) -> Iterator[Page]:
    """A page whose console stays silent."""
    context = browser.new_context(base_url=str(site.base_url))
    page = context.new_page()
    page.set_default_timeout(30_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def test_the_slider_moves_the_covers(page: Page) -> None:
    """By the keyboard, without loading the page again."""
    page.goto(f"/ui/plans/things?at={AT}")
    before = page.locator("#covers .axis").first.inner_text()
    page.get_by_label("Move the query time").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#covers .axis").first).not_to_have_text(before)
    assert page.get_by_label("Query time", exact=True).input_value() < "2024-01-04T14:37:25"


def test_a_fetch_is_tried_from_the_page(page: Page) -> None:
    """By the keyboard alone: from the list of plans to the features."""
    page.goto("/ui")
    page.get_by_role("link", name="Try a fetch").focus()
    page.keyboard.press("Enter")
    page.get_by_label("k VARCHAR").fill("a")
    page.get_by_label("query time").fill(str(AT))
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="n_sum_1h 3", exact=True).first).to_be_visible()


def test_plans_are_filtered(page: Page) -> None:
    """By their names and those of their features."""
    page.goto("/ui")
    search = page.get_by_label("Find a plan or feature")
    search.fill("t_last")
    expect(page.locator("[data-plan]")).to_be_visible()
    search.fill("nothing of the kind")
    expect(page.get_by_text("None has that")).to_be_visible()


def test_charts_show_what_is_counted(page: Page, site: httpx.Client) -> None:
    """A few seconds after it was."""
    page.goto("/ui/live")
    charts = page.locator("#charts .now")
    expect(charts).to_have_count(6)
    for _ in range(20):
        site.post("/v1/features/groupby/things", json=[{"k": "a"}] * 10)
    for chart in (2, 4, 5):  # tiles per request, late events, staleness
        expect(charts.nth(chart)).to_have_text(re.compile(r"^\d"), timeout=30_000)
    expect(page.get_by_text("No new figures")).to_have_count(0)


@pytest.mark.parametrize("path", ["/ui", "/ui/plans/things", "/ui/plans/things/entity?key.k=a"])
def test_a_phone_scrolls_one_way_only(browser: Browser, site: httpx.Client, path: str) -> None:
    """No page is wider than a narrow screen, dark or light."""
    context = browser.new_context(
        base_url=str(site.base_url), viewport={"width": 360, "height": 740}, color_scheme="dark"
    )
    page = context.new_page()
    page.goto(path)
    width: int = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= 360
