"""Cycles of objects: a command looks for them less often, and leaves Python as it was."""

from __future__ import annotations

import gc

from tilewright_compiler.frontend.cycles import rarely_collected


def test_thresholds_come_back() -> None:
    """After a command Python looks for cycles as often as before, also where it failed."""
    before = gc.get_threshold()
    try:
        with rarely_collected():
            assert gc.get_threshold() != before
            raise RuntimeError
    except RuntimeError:
        assert gc.get_threshold() == before
