"""Connections to a server, and what it said of itself."""

from __future__ import annotations

import threading
import time
from typing import Any

from redis import BlockingConnectionPool

from ..filling import Server

#: How long it is taken for granted: counting evicted keys takes a server longer than a cover.
_KEPT_S = 0.1


class _Session:
    """A connection from its making to its end.

    It leads to one run of a server.
    """

    run: str | None = None
    """That run, once the server has named it."""


class ServerPool(BlockingConnectionPool):
    """Keeps for a moment what a server said of itself.

    Which run of which server answers is known of each connection by itself: after a failover behind
    one address, old connections may lead to the old server while new ones lead to the new one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._used = threading.local()
        self._last: tuple[float, Server] | None = None
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def make_connection(self) -> Any:
        """Make a connection that tells when it connects."""
        connection = super().make_connection()  # type: ignore[no-untyped-call]
        connection.register_connect_callback(self._begin_session)
        return connection

    def _begin_session(self, connection: Any) -> None:
        connection.session = _Session()

    def release(self, connection: Any) -> None:
        """Give back a connection, and note its session.

        It is that which this thread used last.
        """
        self._used.session = getattr(connection, "session", None)
        super().release(connection)  # type: ignore[no-untyped-call]

    def keep(self, asked_s: float, server: Server) -> None:
        """Keep what the last server said.

        It has answered this thread. `asked_s` is the monotonic time in seconds before it was asked.
        """
        session = self._used.session
        if session is not None:
            session.run = server.run
            self._last = asked_s, server

    def server(self) -> Server | None:
        """Tell what the server said lately."""
        last = self._last
        return last[1] if last is not None and time.monotonic() - last[0] <= _KEPT_S else None

    @property
    def run(self) -> str | None:
        """The run that answered this thread last, if known."""
        session: _Session | None = self._used.session
        return session.run if session is not None else None
