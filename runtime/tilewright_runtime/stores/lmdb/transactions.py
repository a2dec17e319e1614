"""The open transactions of a process.

A map may grow, and the process may fork, only between them.
"""

from __future__ import annotations

import threading


class Transactions:
    """Counts open transactions, and holds off new ones.

    Every read of a store begins one, so beginning takes no lock. It first says that it is open and
    then looks whether it may be; who holds off first says so and then looks what is open. So at
    least one of the two sees the other. Appending to a list and popping from it are atomic.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._open: list[None] = []
        self._held_off = False

    def __enter__(self) -> None:
        """Begins one, as soon as they are not held off."""
        self._open.append(None)
        if self._held_off:
            self._give_way()

    def __exit__(self, *error: object) -> None:
        self._open.pop()
        if self._held_off:
            with self._changed:
                self._changed.notify_all()

    def _give_way(self) -> None:
        """Wait, as if not begun, until transactions may begin."""
        with self._changed:
            while self._held_off:
                self._open.pop()
                self._changed.notify_all()
                self._changed.wait()
                self._open.append(None)

    def hold_off(self) -> None:
        """Wait until none is open, and hold off new ones."""
        with self._changed:
            while self._held_off:
                self._changed.wait()
            self._held_off = True
            while self._open:
                self._changed.wait()

    def resume(self) -> None:
        """Let transactions begin again."""
        with self._changed:
            self._held_off = False
            self._changed.notify_all()
