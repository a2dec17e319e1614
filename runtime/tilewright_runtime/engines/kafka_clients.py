"""The Kafka clients inside an engine's connector, driven by py4j."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from tilewright_compiler.plan.topics import Topic

from ..readers.kafka.settings import JAVA_PACKAGE, java_settings, kafka_settings

_ANSWER_MS = 10_000
_SAMPLE_S = 3
_NEWEST = 100
#: Flink's connector for SQL carries the clients under names of its own.
_PACKAGES = (f"org.apache.flink.kafka.shaded.{JAVA_PACKAGE}", JAVA_PACKAGE)


class Clients:
    """A topic, as a JVM's Kafka clients see it.

    Raises LookupError if the JVM has no connector, else Py4JJavaError.
    """

    def __init__(self, gateway: Any, topic: Topic) -> None:
        self._gateway = gateway
        self._topic = topic
        # A gateway's own names do not reach jars that were added after its start.
        self._loader = gateway.jvm.Thread.currentThread().getContextClassLoader()
        self._package = self._find_package()

    def connection(self) -> dict[str, str]:
        """Give the settings that this process connects with.

        Raises InputError if that cannot be read.
        """
        return java_settings(kafka_settings(), self._package)

    def topics(self) -> set[str]:
        """List the names of all topics of the cluster."""
        types = self._array("Class", self._loader.loadClass("java.util.Properties"))
        create = self._class("clients.admin.AdminClient").getMethod("create", types)
        # The method is static, so it is invoked on no object.
        admin = create.invoke(None, self._array("Object", self._settings()))
        try:
            return set(admin.listTopics().names().get())
        finally:
            admin.close()

    def newest_events(self) -> Iterator[Mapping[str, Any]]:
        """Read JSON objects from the newest messages of each partition."""
        consumer = self._consumer()
        pause = self._gateway.jvm.java.time.Duration.ofMillis(100)
        try:
            waited_for = self._seek(consumer)
            until = time.monotonic() + _SAMPLE_S
            while waited_for > 0 and time.monotonic() < until:
                messages = consumer.poll(pause).iterator()
                while messages.hasNext():
                    waited_for -= 1
                    # A message may have no content, or may not be JSON.
                    with suppress(TypeError, ValueError):
                        event = json.loads(messages.next().value())
                        if isinstance(event, dict):
                            yield event
        finally:
            consumer.close()

    def _seek(self, consumer: Any) -> int:
        """Put a consumer before the newest messages, and count them."""
        partitions = self._gateway.jvm.java.util.ArrayList()
        (of_partition,) = self._class("common.TopicPartition").getConstructors()
        for info in consumer.partitionsFor(self._topic.name):
            arguments = self._array("Object", self._topic.name, info.partition())
            partitions.add(of_partition.newInstance(arguments))
        consumer.assign(partitions)
        first = consumer.beginningOffsets(partitions)
        end = consumer.endOffsets(partitions)
        newest = 0
        for partition in partitions:
            start = max(first[partition], end[partition] - max(1, _NEWEST // len(partitions)))
            consumer.seek(partition, start)
            newest += end[partition] - start
        return newest

    def _consumer(self) -> Any:
        settings = self._settings()
        for part in ("key", "value"):
            settings.setProperty(
                f"{part}.deserializer", f"{self._package}common.serialization.ByteArrayDeserializer"
            )
        types = self._array("Class", self._loader.loadClass("java.util.Properties"))
        return (
            self._class("clients.consumer.KafkaConsumer")
            .getConstructor(types)
            .newInstance(self._array("Object", settings))
        )

    def _settings(self) -> Any:
        settings = self._gateway.jvm.java.util.Properties()
        settings.setProperty("bootstrap.servers", self._topic.servers)
        for name, value in self.connection().items():
            settings.setProperty(name, value)
        for limit in ("default.api.timeout.ms", "request.timeout.ms"):
            settings.setProperty(limit, str(_ANSWER_MS))
        return settings

    def _find_package(self) -> str:
        from py4j.protocol import Py4JJavaError

        for package in _PACKAGES:
            with suppress(Py4JJavaError):
                self._loader.loadClass(f"{package}clients.admin.AdminClient")
                return package
        raise LookupError

    def _class(self, name: str) -> Any:
        return self._loader.loadClass(self._package + name)

    def _array(self, kind: str, *values: Any) -> Any:
        array = self._gateway.new_array(getattr(self._gateway.jvm, kind), len(values))
        for i, value in enumerate(values):
            array[i] = value
        return array
