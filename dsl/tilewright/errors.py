"""The root of everything that Tilewright raises on purpose."""

from __future__ import annotations


class TilewrightError(Exception):
    """An error that says what to do.

    The compiler's `CompileError` and the runtime's errors derive from it, so one `except` is enough
    for a caller. Any other exception is a bug in Tilewright.
    """
