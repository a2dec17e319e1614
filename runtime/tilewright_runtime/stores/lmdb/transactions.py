"""The open transactions of a process.

A map may grow, and the process may fork, only between them.
"""

from __future__ import annotations

import threading


class Transactions:
    """Counts open transactions, and holds off new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # taken by itself twice a read, which is quicker
        self._changed = threading.Condition(self._lock)
        self._open = 0
        self._held_off = False

    def __enter__(self) -> None:
        """Begins one, as soon as they are not held off."""
        with self._lock:
            while self._held_off:
                self._changed.wait()
            self._open += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._open -= 1
            if self._held_off:
                self._changed.notify_all()

    def hold_off(self) -> None:
        """Wait until none is open, and hold off new ones."""
        with self._changed:
            while self._held_off:
                self._changed.wait()
            self._held_off = True
            while self._open:
                self._changed.wait()

    def resume(self) -> None:
        """Lets transactions begin again."""
        with self._changed:
            self._held_off = False
            self._changed.notify_all()
