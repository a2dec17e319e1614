"""Rounds of commands that are sent before others are answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from redis import ConnectionError as BrokenConnection
from redis import ResponseError

from support.redis_server import RedisServer
from tilewright_runtime.stores.redis.commands import Commands
from tilewright_runtime.stores.redis.exchange import stream_over
from tilewright_runtime.stores.redis.packing import Command

ROUNDS = 20


def test_what_a_broken_connection_left_open_is_sent_again(redis_server: RedisServer) -> None:
    """Nothing is lost where the server hangs up in the middle."""
    commands = Commands(redis_server.url())

    def rounds() -> Iterator[list[tuple[str, ...]]]:
        for number in range(ROUNDS):
            if number in (5, 12):
                redis_server.client().client_kill_filter(_type="normal", skipme=True)
            yield [("SADD", "numbers", str(number)), ("INCR", "rounds")]

    stream_over(commands.client.connection_pool, rounds())
    assert commands.client.scard("numbers") == ROUNDS
    assert int(commands.client.get("rounds")) >= ROUNDS


def test_a_connection_that_breaks_again_and_again_is_an_error(redis_server: RedisServer) -> None:
    """Without retries the first break is told."""
    commands = Commands(f"{redis_server.url()}?retries=0")

    def rounds() -> Iterator[list[tuple[str, ...]]]:
        for number in range(ROUNDS):
            if number == 5:
                redis_server.client().client_kill_filter(_type="normal", skipme=True)
            yield [("SET", "last", str(number))]

    with pytest.raises(BrokenConnection):
        stream_over(commands.client.connection_pool, rounds())


def test_answers_that_an_error_left_open_are_nobody_elses(redis_server: RedisServer) -> None:
    """Whoever asks next gets what was asked for."""
    commands = Commands(redis_server.url())
    rounds: list[Sequence[Command]] = [[("SET", "one", "1")], [("INCRBY", "one", "x")]]
    rounds += [[("GET", "one")]] * ROUNDS
    with pytest.raises(ResponseError, match="not an integer"):
        stream_over(commands.client.connection_pool, rounds)
    assert commands.client.execute_command("ECHO", "mine") == b"mine"
