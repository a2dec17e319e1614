"""Every block of code in the documentation has somebody who runs or checks it."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest

from docs.pages import ROOT, Block, blocks, name, pages, prose
from docs.session import LANGUAGES
from docs.test_examples import PAGES
from docs.test_reference import commands

#: Pages that a test follows from beginning to end.
FOLLOWED = {"README.md", "docs/how-to/run-on-flink.md", *map(name, PAGES)}
_SETTINGS = "tests/runtime/readers/kafka/test_topic.py::test_the_settings_that_a_page_shows"
_RIGHTS = (
    "tests/runtime/stores/backends/test_redis.py::test_a_user_needs_the_rights_that_are_documented"
)
_KEY = "tests/docs/test_reference.py::test_the_key_that_is_shown_is_that_of_a_tile"
_PYTHON = "tests/docs/test_site.py::test_the_page_of_the_python_api_is_what_the_docstrings_say"
_DEFAULT = "tests/docs/test_reference.py::test_the_configuration_that_is_shown_is_the_default"
_STATISTICS = "tests/docs/test_reference.py::test_the_statistics_that_are_shown_are_loaded"
_BENCH = "tests/docs/test_when_to_tile.py::test_the_page_shows_the_figures_that_were_measured"
_PACKAGES = "tests/docs/test_architecture.py::test_every_room_is_drawn"
#: Page and language -> the test of such blocks.
CHECKED = {
    ("docs/how-to/follow-events.md", "properties"): _SETTINGS,
    ("docs/how-to/serve-from-redis.md", "text"): _RIGHTS,
    ("docs/how-to/when-to-tile.md", "text"): _BENCH,
    ("docs/reference/configuration.md", "yaml"): _STATISTICS,
    ("docs/reference/plan.md", "text"): _KEY,
    ("docs/reference/python.md", "text"): _PYTHON,
    ("docs/architecture.md", "text"): _PACKAGES,
}
#: Pages whose texts are drawings of time; nothing in them can be run.
DRAWINGS = {"docs/concepts.md"}


def is_cared_for(page: str, block: Block) -> bool:
    """Tell whether a test runs a block of a page, or compares it with something."""
    if block.title is not None or block.language in LANGUAGES:
        return page in FOLLOWED
    return (page, block.language) in CHECKED or (block.language == "text" and page in DRAWINGS)


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_block_is_run_or_checked(page: Path) -> None:
    """A block of a new kind, or on a page that nobody follows, needs a test first."""
    found = [block for block in blocks(page.read_text()) if not is_cared_for(name(page), block)]
    assert [(block.line, block.language) for block in found] == []


def test_a_block_of_a_new_kind_is_seen() -> None:
    """Neither another language nor another page is taken for one that a test knows."""
    block = Block("ruby", None, "puts 1\n", 1)
    assert not is_cared_for("README.md", block)
    assert not is_cared_for("README.md", replace(block, language=""))
    assert not is_cared_for("docs/how-to/new.md", replace(block, language="sh"))
    assert is_cared_for("README.md", replace(block, language="sh"))


@pytest.mark.parametrize("test", sorted(set(CHECKED.values())))
def test_the_test_of_a_block_is_there(test: str) -> None:
    """Under the name that is said of it."""
    file, _, function = test.partition("::")
    assert f"def {function}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("page", pages(), ids=name)
def test_no_command_hides_in_an_indented_block(page: Path) -> None:
    """Only what stands between fences is run."""
    text = prose(page.read_text())
    assert re.findall(r"(?m)^ {4,}(?:\$ )?(?:tilewright|pip|python3?|curl|docker) .*", text) == []


def inline() -> list[str]:
    """Give the commands in the sentences of the pages, but for those with parts to fill in."""
    found = {
        span.replace("\n", " ")
        for page in pages()
        for span in re.findall(r"`(tilewright [a-z][^`]*)`", prose(page.read_text()))
    }
    return sorted(span for span in found if not re.search(r"…|\.\.\.", span))


@pytest.mark.parametrize("line", inline())
def test_a_command_in_a_sentence_is_one(line: str) -> None:
    """It has no options but those of the command line."""
    _, command_name, *arguments = shlex.split(line)
    command = commands()[f"tilewright {command_name}"]
    known = {form for p in command.params for form in p.opts} | {"--help"}
    if not command.context_settings.get("ignore_unknown_options"):
        options = {one.partition("=")[0] for one in arguments if one.startswith("--")}
        assert options <= known
    assert isinstance(command, click.Command)
