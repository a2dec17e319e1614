"""Logs each request as a line of JSON.

The lines go to standard output.
"""

from __future__ import annotations

import queue
import sys
import threading
from contextlib import suppress
from typing import Any

import orjson

from ..times import iso

#: Lines that may wait to be written. If nobody reads the log, further ones are dropped: a service
#: does not wait for its log.
_MOST_WAITING = 10_000


class AccessLog:
    """Writes lines by a thread of its own."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._write, name="access log", daemon=True)
        self._thread.start()

    def add(self, time_ms: int, entry: dict[str, Any]) -> None:
        """Add a request that was answered."""
        with suppress(queue.Full):
            self._lines.put_nowait(orjson.dumps({"time": iso(time_ms), **entry}))

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stdout.buffer.write(line + b"\n")
                if self._lines.empty():
                    sys.stdout.buffer.flush()
            except (OSError, ValueError):  # whoever read it has gone
                return

    def close(self) -> None:
        """Write what waits, unless nobody reads it."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(timeout=1)
