"""The connection to the brokers of a topic."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tilewright_compiler.plan.topics import Topic

from ...errors import InputError, installation_of
from .identity import topic_id
from .settings import client_settings

_WAIT_S = 0.05
#: How long librdkafka fetches nothing once it holds 100,000 messages of a partition. By its own
#: default that is a second, whatever is taken meanwhile.
FETCH_PAUSE_MS = 10
#: What librdkafka holds beside that, and fetches at a time. By its own defaults these are 64 and 50
#: MB.
_QUEUED_KB = 1 << 15
_FETCHED_BYTES = 1 << 24
_PATIENCE_S = 10.0
_FIRST_WAIT_S = 0.5


class Connection:
    """A client of the brokers that have a topic."""

    def __init__(
        self,
        topic: Topic,
        settings: Mapping[str, str],
        follows: bool,
        warn: Callable[[str], None],
    ) -> None:
        """Connect; `warn` is told when no broker answers any more."""
        self._topic = topic
        self._settings = settings
        self._follows = follows
        self._warn = warn
        self._away_since_s: float | None = None
        self._causes: list[str] = []
        self._is_turned_away = False
        self.consumer = self._connected()

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
            "fetch.queue.backoff.ms": FETCH_PAUSE_MS,
            "fetch.max.bytes": _FETCHED_BYTES,
            "queued.max.messages.kbytes": _QUEUED_KB,
            "error_cb": self._note,
            "log_level": 0,
        }
        try:
            return Consumer({**own, **client_settings(self._settings)})
        except (KafkaException, ValueError, TypeError) as wrong:
            raise InputError(f"{self.named}: the settings of Kafka do not fit ({wrong}).") from None

    @property
    def named(self) -> str:
        """Name the topic and where it is."""
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
        self.consumer.poll(0)
        return self._causes[-1] if self._causes else ""

    def messages(self, most: int) -> list[Any]:
        """Take at most so many messages that arrive soon."""
        taken: list[Any] = self.consumer.consume(most, timeout=_WAIT_S)
        return taken

    def hear(self) -> None:
        """Note that a broker answers."""
        self._away_since_s = None

    def heed(self) -> None:
        """Warn, once until one does, that no broker answers.

        Raises InputError if what is to end waits in vain.
        """
        causes, self._causes = self._causes, []
        now_s = time.monotonic()
        if causes and self._away_since_s is None:
            self._away_since_s = now_s
            self._warn(f"{self.named}: no broker answers ({causes[-1]}). It is asked again.")
        away_s = 0.0 if self._away_since_s is None else now_s - self._away_since_s
        if not self._follows and away_s > _PATIENCE_S:
            raise InputError(
                f"{self.named}: no broker answers any more. What was read before is kept; write "
                "again when one does."
            )

    def described(self) -> tuple[str, list[int]]:
        """Ask for the cluster and for the topic's partitions."""
        metadata = self._metadata()
        topic = metadata.topics[self._topic.name]
        if topic.error is not None:
            raise InputError(
                f"{self.named}: {topic.error.str()}. Create the topic, or correct its name."
            )
        return metadata.cluster_id or self._topic.servers, sorted(topic.partitions)

    def topic_id(self) -> str:
        """Ask for the topic's id, if it has one."""
        return topic_id(self._topic, self._settings, _PATIENCE_S)

    def _metadata(self) -> Any:
        """Ask a broker for the topic.

        Who is turned away is told at once; who hears nothing asks for longer each time.
        """
        from confluent_kafka import KafkaException

        waited_s, wait_s = 0.0, _FIRST_WAIT_S
        while True:
            try:
                return self.consumer.list_topics(self._topic.name, timeout=wait_s)
            except KafkaException as wrong:
                cause = self._cause() or wrong.args[0].str()
            waited_s += wait_s
            wait_s = min(2 * wait_s, _PATIENCE_S - waited_s)
            if self._is_turned_away or wait_s <= 0:
                raise InputError(
                    f"{self.named}: no broker answers ({cause}). Start it, or correct its "
                    "address, certificates or password."
                )

    def place(self, number: int, offset: int = 0) -> Any:
        """Name an offset of a partition, as the client does."""
        from confluent_kafka import TopicPartition

        return TopicPartition(self._topic.name, number, offset)

    def bounds(self, number: int) -> tuple[int, int]:
        """Ask where a partition begins and ends."""
        from confluent_kafka import KafkaException

        try:
            low, high = self.consumer.get_watermark_offsets(self.place(number), timeout=_PATIENCE_S)
        except KafkaException as wrong:
            raise InputError(f"no broker answers ({wrong.args[0].str()}).") from None
        return low, high
