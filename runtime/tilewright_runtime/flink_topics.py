"""What a Flink job needs of Kafka, looked for before it starts: brokers that answer, the connector, and the topics."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tilewright_compiler.topics import Topic

from .errors import InputError

_PATIENCE_S = 10
_ADMIN = "org.apache.kafka.clients.admin.AdminClient"
#: The connector for SQL carries the client under a name of its own, that for programs does not.
_CLIENTS = (f"org.apache.flink.kafka.shaded.{_ADMIN}", _ADMIN)


def require_brokers(topics: Mapping[str, Topic]) -> None:
    """Raises InputError unless a broker of each source's topic takes a connection."""
    for source, topic in topics.items():
        if not any(_listens(server) for server in topic.servers.split(",")):
            raise InputError(
                f"source {source}: no Kafka broker answers at {topic.servers}. Start it, or say in the declaration where it is: "
                f"topic='kafka://HOST:PORT/{topic.name}'."
            )


def require_topics(topics: Mapping[str, Topic]) -> None:
    """Raises InputError unless Flink has the connector and each source's topic exists. Needs the JVM of PyFlink."""
    for source, topic in topics.items():
        present = _names(source, topic)
        if topic.name not in present:
            raise InputError(
                f"source {source}: there is no topic {topic.name!r} at {topic.servers}; it has {', '.join(sorted(present)) or 'none'}. "
                "Create it, or name another one in the declaration."
            )


def _listens(server: str) -> bool:
    host, _, port = server.rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S):
        return True
    return False


def _names(source: str, topic: Topic) -> set[str]:
    """The topics of a cluster, by the client that is inside the connector."""
    from py4j.protocol import Py4JJavaError
    from pyflink.java_gateway import get_gateway

    gateway = get_gateway()
    settings = gateway.jvm.java.util.Properties()
    settings.setProperty("bootstrap.servers", topic.servers)
    settings.setProperty("default.api.timeout.ms", str(_PATIENCE_S * 1000))
    settings.setProperty("request.timeout.ms", str(_PATIENCE_S * 1000))
    try:
        types, arguments = gateway.new_array(gateway.jvm.Class, 1), gateway.new_array(gateway.jvm.Object, 1)
        types[0], arguments[0] = settings.getClass(), settings
        # A null in place of the object: the method is a static one.
        client = _client(gateway, source).getMethod("create", types).invoke(None, arguments)
        try:
            return set(client.listTopics().names().get())
        finally:
            client.close()
    except Py4JJavaError as error:
        reason = error.java_exception.getCause() or error.java_exception
        raise InputError(f"source {source}: the Kafka brokers at {topic.servers} do not say what topics they have: {reason}") from None


def _client(gateway: Any, source: str) -> Any:
    """The class of the client. The gateway's own names do not reach jars that were added after its start."""
    from py4j.protocol import Py4JJavaError

    loader = gateway.jvm.Thread.currentThread().getContextClassLoader()
    for name in _CLIENTS:
        with suppress(Py4JJavaError):
            return loader.loadClass(name)
    raise InputError(
        f"source {source} is a topic, and Flink's Kafka connector is not here. Fetch flink-sql-connector-kafka (version 5.0.0-2.2) from "
        "Maven Central, and name it with --jar, put it beside job.py, or into the lib folder of the cluster."
    )
