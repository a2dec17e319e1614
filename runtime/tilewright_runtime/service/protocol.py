"""Closes connections that do not send a request's head.

The server closes connections that are idle after a response. Those that send nothing at first, or
never end a head, would stay open for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .bodies import write_json
from .problems import RequestError


class TimedConnection(HttpToolsProtocol):
    """A connection whose heads have to come in time."""

    def __init__(self, *, head_s: float, **given: Any) -> None:
        super().__init__(**given)
        self._head_s = head_s
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read some bytes, and wait if they end no head."""
        super().data_received(data)
        if self._has_half_a_head or self.cycle is None or self.cycle.response_complete:
            self._wait()
        elif self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to wait."""
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self._head_s, self._give_up)

    def _give_up(self) -> None:
        """Close the connection, with a reason for half a head."""
        self._waiting = None
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait()  # the request before is not answered yet
            return
        if self._has_half_a_head:
            self.transport.write(_refusal(self._head_s))
        self.transport.close()

    @property
    def _has_half_a_head(self) -> bool:
        is_whole = self.cycle is not None and self.cycle.scope is self.scope
        return self.scope is not None and not is_whole


def _refusal(head_s: float) -> bytes:
    wrong = RequestError(
        "request_timeout", f"the head of the request did not come within {head_s:g} s."
    )
    body = write_json(wrong.document())
    head = (
        f"HTTP/1.1 {wrong.status} Request Timeout\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
