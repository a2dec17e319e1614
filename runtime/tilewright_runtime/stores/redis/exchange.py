"""Sends commands together over one pooled connection.

It does what a pipeline of redis-py does, without looking at each argument of each command, which
takes longer than the server does to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def exchange_over(pool: Any, commands: Sequence[Sequence[Any]]) -> list[Any]:
    """Send commands, and return their answers.

    An error of a single command is among the answers. Raises what redis-py raises if the connection
    breaks, after it was tried again as its settings say.
    """
    connection = pool.get_connection()
    try:
        packed = _packed(connection, commands)
        answers: list[Any] = connection.retry.call_with_retry(
            lambda: _exchange(connection, packed, len(commands)),
            lambda error: connection.disconnect(),
        )
        return answers
    finally:
        pool.release(connection)


def _packed(connection: Any, commands: Sequence[Sequence[Any]]) -> list[bytes]:
    try:
        from hiredis import pack_command
    except ImportError:
        packed: list[bytes] = connection.pack_commands(commands)
        return packed
    return [b"".join([pack_command(tuple(command)) for command in commands])]


def _exchange(connection: Any, packed: Sequence[bytes], count: int) -> list[Any]:
    from redis.exceptions import ResponseError

    connection.send_packed_command(packed)
    answers: list[Any] = []
    for _ in range(count):
        try:
            answers.append(connection.read_response())
        except ResponseError as wrong:
            answers.append(wrong)
    return answers
