"""Messages as the client of a topic gives them."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaError, Message


def message(partition: int, offset: int, value: Any) -> Message:
    """A message with a value."""
    return Message(topic="t", partition=partition, offset=offset, value=value)


def failure(partition: int, offset: int, code: int = KafkaError._PARTITION_EOF) -> Message:
    """What comes in the place of a message."""
    return Message(topic="t", partition=partition, offset=offset, error=KafkaError(code))
