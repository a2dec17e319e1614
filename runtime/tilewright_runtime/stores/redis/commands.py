"""Commands to a Redis, sent together.

Their errors say what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeVar

from ...errors import StoreError
from .connection import connect, shown, what_to_do
from .functions import CODE

T = TypeVar("T")

#: Keys of one call, which the server works off without doing anything else: about a millisecond.
CALL_KEYS = 512
#: MGETs of one round trip: what both sides hold at once is bounded.
_IN_FLIGHT = 64


class Commands:
    """A connection to a server or a cluster.

    Threads may share it.
    """

    def __init__(self, url: str) -> None:
        self.url = shown(url)
        self._client: Any = None
        self._client, self.is_cluster = self.ask(lambda: connect(url, self.url))

    @property
    def client(self) -> Any:
        """The client of redis-py. Raises StoreError once it is closed."""
        if self._client is None:
            raise StoreError(f"store {self.url} is closed.")
        return self._client

    def ask(self, work: Callable[[], T]) -> T:
        """Return what some commands give.

        Raises StoreError for whatever goes wrong, with what to do about it.
        """
        from redis.exceptions import RedisError

        try:
            return work()
        except (RedisError, OSError) as wrong:
            raise StoreError(f"store {self.url} {what_to_do(wrong)}") from wrong

    def values(
        self, by_entity: Sequence[Sequence[str]], checks: Sequence[Sequence[str]] = ()
    ) -> tuple[list[Any], list[bytes | None]]:
        """Answer some checks, and read the values of keys.

        All are sent together; MGETs read the values. In a cluster an MGET asks for one entity,
        since all its keys lie on one node.
        """
        groups = by_entity if self.is_cluster else [list(chain.from_iterable(by_entity))]
        calls = [
            keys[at : at + CALL_KEYS] for keys in groups for at in range(0, len(keys), CALL_KEYS)
        ]
        checked: list[Any] = []
        values: list[bytes | None] = []
        for at in range(0, max(len(calls), 1), _IN_FLIGHT):
            commands = [*checks, *(("MGET", *keys) for keys in calls[at : at + _IN_FLIGHT])]
            answers = self._sent(commands)
            checked += answers[: len(checks)]
            values += chain.from_iterable(answers[len(checks) :])
            checks = ()
        return checked, values

    def call(self, calls: Sequence[Sequence[Any]]) -> list[Any]:
        """Call functions in one round trip.

        They are called once more if the server has lost them, as after a restart without its data.
        """
        commands = [("FCALL", *call) for call in calls]
        answers = self._sent(commands)
        if any(isinstance(answer, Exception) for answer in answers):
            self.load_functions()
            answers = self._sent(commands)
        for answer in answers:
            if isinstance(answer, Exception):
                raise StoreError(f"store {self.url} {what_to_do(answer)}") from answer
        return answers

    def load_functions(self) -> None:
        """Put the functions onto each primary, unless they are there."""
        from redis.exceptions import ResponseError

        def work() -> None:
            try:
                self.client.execute_command("FUNCTION LOAD", CODE)
            except ResponseError as wrong:
                if "already exists" not in str(wrong):
                    raise

        self.ask(work)

    def close(self) -> None:
        """Close the connections; closing twice is harmless."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _sent(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Send some commands together.

        A function that the server does not have is an exception among the answers.
        """

        def work() -> list[Any]:
            pipeline = self.client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[Any] = pipeline.execute(raise_on_error=False)
            for answer in answers:
                if isinstance(answer, Exception) and "Function not found" not in str(answer):
                    raise answer
            return answers

        return self.ask(work)
