"""How fast a topic of JSON becomes tiles, beside a bare consumer of the same messages.

    python benchmarks/kafka_rate.py [--events N] [--rounds N]

One broker of this machine has 2 million messages of 88 bytes in two partitions, 500 keys over one
day; count, sum, average, min and max over 1h, 12h and 7d go into LMDB. The floor is the same
client with the same settings, which takes as many messages at once and looks at the bytes of each.
With its own settings the client waits for most of the time, and that is printed too. All read the
whole topic, in turns. The broker runs beside them on the same processors: seconds of the clock have
its work in them, and processor seconds only that of the reader.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from local_kafka import local_kafka, new_topic
from plans import DAY_MS
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.ingest.follow import Follower
from tilewright_runtime.ingest.passes import Taker
from tilewright_runtime.readers.kafka.arrivals import AT_ONCE
from tilewright_runtime.readers.kafka.connection import FETCH_PAUSE_MS
from tilewright_runtime.readers.kafka.topic import KafkaTopic
from write import KEYS, START_MS, plan

TOPIC = "clicks"
PARTITIONS = 2
EVENTS_PER_DAY = 4_000_000


def fill(servers: str, events: int) -> int:
    """Append events in order of time; gives their bytes."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": servers, "linger.ms": 50, "log_level": 0})
    rng = np.random.default_rng(3)
    times = np.sort(START_MS + rng.integers(0, DAY_MS * events // EVENTS_PER_DAY, events)).tolist()
    users, amounts = rng.integers(0, KEYS, events).tolist(), rng.gamma(2.0, 20.0, events).tolist()
    size = 0
    for n, (user, amount, ms) in enumerate(zip(users, amounts, times, strict=True)):
        value = (
            f'{{"user_id":"user{user:04d}","amount":{amount:.6f},"quantity":1,"country":"DE","ts":{ms}}}'
        ).encode()
        size += len(value)
        while True:
            try:
                producer.produce(TOPIC, value, partition=n % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()
    return size


def consume(servers: str, events: int, settings: Mapping[str, object]) -> None:
    """Take all messages, and count their bytes."""
    from confluent_kafka import Consumer, Message, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "bare",
            "enable.auto.commit": False,
            "check.crcs": True,
            **settings,
        }
    )
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(PARTITIONS)])
    taken = size = 0
    while taken < events:
        messages = consumer.consume(AT_ONCE, timeout=0.05)
        taken += len(messages)
        size += sum(len(value or b"") for value in map(Message.value, messages))
    consumer.close()


def write(events: int, made: Plan, topic: str, store: str) -> None:
    """Read the topic to its end into tiles."""
    with Writer(made, open_store(store)) as writer:
        taker = Taker(writer, writer.plan.sources[0])
        feed = KafkaTopic(topic, {}, follows=False, warn=print)
        Follower([taker], [feed], [], print).run(bool)
        feed.close()
    if taker.report.events != events:
        raise SystemExit(f"{taker.report.events:,} of {events:,} events were counted")


def rates(work: Callable[[], None], events: int) -> tuple[float, float]:
    """Events a second of one call, by the clock and by the processor."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    work()
    return events / (time.perf_counter() - begun), events / (time.process_time() - begun_cpu)


def main() -> None:
    """Fill a topic, read it both ways in turns, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, local_kafka(Path(name)) as servers:
        new_topic(servers, TOPIC, PARTITIONS)
        size = fill(servers, chosen.events)
        print(f"{chosen.events:,} messages of {size / chosen.events:.0f} bytes")
        topic = f"kafka://{servers}/{TOPIC}"
        made = plan(topic)
        tuned = {"fetch.queue.backoff.ms": FETCH_PAUSE_MS}
        for number in range(chosen.rounds):
            store = f"lmdb:{name}/store{number}"
            ours = rates(lambda: write(chosen.events, made, topic, store), chosen.events)  # noqa: B023
            bare = rates(lambda: consume(servers, chosen.events, tuned), chosen.events)
            untuned = rates(lambda: consume(servers, chosen.events, {}), chosen.events)
            print(
                f"into tiles {ours[0]:,.0f} events/s, bare consumer {bare[0]:,.0f} "
                f"({ours[0] / bare[0]:.2f}), with its own settings {untuned[0]:,.0f}; per "
                f"processor second {ours[1]:,.0f}, bare {bare[1]:,.0f} ({ours[1] / bare[1]:.2f})"
            )


if __name__ == "__main__":
    main()
