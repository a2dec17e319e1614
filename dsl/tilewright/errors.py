"""The root of all errors, and mistakes in declarations."""

from __future__ import annotations

from typing import NamedTuple


class TilewrightError(Exception):
    """An error that says what to do.

    The compiler's `CompileError` and the runtime's errors derive from it, so one `except` is enough
    for a caller. Any other exception is a bug in Tilewright.
    """


class CallSite(NamedTuple):
    """The author's line that made a declaration."""

    file: str
    line: int


class Problem(NamedTuple):
    """A mistake in a declaration.

    `kind` is a short word for which the compiler has a code.
    """

    kind: str
    message: str
