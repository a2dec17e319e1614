"""Taking what arrives while what came before is written."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Does one thing in a thread, until its result is asked for."""

    def __init__(self, work: Callable[[Callable[[], bool]], T]) -> None:
        """`work` gets what tells whether its result is awaited."""
        self._work = work
        self._is_awaited = Event()
        self._thread: Thread | None = None
        self._result: T | None = None
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Begin to work; what was begun before must have ended."""
        self._is_awaited.clear()
        self._result = self._error = None
        self._thread = Thread(target=self._run, name="tilewright-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work(self._is_awaited.is_set)
        except BaseException as error:  # it is raised where the result is asked for
            self._error = error

    def end(self) -> T | None:
        """Wait for the result; None if nothing was begun.

        Raises what the work has raised.
        """
        if self._thread is None:
            return None
        self._is_awaited.set()
        self._thread.join()
        self._thread = None
        if self._error is not None:
            raise self._error
        return self._result
