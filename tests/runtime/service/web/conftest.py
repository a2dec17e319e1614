"""A service with its web page, over a store with an entity that is named like a script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from support.cli import Desk
from support.service import serving
from support.session import row

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the page."""
    desk = Desk(tmp_path_factory.mktemp("site"))
    desk.write(desk.events([row("a", 1), row("a", 2), row(SCRIPT, 4)]))
    with serving([Path(desk.plan)], desk.store, ui=True) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window.

    An event loop runs in this thread until it is closed, so that no other test could start one.
    """
    program = shutil.which("chromium")
    assert program, "chromium is missing: scripts/bootstrap --servers installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
