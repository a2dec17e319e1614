"""Signals that ask a command to stop."""

from __future__ import annotations

import signal
from unittest import mock

import pytest

from tilewright_runtime.commands.stopping import Stop


def test_a_signal_that_comes_twice_at_once_is_one_request() -> None:
    """`timeout` sends it to the process and to its group; a later one does not wait."""
    stop = Stop()
    with mock.patch("tilewright_runtime.commands.stopping.time") as time:
        time.monotonic.side_effect = [10.0, 10.01, 12.0]
        stop.note(signal.SIGTERM, None)
        stop.note(signal.SIGTERM, None)
        assert stop() and stop.status == 143
        with pytest.raises(KeyboardInterrupt):
            stop.note(signal.SIGTERM, None)
