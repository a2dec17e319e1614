"""A topic, each partition of which is an input.

The store says where a partition goes on. Without a group all partitions are read. With `group.id`
its members share them, and a partition that moves here goes on where this store has it: what the
broker has committed is not asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tilewright_compiler.plan.model import Source
from tilewright_compiler.plan.topics import Topic, parse_topic

from ...errors import InputError, installation_of
from ..batch import Batch, Position
from ..inputs import Input
from ..stream import idle
from .identity import topic_id
from .partition import Partition, Queue, require_present, take_error
from .settings import client_settings
from .values import Values

#: Messages that are taken at once, of all partitions together.
_MOST_MESSAGES = 50_000
_WAIT_S = 0.05
_PATIENCE_S = 10.0
_FIRST_WAIT_S = 0.5


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
        self._warn = warn
        self._away_since_s: float | None = None
        self._causes: list[str] = []
        self.partitions: dict[int, Partition] = {}
        self._is_turned_away = False
        self._is_begun_anew = False
        self._consumer = self._connected()
        self._group = settings.get("group.id") if follows else None
        try:
            self._cluster, numbers = self._described()
            self._id = topic_id(self._topic, settings, _PATIENCE_S)
            if self._group is None:
                self._take(numbers)
            else:
                self._consumer.subscribe([self._topic.name], on_assign=self._on_assign)
        except BaseException:
            self.close()
            raise

    def _connected(self) -> Any:
        try:
            from confluent_kafka import Consumer, KafkaException
        except ImportError:
            raise InputError(
                "reading a topic needs the package confluent-kafka. Install it with: "
                f"{installation_of('kafka')}."
            ) from None
        own = {
            "bootstrap.servers": self._topic.servers,
            "group.id": "tilewright",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "check.crcs": True,
            "enable.partition.eof": not self._follows,
            "fetch.wait.max.ms": 100,
            "error_cb": self._note,
            "log_level": 0,
        }
        try:
            return Consumer({**own, **client_settings(self._settings)})
        except (KafkaException, ValueError, TypeError) as wrong:
            raise InputError(
                f"{self._named}: the settings of Kafka do not fit ({wrong})."
            ) from None

    @property
    def _named(self) -> str:
        return f"topic {self._topic.name} at {self._topic.servers}"

    def _note(self, error: Any) -> None:
        """Take what librdkafka says of its connections.

        That they failed for a reason says more than that all of them did.
        """
        is_reason = error.name() in ("_AUTHENTICATION", "_SSL", "_RESOLVE")
        self._is_turned_away |= is_reason and error.name() != "_RESOLVE"
        self._causes.insert(len(self._causes) if is_reason else 0, error.str())

    def _cause(self) -> str:
        """Ask the client why no broker answers."""
        self._consumer.poll(0)
        return self._causes[-1] if self._causes else ""

    def _heed(self) -> None:
        """Warn that no broker answers, once until one does.

        Raises InputError if what is to end waits in vain.
        """
        causes, self._causes = self._causes, []
        now_s = time.monotonic()
        if causes and self._away_since_s is None:
            self._away_since_s = now_s
            self._warn(f"{self._named}: no broker answers ({causes[-1]}). It is asked again.")
        away_s = 0.0 if self._away_since_s is None else now_s - self._away_since_s
        if not self._follows and away_s > _PATIENCE_S:
            raise InputError(
                f"{self._named}: no broker answers any more. What was read before is kept; write "
                "again when one does."
            )

    def _described(self) -> tuple[str, list[int]]:
        """Ask for the cluster and for the topic's partitions."""
        found = self._metadata()
        topic = found.topics[self._topic.name]
        if topic.error is not None:
            raise InputError(
                f"{self._named}: {topic.error.str()}. Create the topic, or correct its name."
            )
        return found.cluster_id or self._topic.servers, sorted(topic.partitions)

    def _metadata(self) -> Any:
        """Ask a broker for the topic.

        Who is turned away is told at once; who hears nothing asks for longer each time.
        """
        from confluent_kafka import KafkaException

        waited_s, wait_s = 0.0, _FIRST_WAIT_S
        while True:
            try:
                return self._consumer.list_topics(self._topic.name, timeout=wait_s)
            except KafkaException as wrong:
                cause = self._cause() or wrong.args[0].str()
            waited_s += wait_s
            wait_s = min(2 * wait_s, _PATIENCE_S - waited_s)
            if self._is_turned_away or wait_s <= 0:
                raise InputError(
                    f"{self._named}: no broker answers ({cause}). Start it, or correct its "
                    "address, certificates or password."
                )

    def _take(self, numbers: Sequence[int]) -> None:
        """Offer partitions to readers."""
        for number in numbers:
            end = None if self._follows else self._bounds(number)[1]
            self.partitions[number] = Partition(self._input(number), number, end)

    def _on_assign(self, consumer: Any, partitions: list[Any]) -> None:
        """Take what is assigned; readers of kept partitions go on."""
        consumer.assign([])  # until readers say from where
        numbers = {partition.partition for partition in partitions}
        for number in self.partitions.keys() - numbers:
            del self.partitions[number]
        self._take(sorted(numbers - self.partitions.keys()))
        self._is_begun_anew = True

    def _place(self, number: int, offset: int = 0) -> Any:
        from confluent_kafka import TopicPartition

        return TopicPartition(self._topic.name, number, offset)

    def _bounds(self, number: int) -> tuple[int, int]:
        from confluent_kafka import KafkaException

        try:
            low, high = self._consumer.get_watermark_offsets(
                self._place(number), timeout=_PATIENCE_S
            )
        except KafkaException as wrong:
            raise InputError(f"no broker answers ({wrong.args[0].str()}).") from None
        return low, high

    def _input(self, number: int) -> Input:
        name = f"{self._topic.name}[{number}]"
        uri = f"kafka:{self._cluster}/{self._topic.name}/{number}"

        def read(source: Source, position: Position) -> Iterator[Batch]:
            return self._read(number, source, position)

        return Input(name, uri, read, partition=number)

    def now(self) -> list[Input]:
        """Take messages, and list the partitions that are read here."""
        if self._is_begun_anew:
            self._assign()
        for message in self._consumer.consume(_MOST_MESSAGES, timeout=_WAIT_S):
            partition = self.partitions.get(message.partition())
            if partition is None or partition.error:
                continue
            if (error := message.error()) is not None:
                take_error(partition, error.name(), error.str(), message.offset())
                continue
            self._away_since_s = None
            for queue in partition.queues:
                queue.add(message.offset(), message.value())
        self._heed()
        return [partition.item for partition in self.partitions.values()]

    @property
    def is_ended(self) -> bool:
        """Whether all was read that was there at first."""
        return not self._follows and not self.partitions

    def _read(self, number: int, source: Source, position: Position) -> Iterator[Batch]:
        """Read a partition from a position on."""
        partition = self.partitions.get(number)
        if partition is None:
            return
        start = self._start(number, position)
        queue = Queue(start)
        values = Values(source.columns, self._settings)
        partition.queues.append(queue)
        partition.error = ""
        self._is_begun_anew = True
        try:
            while partition.end is None or queue.expected < partition.end or queue.values:
                if not queue.values:
                    if partition.error:
                        raise InputError(f"{partition.error}. What was read before is kept.")
                    yield idle(position)
                    continue
                taken, offsets = queue.take()
                table, malformed = values.rows(taken, np.array(offsets, dtype=np.int64))
                after = offsets[-1] + 1
                done = Position(position.uri, after, after, self._id)
                yield Batch(table, done, malformed)
        finally:
            partition.queues.remove(queue)
            values.close()
        if not partition.queues:
            self.partitions.pop(number, None)

    def _start(self, number: int, position: Position) -> int:
        """Find the offset to begin with.

        Raises InputError if what follows the position is gone, or was never there.
        """
        low, high = self._bounds(number)
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
        places = [self._place(partition.number, partition.first) for partition in read]
        try:
            self._consumer.assign(places)
        except KafkaException as wrong:
            raise InputError(
                f"{self._named}: cannot be read ({wrong.args[0].str()}). What was read before is "
                "kept; write again."
            ) from None
        self._is_begun_anew = False

    def close(self) -> None:
        """Leave the group and close the connections."""
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
