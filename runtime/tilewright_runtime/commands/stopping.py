"""Stops a command between two batches, on SIGINT or SIGTERM."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Added to the number of a signal, this is the status that a shell gives a process it ends.
_SIGNAL_STATUS = 128
#: `timeout` and others send a signal to a process and then to its group, which it is in.
_SAME_REQUEST_S = 0.5


class Stop:
    """Whether a signal has asked the command to stop."""

    def __init__(self) -> None:
        self._signal = 0
        self._since_s = 0.0

    def __call__(self) -> bool:
        """Tell whether to stop."""
        return self._signal != 0

    @property
    def status(self) -> int:
        """The exit status of a command stopped midway."""
        return _SIGNAL_STATUS + self._signal

    def note(self, number: int, frame: FrameType | None) -> None:
        """Take a signal.

        A second one, unless it comes with the first, does not wait for anything: it raises
        KeyboardInterrupt.
        """
        now_s = time.monotonic()
        if not self._signal:
            self._signal, self._since_s = number, now_s
        elif now_s - self._since_s > _SAME_REQUEST_S:
            raise KeyboardInterrupt


@contextmanager
def stopping() -> Iterator[Stop]:
    """Take SIGINT and SIGTERM as a request to stop.

    What is being committed is committed first.
    """
    stop = Stop()
    before = {number: signal.signal(number, stop.note) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
