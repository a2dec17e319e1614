"""Waiting for what happens in another process, with an end to it."""

from __future__ import annotations

import time
from collections.abc import Callable

_PATIENCE_S = 90
_PAUSE_S = 0.01


def wait_until(condition: Callable[[], bool], what: str, patience_s: int = _PATIENCE_S) -> None:
    """Asks again and again until a condition holds; fails with what did not come about."""
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, f"{what}: not in {patience_s} s"
        time.sleep(_PAUSE_S)
