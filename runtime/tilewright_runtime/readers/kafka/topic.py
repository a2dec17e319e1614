"""A topic, each partition of which is an input.

The store says where a partition goes on. Without a group all partitions are read. With `group.id`
its members share them, and a partition that moves here goes on where this store has it: what the
broker has committed is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tilewright_compiler.plan.model import Source
from tilewright_compiler.plan.topics import Topic, parse_topic

from ...errors import InputError
from ..batch import Batch, Position
from ..inputs import Input
from ..stream import idle
from .ahead import Ahead
from .arrivals import Arrivals
from .connection import Connection
from .partition import Partition, Queue, require_present
from .values import Values


class KafkaTopic:
    """A topic that is followed, or read up to now."""

    def __init__(
        self,
        url: str,
        settings: Mapping[str, str],
        follows: bool,
        warn: Callable[[str], None],
    ) -> None:
        """Connect; `warn` is told when no broker answers any more.

        Raises InputError for a URL that is none, and if no broker answers or has the topic.
        """
        self._topic = _parsed(url)
        self._settings = settings
        self._follows = follows
        self.partitions: dict[int, Partition] = {}
        self._is_begun_anew = False
        self._assigned: set[int] | None = None
        self._ahead = Ahead(self._poll)
        self._connection = Connection(self._topic, settings, follows, warn)
        self._consumer = self._connection.consumer
        self._group = settings.get("group.id") if follows else None
        try:
            self._cluster, numbers = self._connection.described()
            self._id = self._connection.topic_id()
            if self._group is None:
                self._take(numbers)
            else:
                self._consumer.subscribe([self._topic.name], on_assign=self._on_assign)
        except BaseException:
            self.close()
            raise

    def _take(self, numbers: Sequence[int]) -> None:
        """Offer partitions to readers."""
        for number in numbers:
            end = None if self._follows else self._connection.bounds(number)[1]
            self.partitions[number] = Partition(self._input(number), number, end)

    def _on_assign(self, consumer: Any, partitions: list[Any]) -> None:
        """Note what is assigned, in the thread that takes messages."""
        consumer.assign([])  # until readers say from where
        self._assigned = {partition.partition for partition in partitions}

    def _change_partitions(self, numbers: set[int]) -> None:
        """Offer what is assigned; readers of kept partitions go on."""
        for number in self.partitions.keys() - numbers:
            del self.partitions[number]
        self._take(sorted(numbers - self.partitions.keys()))
        self._is_begun_anew = True

    def _input(self, number: int) -> Input:
        name = f"{self._topic.name}[{number}]"
        uri = f"kafka:{self._cluster}/{self._topic.name}/{number}"

        def read(source: Source, position: Position) -> Iterator[Batch]:
            return self._read(number, source, position)

        return Input(name, uri, read, partition=number)

    def now(self) -> list[Input]:
        """Share what has arrived, and list the partitions.

        While that is written, more is taken. What arrived before readers began anew, they get
        again.
        """
        is_waiting = any(partition.is_waiting for partition in self.partitions.values())
        if self._is_begun_anew or not is_waiting:
            arrivals = self._ahead.end()
            if self._assigned is not None:
                self._change_partitions(self._assigned)
                self._assigned = None
            if self._is_begun_anew:
                self._assign()
            elif arrivals is not None:
                arrivals.share(self.partitions)
            self._ahead.begin()
        return [partition.item for partition in self.partitions.values()]

    def _poll(self, is_awaited: Callable[[], bool]) -> Arrivals:
        """Take messages until they are awaited or are enough."""
        arrivals = Arrivals()
        while True:
            if arrivals.add(self._connection.messages(arrivals.at_once)):
                self._connection.hear()
            if is_awaited() or arrivals.is_full:
                break
        self._connection.heed()
        return arrivals

    def give_up(self, item: Input) -> None:
        """Read a partition no more, unless the topic is followed."""
        if not self._follows and item.partition is not None:
            self.partitions.pop(item.partition, None)

    @property
    def is_ended(self) -> bool:
        """Whether all was read that was there at first."""
        return not self._follows and not self.partitions

    def _read(self, number: int, source: Source, position: Position) -> Iterator[Batch]:
        """Read a partition from a position on."""
        partition = self.partitions.get(number)
        if partition is None:
            return
        self._ahead.end()  # the client answers nothing while it waits for messages
        start = self._start(number, position)
        queue = Queue(start)
        values = Values(source, self._settings)
        partition.queues.append(queue)
        partition.error = ""
        self._is_begun_anew = True
        try:
            while partition.end is None or queue.expected < partition.end or queue.parts:
                if not queue.parts:
                    if partition.error:
                        raise InputError(
                            f"cannot be read at offset {queue.expected:,}: {partition.error}. What "
                            "was read before is kept."
                        )
                    yield idle(position)
                    continue
                taken, offsets = queue.take()
                parsed = values.rows(taken, offsets)
                after = int(offsets[-1]) + 1
                done = Position(position.uri, after, after, self._id)
                yield Batch(parsed.table, done, parsed.malformed, as_written=parsed.as_written)
        finally:
            partition.queues.remove(queue)
            values.close()
        if not partition.queues:
            self.partitions.pop(number, None)

    def _start(self, number: int, position: Position) -> int:
        """Find the offset to begin with.

        Raises InputError if what follows the position is gone, or was never there.
        """
        low, high = self._connection.bounds(number)
        if not position.offset:
            return low
        require_present(position, low, high, self._id)
        return position.offset

    def _assign(self) -> None:
        """Let messages come, each partition's from its first reader's place.

        A seek would not do: it is refused until a partition is fetched, and once an error ended
        that.
        """
        from confluent_kafka import KafkaException

        read = [partition for partition in self.partitions.values() if partition.queues]
        positions = [
            self._connection.place(partition.number, partition.first) for partition in read
        ]
        try:
            self._consumer.assign(positions)
        except KafkaException as wrong:
            raise InputError(
                f"{self._connection.named}: cannot be read ({wrong.args[0].str()}). What was read "
                "before is kept; write again."
            ) from None
        self._is_begun_anew = False

    def close(self) -> None:
        """Leave the group and close the connections."""
        with suppress(InputError):  # nobody reads any more
            self._ahead.end()
        self._consumer.close()


def _parsed(url: str) -> Topic:
    topic = parse_topic(url)
    if topic is None:
        raise InputError(f"{url}: is not of the form kafka://HOST:PORT/TOPIC.")
    if "@" in topic.servers:
        raise InputError(
            f"the URL of topic {topic.name} has a name or a password in it, which others could "
            "read. Set sasl.username and sasl.password in a file of properties or the environment."
        )
    return topic
