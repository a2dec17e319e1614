"""What a job needs of Kafka, looked for before it starts: brokers that answer, the engine's connector, and the topics."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tilewright_compiler.topics import Topic, parse_topic

from .errors import InputError

_PATIENCE_S = 10
_ADMIN = "org.apache.kafka.clients.admin.AdminClient"
#: Flink's connector for SQL carries the client under a name of its own.
_CLIENTS = (f"org.apache.flink.kafka.shaded.{_ADMIN}", _ADMIN)


def topics_of(places: Mapping[str, str]) -> dict[str, Topic]:
    """source -> its topic, of those sources whose place is a topic's URL. Raises InputError for a URL that is not of that form."""
    found = {}
    for source, place in places.items():
        if place.startswith("kafka:"):
            topic = parse_topic(place)
            if topic is None:
                raise InputError(f"source {source}: the topic {place!r} is not of the form kafka://HOST:PORT/TOPIC.")
            found[source] = topic
    return found


def require_brokers(topics: Mapping[str, Topic]) -> None:
    """Raises InputError unless a broker of each source's topic takes a connection."""
    for source, topic in topics.items():
        if not any(_listens(server) for server in topic.servers.split(",")):
            raise InputError(
                f"source {source}: no Kafka broker answers at {topic.servers}. Start it, or say in the declaration where it is: "
                f"topic='kafka://HOST:PORT/{topic.name}'."
            )


def require_topics(topics: Mapping[str, Topic], gateway: Any, advice: str) -> None:
    """Raises InputError unless the JVM behind a gateway of py4j has the connector and each source's topic exists.

    `advice` says how this engine is given its connector.
    """
    for source, topic in topics.items():
        present = _names(source, topic, gateway, advice)
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


def _names(source: str, topic: Topic, gateway: Any, advice: str) -> set[str]:
    """The topics of a cluster, by the client that is inside the connector."""
    from py4j.protocol import Py4JJavaError

    settings = gateway.jvm.java.util.Properties()
    settings.setProperty("bootstrap.servers", topic.servers)
    settings.setProperty("default.api.timeout.ms", str(_PATIENCE_S * 1000))
    settings.setProperty("request.timeout.ms", str(_PATIENCE_S * 1000))
    try:
        types, arguments = gateway.new_array(gateway.jvm.Class, 1), gateway.new_array(gateway.jvm.Object, 1)
        types[0], arguments[0] = settings.getClass(), settings
        # A null in place of the object: the method is a static one.
        client = _client(gateway, source, advice).getMethod("create", types).invoke(None, arguments)
        try:
            return set(client.listTopics().names().get())
        finally:
            client.close()
    except Py4JJavaError as error:
        reason = error.java_exception.getCause() or error.java_exception
        raise InputError(f"source {source}: the Kafka brokers at {topic.servers} do not say what topics they have: {reason}") from None


def _client(gateway: Any, source: str, advice: str) -> Any:
    """The class of the client. A gateway's own names do not reach jars that were added after its start."""
    from py4j.protocol import Py4JJavaError

    loader = gateway.jvm.Thread.currentThread().getContextClassLoader()
    for name in _CLIENTS:
        with suppress(Py4JJavaError):
            return loader.loadClass(name)
    raise InputError(f"source {source} is a topic, and the connector for Kafka is not here. {advice}")
