"""Commands to a Redis, sent together.

Their errors say what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from ...errors import StoreError
from .connection import connect, shown, what_to_do
from .exchange import exchange_over, stream_over
from .functions import CODE
from .packing import Command, Mget, Run, mget_with, mgets

T = TypeVar("T")

#: What is said to a server. It yields commands that are sent together, gets their answers, and
#: returns what it made of them. So who speaks may wait for answers, or await them.
Exchange = Generator[Sequence[Command], list[Any], T]

#: Keys of one call, which the server works off without doing anything else: about a millisecond.
CALL_KEYS = 512
#: What a server says of a function that it does not have.
_MISSING = "Function not found"
#: MGETs of one round trip: what both sides hold at once is bounded.
_IN_FLIGHT = 64
#: Where the first key of a call stands: after its name, the function and the number of keys.
_FIRST_KEY = 3


class Commands:
    """A connection to a server or a cluster.

    Threads may share it.
    """

    def __init__(self, url: str) -> None:
        self.url = shown(url)
        self.full_url = url
        """With its password, which no message shows."""
        from redis.exceptions import RedisError

        #: What goes wrong between here and the server.
        self._errors = (RedisError, OSError)
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
        try:
            return work()
        except self._errors as wrong:
            raise StoreError(f"store {self.url} {what_to_do(wrong)}") from wrong

    def run(self, exchange: Exchange[T]) -> T:
        """Send what an exchange yields until it returns.

        Raises StoreError for whatever goes wrong.
        """
        try:
            commands = next(exchange)
            while True:
                commands = exchange.send(self._sent(commands) if commands else [])
        except StopIteration as end:
            result: T = end.value
            return result

    def call(self, commands: Sequence[Command]) -> list[Any]:
        """Call functions in one round trip.

        They are called once more if the server has lost them, as after a restart without its data.
        """
        answers = self._sent(commands)
        if any(isinstance(answer, Exception) for answer in answers):
            self.load_functions()
            answers = self._sent(commands)
        for answer in answers:
            if isinstance(answer, Exception):
                raise StoreError(f"store {self.url} {what_to_do(answer)}") from answer
        return answers

    def stream(self, make_rounds: Callable[[], Iterable[Sequence[Command]]]) -> None:
        """Call functions in many rounds, without a wait between.

        All are called once more if the server has lost them.
        """
        from redis.exceptions import ResponseError

        pool = self.client.connection_pool
        try:
            self.ask(lambda: stream_over(pool, make_rounds()))
        except StoreError as wrong:
            cause = wrong.__cause__
            if not isinstance(cause, ResponseError) or _MISSING not in str(cause):
                raise
            self.load_functions()
            self.ask(lambda: stream_over(pool, make_rounds()))

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

    def _sent(self, commands: Sequence[Command]) -> list[Any]:
        """Send some commands together.

        A function that the server does not have is an exception among the answers.
        """

        return self.ask(lambda: without_errors(self._answers(commands)))

    def _answers(self, commands: Sequence[Command]) -> list[Any]:
        if not self.is_cluster:
            return exchange_over(self.client.connection_pool, commands)
        pipeline = self.client.pipeline(transaction=False)
        for command in commands:
            arguments = arguments_of(command)
            pipeline.execute_command(*arguments, **self._routed(arguments))
        answers: list[Any] = pipeline.execute(raise_on_error=False)
        return answers

    def _routed(self, arguments: Sequence[Any]) -> dict[str, Any]:
        """Name the node of a cluster that runs a function.

        The client knows where the keys of other commands stand among their arguments. Of a call it
        asks a server, twice a call. What has moved meanwhile it finds by itself.
        """
        from redis.exceptions import SlotNotCoveredError

        if not arguments[0].startswith("FCALL"):
            return {}
        try:
            return {"target_nodes": self.client.get_node_from_key(arguments[_FIRST_KEY])}
        except SlotNotCoveredError:
            return {}


def without_errors(answers: list[Any]) -> list[Any]:
    """Raise the first error among answers.

    A function that the server does not have is no error.
    """
    for answer in answers:
        if isinstance(answer, Exception) and _MISSING not in str(answer):
            raise answer
    return answers


def arguments_of(command: Command) -> Sequence[Any]:
    """List a command's name and arguments."""
    return command.arguments() if isinstance(command, Mget) else command


def values_of(
    by_entity: Sequence[Sequence[Run]],
    is_cluster: bool,
    checks: Sequence[Command] = (),
    batch_keys: int = CALL_KEYS,
    documents: Sequence[str] = (),
) -> Exchange[tuple[list[Any], list[bytes | None]]]:
    """Answer checks, and read documents and keys.

    All are sent together; MGETs of some keys each read the values. The first one reads the
    documents too, before its keys. In a cluster an MGET asks for one entity, since all its keys lie
    on one node.
    """
    groups = by_entity if is_cluster else [list(chain.from_iterable(by_entity))]
    batch_keys = min(batch_keys, CALL_KEYS)
    calls: list[Mget] = []
    for runs in groups:
        calls += mgets(runs, batch_keys)
    if documents:
        calls[:1] = [mget_with(documents, calls[0] if calls else None)]
    checked: list[Any] = []
    values: list[bytes | None] = []
    for at in range(0, max(len(calls), 1), _IN_FLIGHT):
        answers = yield [*checks, *calls[at : at + _IN_FLIGHT]]
        checked += answers[: len(checks)]
        values += chain.from_iterable(answers[len(checks) :])
        checks = ()
    return checked, values
