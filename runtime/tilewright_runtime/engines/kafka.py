"""Checks of Kafka before a job starts."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.plan.topics import Topic, parse_topic

from ..errors import InputError
from .inputs import missing_columns
from .kafka_clients import Clients

_PATIENCE_S = 10


def topics_of(locations: Mapping[str, str]) -> dict[str, Topic]:
    """Map each source to its topic, if it has one.

    Raises InputError if a URL cannot be read.
    """
    topics = {}
    for source, location in locations.items():
        if location.startswith("kafka:"):
            topic = parse_topic(location)
            if topic is None:
                raise InputError(
                    f"source {source}: the topic {location!r} is not of the form "
                    "kafka://HOST:PORT/TOPIC."
                )
            topics[source] = topic
    return topics


def require_brokers(topics: Mapping[str, Topic]) -> None:
    """Check that a broker of each topic takes connections.

    Raises InputError if none does.
    """
    for source, topic in topics.items():
        if not any(_listens(server) for server in topic.servers.split(",")):
            raise InputError(
                f"source {source}: no Kafka broker answers at {topic.servers}. Start it, or say "
                f"in the declaration where it is: topic='kafka://HOST:PORT/{topic.name}'."
            )


def require_topics(
    plan: Plan, topics: Mapping[str, Topic], gateway: Any, advice: str, warn: Callable[[str], None]
) -> dict[str, str]:
    """Check the connector and the topics in the engine's JVM.

    `gateway` is py4j's. `advice` says how to give the engine its connector. `warn` is told of
    columns that all of a topic's newest events lack. They are read as null, which may be intended.
    Returns how the brokers are reached, as the connector takes it.

    Raises InputError if the JVM has no connector, or a topic does not exist.
    """
    connection: dict[str, str] = {}
    for source in plan.sources:
        topic = topics.get(source.name)
        if topic is not None:
            with _explaining(source, topic, advice):
                clients = Clients(gateway, topic)
                connection = clients.connection()
                _require_topic(source, topic, clients.topics())
                which = f"the newest events of topic {topic.name}"
                for warning in missing_columns(source, clients.newest_events(), which):
                    warn(warning)
    return connection


@contextmanager
def _explaining(source: Source, topic: Topic, advice: str) -> Iterator[None]:
    """Explain what the JVM says of a topic."""
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except LookupError:
        raise InputError(
            f"source {source.name} is a topic, and the connector for Kafka is not here. {advice}"
        ) from None
    except Py4JJavaError as error:
        reason = error.java_exception.getCause() or error.java_exception
        raise InputError(
            f"source {source.name}: Kafka at {topic.servers} failed to answer: {reason}"
        ) from None


def _require_topic(source: Source, topic: Topic, present: Collection[str]) -> None:
    if topic.name not in present:
        names = ", ".join(sorted(present)) or "none"
        raise InputError(
            f"source {source.name}: there is no topic {topic.name!r} at {topic.servers}; "
            f"it has {names}. Create it, or name another one in the declaration."
        )


def _listens(server: str) -> bool:
    host, _, port = server.rpartition(":")
    with (
        suppress(OSError, ValueError),
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S),
    ):
        return True
    return False
