"""Connections to a server, and what it said of itself."""

from __future__ import annotations

import time
from typing import Any

from redis import BlockingConnectionPool

from ..filling import Server

#: How long it is taken for granted: counting evicted keys takes a server longer than a cover.
_KEPT_S = 0.1


class ServerPool(BlockingConnectionPool):
    """Keeps for a moment what a server said of itself.

    A server that restarts breaks every connection. So nothing is kept beyond the making of a new
    one, which might lead to another run of the server, or to another server.
    """

    #: What is another one whenever a connection is made.
    session: object = None
    _last: tuple[object, float, Server] | None = None

    def make_connection(self) -> Any:
        """Make a connection that tells when it connects."""
        connection = super().make_connection()  # type: ignore[no-untyped-call]
        connection.register_connect_callback(self._begin_session)
        return connection

    def _begin_session(self, _: Any) -> None:
        self.session = object()

    def keep(self, session: object, server: Server) -> None:
        """Keep what the server said.

        `session` is that of before it was asked.
        """
        self._last = session, time.monotonic(), server

    def server(self) -> Server | None:
        """Tell what the server said lately."""
        last = self._last
        if last is None or last[0] is not self.session or time.monotonic() - last[1] > _KEPT_S:
            return None
        return last[2]
