"""The catalogue of diagnostics, and the page that is made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tilewright_compiler.frontend.catalogue import CATALOGUE, Entry, page

ROOT = Path(__file__).parents[3]


def test_the_page_is_that_of_the_catalogue() -> None:
    """docs/reference/diagnostics.md is what `python -m tilewright_compiler.frontend.catalogue`
    prints.
    """
    assert (ROOT / "docs/reference/diagnostics.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(("code", "entry"), CATALOGUE.items(), ids=CATALOGUE)
def test_an_entry_is_complete(code: str, entry: Entry) -> None:
    """A code has a title, a cause and a remedy in whole sentences."""
    assert re.fullmatch(r"TW\d{3}", code)
    assert entry.title
    assert not entry.title.endswith(".")
    assert entry.cause.endswith(".")
    assert entry.remedy.endswith(".")


def test_codes_stand_in_order() -> None:
    """The page is read from top to bottom."""
    assert list(CATALOGUE) == sorted(CATALOGUE)


def test_every_code_is_reported_somewhere() -> None:
    """A code that no source names is left over."""
    sources = [path for path in (ROOT / "compiler").rglob("*.py") if path.name != "catalogue.py"]
    used = set(
        re.findall(r'"(TW\d{3})"', "".join(path.read_text(encoding="utf-8") for path in sources))
    )
    assert used == set(CATALOGUE)
