"""The documentation as a site: it builds, is spelled right, and asks no other address."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import ROOT

_TOOLS = Path(sys.executable).parent
#: What a browser loads by itself.
_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(https?://[^\"\s>]+)")
_SPELLED = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "deploy", "scripts")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site; a link to no page or heading, or a page that no list has, fails."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [str(_TOOLS / "mkdocs"), "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    """Those of docs/, and the pages beside it."""
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    for page in [*pages, Path("readme.md"), Path("contributing.md"), Path("changelog.md")]:
        assert (site / page).with_suffix(".html").is_file()


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """Neither scripts nor fonts nor pictures."""
    for page in site.rglob("*.html"):
        others = [url for url in _LOADED.findall(page.read_text()) if "squidfunk" not in url]
        assert others == [], page


def test_words_are_spelled_as_they_are() -> None:
    """In all that users and contributors read, and in the sources."""
    places = [*_SPELLED, "dsl", "compiler", "runtime", "examples"]
    done = subprocess.run(
        [str(_TOOLS / "codespell"), *places], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""


def test_the_page_of_the_python_api_is_what_the_docstrings_say() -> None:
    """`make docs` writes it anew."""
    written = runpy.run_path(str(ROOT / "scripts/python_reference.py"))["page"]()
    assert written == (ROOT / "docs/reference/python.md").read_text()
