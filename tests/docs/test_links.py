"""What pages refer to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.pages import ROOT, name, pages, prose

_LINK = re.compile(r"(?<!\!)\[[^\]]+\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that exists, and a heading in it."""
    broken = []
    for link in _LINK.findall(prose(page.read_text())):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=name)
def test_a_page_has_one_title(page: Path) -> None:
    """It is the first line, and the only heading of the first rank."""
    titles = re.findall(r"^# .+$", prose(page.read_text()), re.MULTILINE)
    assert titles == page.read_text().splitlines()[:1]


def test_every_page_is_reached_from_the_index() -> None:
    """docs/index.md links to all pages but the decisions, which have an index of their own."""
    index = ROOT / "docs/index.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve()
        for link in _LINK.findall(index.read_text())
    }
    expected = [
        page
        for page in pages()[1:]
        if page != index
        and page.is_relative_to(ROOT / "docs")
        and (page.parent.name != "decisions" or page.name == "index.md")
    ]
    assert [name(page) for page in expected if page not in linked] == []


def test_every_decision_is_in_the_index() -> None:
    """The index lists each record with its title, and the numbers have no gap."""
    folder = ROOT / "docs/decisions"
    records = sorted(folder.glob("[0-9]*.md"))
    index = (folder / "index.md").read_text()
    assert [record.name[:4] for record in records] == [
        f"{number:04}" for number in range(1, len(records) + 1)
    ]
    for record in records:
        title = record.read_text().splitlines()[0].removeprefix("# ")
        assert f"[{title}]({record.name})" in index
        assert title.startswith(f"{record.name[:4]} ")


def test_every_decision_has_the_same_parts() -> None:
    """Context, decision, why, consequences."""
    for record in sorted((ROOT / "docs/decisions").glob("[0-9]*.md")):
        headings = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
        assert headings[:4] == ["Context", "Decision", "Why", "Consequences"], record.name


def test_verbs_of_make_exist() -> None:
    """Each `make …` that a page names is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        verb
        for page in pages()
        for verb in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert named <= targets
