"""Topics: where their brokers are, and their names.

They are written as kafka://HOST:PORT[,HOST:PORT]/TOPIC.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Topic:
    """A topic of a Kafka cluster."""

    servers: str
    """HOST:PORT of the brokers that are asked first, with commas between them."""
    name: str
    """Its name in that cluster."""


def parse_topic(url: str) -> Topic | None:
    """Parse the URL of a topic.

    Returns None if it is not of that form.
    """
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    return (
        Topic(parts.netloc, name)
        if parts.scheme == "kafka" and parts.netloc and name and "/" not in name
        else None
    )
