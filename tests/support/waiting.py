"""Waiting for what happens in another process, with an end to it."""

from __future__ import annotations

import time
from collections.abc import Callable

_PATIENCE_S = 90
_PAUSE_S = 0.01


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Asks again and again until a condition holds; fails with what did not come about."""
    until = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"{what}: not in {_PATIENCE_S} s"
        time.sleep(_PAUSE_S)
