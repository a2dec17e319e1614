"""Who may use a writer: one thread, and no fork."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from ..errors import StoreError


class Turns:
    """Lets the threads of one process take turns.

    A fork would count the same events as its parent, so it has no turn.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._lock = RLock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and hold it."""
        self.require_own_process()
        with self._lock:
            yield

    def require_own_process(self) -> None:
        """Raise StoreError in a fork."""
        if os.getpid() != self._process:
            raise StoreError(
                f"this writer belongs to process {self._process}, and this process is a fork of "
                "it: both would count the same events. Make another writer after the fork."
            )
