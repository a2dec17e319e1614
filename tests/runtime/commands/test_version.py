"""`tilewright version` and `tilewright completion`."""

from __future__ import annotations

import platform

import duckdb
import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from tilewright_runtime.cli import main


def test_the_version_is_one_line() -> None:
    """The same as that of --version."""
    run = CliRunner()
    assert run.invoke(main, ["version"]).stdout == run.invoke(main, ["--version"]).stdout


def test_verbose_names_what_runs_here() -> None:
    """Formats, Python and libraries by extra; the developers' tools are not among them."""
    lines = CliRunner().invoke(main, ["version", "--verbose"]).stdout.splitlines()
    details = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert platform.python_version() in details["python"]
    assert f"duckdb {duckdb.__version__}" in details["core"]
    assert "redis" in details
    assert "dev" not in details


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    """What is printed calls the program with the shell's variable."""
    done = CliRunner().invoke(main, ["completion", shell])
    assert f"_TILEWRIGHT_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("before", "begun", "completed"),
    [([], "fet", ["fetch"]), (["fetch"], "--key", ["--key", "--keys"])],
)
def test_commands_and_options_complete(before: list[str], begun: str, completed: list[str]) -> None:
    """Also those of commands that are imported when they are run."""
    shell = BashComplete(main, {}, "tilewright", "_TILEWRIGHT_COMPLETE")
    assert [item.value for item in shell.get_completions(before, begun)] == completed
