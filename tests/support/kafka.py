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
from typing import Any

from support.servers import end_with_parent, free_port, make_certificate
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

    def __init__(
        self, folder: Path, more: Path | None = None, settings: dict[str, str] | None = None
    ) -> None:
        from confluent_kafka.admin import AdminClient

        jars("broker")  # may take longer than the broker's start
        port = free_port()
        self.servers = f"127.0.0.1:{port}"
        self._folder = folder
        self._log = folder / "kafka.log"
        self._command = [str(_SCRIPTS / "kafka-broker"), str(folder), str(port), str(free_port())]
        self._command += [] if more is None else [str(more)]
        self.settings = settings or {}
        self._own: dict[str, Any] = {"bootstrap.servers": self.servers, "log_level": 0}
        self._own |= self.settings
        self._admin = AdminClient(self._own)
        self.start()

    def start(self) -> None:
        """Starts it, with the topics that it had, and waits until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
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

    def topic(self, partitions: int = 1, name: str | None = None) -> str:
        """The URL of a new topic."""
        from confluent_kafka.cimpl import NewTopic

        name = name or f"events-{uuid.uuid4().hex}"
        for made in self._admin.create_topics([NewTopic(name, partitions, 1)]).values():
            made.result()
        wait_until(lambda: self._has(name), f"the broker knows {name}")
        return f"kafka://{self.servers}/{name}"

    def _has(self, topic: str) -> bool:
        """Whether a broker tells clients of a topic, which it does some time after it is made."""
        found = self._admin.list_topics(topic, timeout=30).topics[topic]
        return found.error is None and len(found.partitions) > 0

    def folder_of(self, topic: str) -> Path:
        """Where the broker has the first partition of a topic."""
        return self._folder / "logs" / f"{topic.rpartition('/')[2]}-0"

    def add_user(self, name: str, password: str) -> None:
        """Let in a user who proves the password by SCRAM-SHA-512."""
        from confluent_kafka.admin import (  # type: ignore[attr-defined]
            ScramCredentialInfo,
            ScramMechanism,
            UserScramCredentialUpsertion,
        )

        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(name, how, password.encode())
        (added,) = self._admin.alter_user_scram_credentials([change]).values()
        added.result()

    def delete(self, topic: str) -> None:
        """Deletes a topic."""
        (deleted,) = self._admin.delete_topics([topic.rpartition("/")[2]]).values()
        deleted.result()

    def cut(self, topic: str, offset: int) -> None:
        """Deletes the messages of the first partition before an offset, as retention does."""
        from confluent_kafka import TopicPartition

        place = TopicPartition(topic.rpartition("/")[2], 0, offset)
        (cut,) = self._admin.delete_records([place]).values()
        cut.result()

    def produce(
        self, topic: str, lines: Iterable[str | bytes | None], partition: int, **options: Any
    ) -> None:
        """Appends a message for each line to a partition; when this returns, the broker has
        them.
        """
        from confluent_kafka import Producer

        producer = Producer({**self._own, "acks": "all", **options})
        for line in lines:
            value = line.encode() if isinstance(line, str) else line
            producer.produce(topic.rpartition("/")[2], value, partition=partition)
        assert producer.flush(90) == 0


#: Users of the broker with passwords, and theirs.
USER, PASSWORD = "reader", 'a "quoted" secret'
_SECURE = """
listener.security.protocol.map=BROKER:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.broker.plain.sasl.jaas.config=\
  org.apache.kafka.common.security.plain.PlainLoginModule required \
  username="broker" password="broker" user_broker="broker" user_reader="a \\\\"quoted\\\\" secret";
listener.name.broker.scram-sha-512.sasl.jaas.config=\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/both.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/cert.pem
"""


@contextmanager
def secure_broker(folder: Path) -> Iterator[Kafka]:
    """A broker that is reached over TLS and with a password only."""
    certificate = make_certificate(folder)
    key = (folder / "key.pem").read_text()
    (folder / "both.pem").write_text(key + certificate.read_text())
    more = folder / "secure.properties"
    more.write_text(_SECURE.format(folder=folder))
    settings = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": USER,
        "sasl.password": PASSWORD,
        "ssl.ca.location": str(certificate),
    }
    with kafka_broker(folder, more, settings) as broker:
        yield broker


@contextmanager
def kafka_broker(
    folder: Path, more: Path | None = None, settings: dict[str, str] | None = None
) -> Iterator[Kafka]:
    """A broker that has ended when the block has."""
    broker = Kafka(folder, more, settings)
    try:
        yield broker
    finally:
        broker.stop()
