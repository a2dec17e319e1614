"""What arrives of a topic."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from support.messages import failure, message
from tilewright_runtime.readers.kafka import arrivals
from tilewright_runtime.readers.kafka.arrivals import Arrivals
from tilewright_runtime.readers.kafka.partition import Partition, Queue


def partition(expected: int) -> Partition:
    """One that a reader wants from an offset on."""
    made = Partition(item=None, number=0, end=None)  # type: ignore[arg-type]
    made.queues.append(Queue(expected))
    return made


def offsets(of: Partition) -> list[int]:
    """What its reader has."""
    return [offset for _, part in of.queues[0].parts for offset in part.tolist()]


def test_readers_get_their_partitions_messages() -> None:
    """Those of a partition that is not read here are dropped."""
    taken, own = Arrivals(), partition(5)
    assert taken.add([message(0, 4, b"{}"), message(1, 7, b"{}"), message(0, 6, b"{}")])
    taken.share({0: own})
    assert offsets(own) == [6]


def test_nothing_follows_an_error() -> None:
    """What came before it counts, and what comes after it is read again."""
    taken, own = Arrivals(), partition(1)
    taken.add([message(0, 1, b"{}"), failure(0, 2, KafkaError._BAD_MSG), message(0, 3, b"{}")])
    taken.share({0: own})
    assert (offsets(own), own.queues[0].expected) == ([1], 2)
    assert "BAD_MSG" in own.error


def test_errors_alone_are_no_sign_of_life() -> None:
    """A client that hears nothing gives errors too."""
    taken = Arrivals()
    assert not taken.add([failure(0, 2), failure(0, 2)])
    assert taken.add([failure(0, 2), message(0, 2, b"{}")])


def test_the_end_of_a_partition_moves_its_reader() -> None:
    """Transactions leave offsets without messages before it."""
    taken, own = Arrivals(), partition(1)
    taken.add([message(0, 1, b"{}"), failure(0, 9)])
    taken.share({0: own})
    assert own.queues[0].expected == 9


def test_large_messages_are_taken_a_few_at_a_time() -> None:
    """How large they are is known once there is one."""
    taken = Arrivals()
    assert taken.at_once == 1
    taken.add([message(0, 1, b"x" * (1 << 18))])
    assert taken.at_once == 5
    taken.add([message(0, 2, b"x" * (1 << 24))])
    assert taken.at_once == 1
    small = Arrivals()
    small.add([message(0, 1, b"")])
    assert small.at_once == arrivals.AT_ONCE


def test_what_arrives_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes, and of small messages by their number; what came before an error counts too."""
    monkeypatch.setattr(arrivals, "MOST_BYTES", 10)
    taken = Arrivals()
    taken.add([message(0, 1, b"123456"), failure(0, 2)])
    assert not taken.is_full
    taken.add([message(0, 2, b"1234")])
    assert taken.is_full
    monkeypatch.setattr(arrivals, "_MOST_MESSAGES", 2)
    tiny = Arrivals()
    tiny.add([message(0, 1, b""), message(0, 2, b"")])
    assert tiny.is_full
