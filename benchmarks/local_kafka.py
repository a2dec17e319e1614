"""A Kafka for a benchmark: one broker on free ports, ended with the block."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environments import SCRIPTS, printed_by
from local_redis import free_port


@contextmanager
def local_kafka(folder: Path) -> Iterator[str]:
    """HOST:PORT of a broker of our own."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    printed_by("kafka-env")  # fetches it, where that was not done
    port = free_port()
    servers = f"127.0.0.1:{port}"
    with (folder / "kafka.log").open("wb") as log:
        command = [str(SCRIPTS / "kafka-broker"), str(folder), str(port), str(free_port())]
        broker = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
        while True:
            if broker.poll() is not None:
                raise SystemExit((folder / "kafka.log").read_text())
            try:
                admin.list_topics(timeout=1)
                break
            except KafkaException:
                time.sleep(0.1)
        yield servers
    finally:
        os.killpg(broker.pid, signal.SIGKILL)
        broker.wait()


def new_topic(servers: str, name: str, partitions: int) -> None:
    """Make a topic."""
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient({"bootstrap.servers": servers})
    for made in admin.create_topics([NewTopic(name, partitions, 1)]).values():
        made.result()
