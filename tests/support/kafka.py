"""An Apache Kafka of our own: one broker in KRaft mode on free ports of this machine, with its
files in a folder of a test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from support.servers import end_with_parent, free_port
from support.waiting import wait_until

_SCRIPTS = Path(__file__).parents[2] / "scripts"


@cache
def jars(part: str) -> Path:
    """The folder of the jars of `broker`, or of the connector of `flink` or `spark`; fetched if
    they are not there.
    """
    made = subprocess.run(
        [str(_SCRIPTS / "kafka-env")], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(made.stdout.strip(), part)


class Kafka:
    """A running broker, and what tests ask of it."""

    def __init__(self, folder: Path) -> None:
        from confluent_kafka.admin import AdminClient

        jars("broker")  # may take longer than the broker's start
        port = free_port()
        self.servers = f"127.0.0.1:{port}"
        self._log = folder / "kafka.log"
        command = [str(_SCRIPTS / "kafka-broker"), str(folder), str(port), str(free_port())]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, preexec_fn=end_with_parent
            )
        self._admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        wait_until(self._answers, "Kafka answers")

    def _answers(self) -> bool:
        from confluent_kafka import KafkaException

        assert self._process.poll() is None, f"Kafka ended:\n{self._log.read_text()}"
        with suppress(KafkaException):
            return bool(self._admin.list_topics(timeout=1).brokers)
        return False

    def stop(self) -> None:
        """Ends it at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def topic(self, partitions: int = 1) -> str:
        """The URL of a new topic."""
        from confluent_kafka.cimpl import NewTopic

        name = f"events-{uuid.uuid4().hex}"
        for made in self._admin.create_topics([NewTopic(name, partitions, 1)]).values():
            made.result()
        return f"kafka://{self.servers}/{name}"

    def produce(self, topic: str, lines: Iterable[str], partition: int) -> None:
        """Appends a message for each line to a partition; when this returns, the broker has
        them.
        """
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self.servers, "acks": "all"})
        for line in lines:
            producer.produce(topic.rpartition("/")[2], line.encode(), partition=partition)
        assert producer.flush(30) == 0


@contextmanager
def kafka_broker(folder: Path) -> Iterator[Kafka]:
    """A broker that has ended when the block has."""
    broker = Kafka(folder)
    try:
        yield broker
    finally:
        broker.stop()
