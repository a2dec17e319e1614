"""What a command line says of an exception, and how it ends."""

from __future__ import annotations

import errno
import json

import click
import pytest

from tilewright_runtime.boundary import command_boundary
from tilewright_runtime.errors import PlanError


def ended(error: BaseException) -> tuple[list[str], object]:
    """What is said when a command raises an error, and the status."""
    lines: list[str] = []
    with pytest.raises(SystemExit) as end, command_boundary(lines.append):
        raise error
    return lines, end.value.code


def test_an_error_of_ours_is_a_line() -> None:
    """Its text is what is said."""
    assert ended(PlanError("plan.json: no")) == (["error: plan.json: no"], 1)


def test_a_fault_is_a_line_that_says_where_and_how_to_report_it() -> None:
    """The innermost line of ours is named, without the machine's folders."""
    from tilewright_compiler.frontend.json_schema import json_schema

    lines: list[str] = []
    with pytest.raises(SystemExit) as end, command_boundary(lines.append):
        json_schema("nothing")
    assert end.value.code == 1
    (line,) = lines
    assert line.startswith(
        "error: internal: KeyError: 'nothing' (tilewright_compiler/frontend/json_schema.py:"
    )
    assert "report it with the traceback, which tilewright --debug" in line


def test_the_traceback_is_shown_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """TILEWRIGHT_DEBUG shows it before the line."""
    monkeypatch.setenv("TILEWRIGHT_DEBUG", "1")
    lines, _ = ended(KeyError("x"))
    assert lines[0].startswith("Traceback (most recent call last):")
    assert lines[1].startswith("error: internal: KeyError")


def test_no_password_is_said() -> None:
    """Also if a library puts a URL into its exception."""
    (line,), _ = ended(ValueError("cannot reach redis://ana:s3cret@host/0"))
    assert "s3cret" not in line
    assert "redis://***@host/0" in line


@pytest.mark.parametrize(
    "error",
    [
        PlanError("redis:/:s3cret@host/0: there is no plan."),
        PlanError("query time 'redis://ana:s3/cr@et@host/0' is neither"),
    ],
)
def test_no_password_is_said_of_a_store_where_something_else_belongs(error: Exception) -> None:
    """As an argument in the place of a plan."""
    (line,), _ = ended(error)
    assert "s3" not in line
    assert "***@host/0" in line


def test_no_password_is_said_of_wrong_usage() -> None:
    """Click names the argument that it does not know."""
    error = click.UsageError("Got unexpected extra argument (rediss://ana:s3cret@host/0)")
    with pytest.raises(click.UsageError) as raised, command_boundary(pytest.fail):
        raise error
    assert raised.value.message == "Got unexpected extra argument (rediss://***@host/0)"


def test_a_user_without_a_password_is_said() -> None:
    """It tells stores apart."""
    (line,), _ = ended(PlanError("store redis://ana@host:6379/0: no"))
    assert line == "error: store redis://ana@host:6379/0: no"


def test_what_cannot_be_printed_is_said_escaped() -> None:
    """Half a surrogate in a message does not hide the message."""
    (line,), _ = ended(PlanError("the name \ud800"))
    assert line == "error: the name \\ud800"


def test_what_the_system_refuses_names_its_reason() -> None:
    """A full disk is no fault of ours, and what to do is said."""
    (line,), _ = ended(OSError(errno.ENOSPC, "No space left on device"))
    assert line == (
        "error: input or output: No space left on device. Free some space and run it again."
    )


def test_ctrl_c_ends_with_the_status_of_a_shell() -> None:
    """A line, and 130."""
    assert ended(KeyboardInterrupt()) == (["interrupted"], 130)


@pytest.mark.parametrize(
    "error",
    [click.UsageError("no"), click.exceptions.Exit(3), click.Abort(), BrokenPipeError()],
    ids=lambda error: type(error).__name__,
)
def test_what_click_ends_a_command_with_passes(error: Exception) -> None:
    """Click says it itself; a closed pipe is nobody's fault."""
    with pytest.raises(type(error)), command_boundary(pytest.fail):
        raise error


def test_a_long_text_of_a_library_is_cut() -> None:
    """A number of 5,000 digits does not fill the screen."""
    (line,), _ = ended(ValueError(json.dumps([1] * 5000)))
    assert len(line) < 700
