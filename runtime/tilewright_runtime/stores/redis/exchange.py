"""Sends commands together over one pooled connection.

It does what a pipeline of redis-py does, without looking at each argument of each command, which
takes longer than the server does to answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from .packing import Command, packed

#: How many rounds are on their way: while a server works at one, the next ones are made.
_ROUNDS_AHEAD = 3


def exchange_over(pool: Any, commands: Sequence[Command]) -> list[Any]:
    """Send commands, and return their answers.

    An error of a single command is among the answers. Raises what redis-py raises if the connection
    breaks, after it was tried again as its settings say.
    """
    connection = pool.get_connection()
    try:
        sent = [packed(commands)]
        answers: list[Any] = connection.retry.call_with_retry(
            lambda: _exchange(connection, sent, len(commands)),
            lambda error: connection.disconnect(),
        )
        return answers
    finally:
        pool.release(connection)


def stream_over(pool: Any, rounds: Iterable[Sequence[Command]]) -> None:
    """Send rounds of commands, without waiting for each.

    Raises the first error that is answered, and what `exchange_over` raises. What was not answered
    when a connection broke is sent again.
    """
    connection = pool.get_connection()
    flight = _Flight(connection)
    try:
        for commands in rounds:
            flight.send(packed(commands), len(commands))
            if len(flight.waiting) > _ROUNDS_AHEAD:
                flight.land()
        while flight.waiting:
            flight.land()
    finally:
        if flight.waiting:  # whoever uses the connection next would get their answers
            connection.disconnect()
        pool.release(connection)


class _Flight:
    """Rounds that were sent, and not answered yet."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        #: The bytes of each, and the number of its answers.
        self.waiting: deque[tuple[bytes, int]] = deque()
        self._sent = 0

    def send(self, commands: bytes, count: int) -> None:
        """Send a round behind the others."""
        self.waiting.append((commands, count))
        self._try(self._send)

    def land(self) -> None:
        """Wait until the first round is answered."""
        for answer in self._try(self._receive):
            if isinstance(answer, Exception):
                raise answer

    def _send(self) -> None:
        while self._sent < len(self.waiting):
            # The answer to a ping would come behind those that are waited for.
            self._connection.send_packed_command(
                [self.waiting[self._sent][0]], check_health=not self._sent
            )
            self._sent += 1

    def _receive(self) -> list[Any]:
        self._send()
        answers = _answers(self._connection, self.waiting[0][1])
        self.waiting.popleft()
        self._sent -= 1
        return answers

    def _try(self, work: Any) -> Any:
        return self._connection.retry.call_with_retry(work, self._break)

    def _break(self, _: Exception) -> None:
        self._connection.disconnect()
        self._sent = 0


def _exchange(connection: Any, sent: Sequence[bytes], count: int) -> list[Any]:
    connection.send_packed_command(sent)
    return _answers(connection, count)


def _answers(connection: Any, count: int) -> list[Any]:
    answers: list[Any] = []
    for _ in range(count):
        try:
            answers.append(connection.read_response())
        except Exception as wrong:
            from redis.exceptions import ResponseError  # looked for only if something is wrong

            if not isinstance(wrong, ResponseError):
                raise
            answers.append(wrong)
    return answers
