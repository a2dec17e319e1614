"""URLs of topics."""

from __future__ import annotations

import pytest

from tilewright_compiler.plan.topics import Topic, parse_topic


def test_brokers_and_name() -> None:
    """One broker or several, and the name as Kafka has it."""
    assert parse_topic("kafka://one:9092/clicks") == Topic("one:9092", "clicks")
    assert parse_topic("kafka://one:9092,[::1]:9093/shop.clicks-2") == Topic(
        "one:9092,[::1]:9093", "shop.clicks-2"
    )


@pytest.mark.parametrize(
    "url",
    [
        "clicks",
        "kafka:///clicks",
        "kafka://one:9092",
        "kafka://one:9092/",
        "kafka://one:9092/a/b",
        "nats://one/a",
    ],
)
def test_what_is_no_topic(url: str) -> None:
    """Whatever lacks brokers or a name, or is of another system."""
    assert parse_topic(url) is None
