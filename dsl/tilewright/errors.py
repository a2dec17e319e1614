"""The root of everything that Tilewright raises on purpose."""

from __future__ import annotations


class TilewrightError(Exception):
    """Say where, what, why and what to do; anything else that is raised is a fault of ours.

    The compiler's `CompileError` and the runtime's errors stand below it, so that one `except`
    is enough for a caller.
    """
