"""Where exceptions end: their message and exit status."""

from __future__ import annotations

import errno
import os
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

#: If it is set to anything, the traceback of a fault is printed.
DEBUG_VARIABLE = "TILEWRIGHT_DEBUG"

_FAILED = 1
#: What a shell gives a process that Ctrl-C has ended.
_INTERRUPTED = 130
_LONGEST = 300
_LOGIN = re.compile(r"//[^/\s]*@")
_OUR_FILE = re.compile(r".*[/\\](tilewright(?:_compiler|_runtime)?[/\\].*\.py)$")
_ADVICE = {
    errno.ENOSPC: "Free some space and run it again",
    errno.EDQUOT: "Free some space and run it again",
    errno.EACCES: "Check who may read and write it",
    errno.EPERM: "Check who may read and write it",
    errno.EMFILE: "Raise the limit of open files (ulimit -n)",
}


@contextmanager
def command_boundary(
    say: Callable[[str], None], *, interrupted: str = "interrupted"
) -> Iterator[None]:
    """End a command with a line and a status."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = _without_passwords(error.message)
        raise
    except (click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        _say(say, interrupted)
        raise SystemExit(_INTERRUPTED) from None
    except Exception as error:
        if isinstance(error, BrokenPipeError):
            raise
        if os.environ.get(DEBUG_VARIABLE):
            _say(say, "".join(traceback.format_exception(error)).rstrip())
        _say(say, f"error: {describe(error)}")
        raise SystemExit(_FAILED) from None


def describe(error: Exception) -> str:
    """Say what went wrong, where, and what to do.

    The message is for a reader who has not seen our code.
    """
    from tilewright.errors import TilewrightError  # not before something fails

    match error:
        case TilewrightError():
            return str(error)
        case OSError(errno=int(number)) if number in _ADVICE or error.filename is not None:
            where = error.filename or "input or output"
            advice = _ADVICE.get(number, "Check that it is there and can be used")
            return f"{_one_line(str(where))}: {error.strerror}. {advice}."
        case MemoryError():
            return "there is not enough memory. Give the process more of it, or less to do at once."
        case _:
            return (
                f"internal: {type(error).__name__}: {_one_line(str(error))} ({_place(error)}). "
                "This is a fault of Tilewright, not of yours. Please report it with the "
                f"traceback, which tilewright --debug or {DEBUG_VARIABLE}=1 shows."
            )


def _say(say: Callable[[str], None], line: str) -> None:
    # Half a surrogate cannot be printed. If nothing can be printed, the status still counts.
    with suppress(OSError):
        say(_without_passwords(line).encode("utf-8", "backslashreplace").decode())


def _without_passwords(line: str) -> str:
    from tilewright.errors import without_passwords

    return without_passwords(line)


def _one_line(text: str) -> str:
    line = _LOGIN.sub("//***@", " ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _place(error: Exception) -> str:
    """Find our innermost line that the exception passed."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if match := _OUR_FILE.fullmatch(frame.filename):
            return f"{match[1]}:{frame.lineno}"
    return "outside of Tilewright"
