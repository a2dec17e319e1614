"""Generated Flink jobs on a real Kafka: tiles as the embedded writer makes them, also after kills;
what is away is said at the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from support.everything import SCHEMA, Event, assert_same_tiles, some_events, written
from support.flink import Host, Job, await_checkpoint, await_events, await_that, lines_of, stop
from support.kafka import Kafka, jars
from support.plans import AT, HOUR, MINUTE, aggregations, event_source, plan_of
from support.redis_server import redis_server
from support.servers import free_port
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import open_store

#: What SQL adds up, what is made of lists of values, and a sketch; `test_job.py` has every
#: operation.
OPERATIONS = [
    Operation.COUNT,
    Operation.SUM,
    Operation.MAX,
    Operation.FIRST,
    Operation.LAST_K(3),
    Operation.APPROX_UNIQUE_COUNT,
]


def reading(topic: str) -> Plan:
    """A plan of two keys that reads a topic, in tiles of 1m, 5m and 1h."""
    parts = [
        *aggregations("n", OPERATIONS, ["10m", "1h", "12h"]),
        *aggregations("t", [Operation.LAST], ["1h"]),
        *aggregations("b", [Operation.COUNT], ["1h"]),
    ]
    return plan_of(SCHEMA, ["k", "m"], parts, sources=[event_source(SCHEMA, topic=topic)])


def produce(kafka: Kafka, topic: str, events: Sequence[Event]) -> None:
    """Every other event to each of two partitions, all of them without the column b."""
    for partition in (0, 1):
        kafka.produce(
            topic,
            [line.replace('"b": ', '"c": ') for line in lines_of(events[partition::2])],
            partition,
        )


def grow_after(events: Sequence[Event]) -> list[list[Event]]:
    """An event in the first minute of an hour for twenty entities, in the second for some of them,
    and in the first for all again.

    Were the tiles of an entity put by two instances, one of them would merge the hour without what
    the other has put meanwhile. Some are left out so that rows that take turns between instances do
    not come to the same one again.
    """
    hour = (events[-1]["ts"] // HOUR + 1) * HOUR
    rounds = ((0, 1), (1, 3), (0, 1))
    return [
        [
            {**events[0], "k": f"entity {i}", "ts": hour + minute * MINUTE}
            for i in range(0, 20, step)
        ]
        for minute, step in rounds
    ]


def connector() -> list[str | Path]:
    (jar,) = jars("flink").glob("*.jar")
    return ["--jar", jar]


@pytest.fixture
def guarded_url(tmp_path: Path) -> Iterator[str]:
    """A database of a Redis that asks for a password, which stands in the URL."""
    with redis_server(tmp_path / "redis", "--requirepass", "s3cret") as server:
        yield server.url().replace("://", "://:s3cret@")


@pytest.mark.parametrize(
    ("kills", "parallelism"), [(1, 1), pytest.param(2, 2, marks=pytest.mark.nightly)]
)
def test_a_topic_becomes_tiles_in_redis_also_after_kills(
    tmp_path: Path, kafka: Kafka, guarded_url: str, kills: int, parallelism: int
) -> None:
    """Killed and started again, a job of two partitions counts each event once, also those that
    came while it was down, and refuses what it should; its workers find the store's password.
    """
    topic, url = kafka.topic(partitions=2), guarded_url
    without_b = [dict(event) | {"b": None} for event in some_events(300, seed=5)]
    # Nothing is late: a restart forgets the watermark.
    events: list[Event] = sorted(without_b, key=lambda event: event["ts"])
    late = [dict(events[0]) | {"ts": AT - 3 * HOUR}, dict(events[1]) | {"ts": AT - 3 * HOUR}]
    plan = reading(topic)
    job = Job(tmp_path, plan, execution_checkpointing_interval="1 s")
    refused, checkpoints = tmp_path / "refused", tmp_path / "checkpoints"
    # With two instances of each operator, those that put tiles keep the finer ones of their own
    # entities. Each instance has workers of its own, which take seconds to start.
    arguments = [
        *connector(),
        "--store",
        url,
        "--checkpoints",
        checkpoints,
        "--refused",
        refused,
        "--parallelism",
        str(parallelism),
    ]

    produce(kafka, topic, events[:120])
    running = job.start(*arguments)
    await_events(plan, events[:120], url, running)
    await_checkpoint(checkpoints, running)
    produce(kafka, topic, events[120:160])
    stop(running)
    produce(kafka, topic, events[160:200])
    running = job.start(*arguments)
    await_events(plan, events[:200], url, running)
    await_checkpoint(checkpoints, running)
    kafka.produce(topic, ["no json", *lines_of([dict(events[0]) | {"n": "many"}])], partition=0)
    if kills == 2:
        stop(running)
    produce(kafka, topic, events[200:])
    if kills == 2:
        running = job.start(*arguments)
    await_events(plan, events, url, running)
    for grown in grow_after(events) if parallelism == 2 else []:
        produce(kafka, topic, grown)
        events += grown
        await_events(plan, events, url, running)
    await_checkpoint(checkpoints, running)
    produce(kafka, topic, late)
    await_that(lambda: len(job.refused(refused)) >= 4, running)
    await_checkpoint(checkpoints, running)
    stop(running)

    name = topic.rpartition("/")[2]
    assert (
        f"warning: source events: the newest events of topic {name} have no b, which is read as "
        "null." in running.communicate()[0]
    )
    assert_same_tiles(plan, events, open_store(url), written(plan, events))
    assert Counter(row["reason"] for row in job.refused(refused)) == {
        f"later than the allowed lateness of {plan.late.allowed_lateness_ms} ms": 2,
        "not a JSON object": 1,
        "n is not a bigint": 1,
    }


def test_a_broker_that_is_away_is_said_at_the_start(tmp_path: Path, flink: Host) -> None:
    """Where nobody listens, the source and the address are named, and no stack of Java."""
    topic = f"kafka://127.0.0.1:{free_port()}/clicks"
    arguments = [*connector(), "--store", f"lmdb:{tmp_path}/store"]
    ended = flink.run(Job(tmp_path, reading(topic)), arguments)
    assert (ended.status, len(ended.output.splitlines())) == (1, 1)
    assert ended.output.startswith(
        f"error: source events: no Kafka broker answers at {topic.split('/')[2]}. Start it, or say"
    )


def test_a_topic_that_is_away_is_said_at_the_start(
    tmp_path: Path, kafka: Kafka, flink: Host
) -> None:
    """What is missing is named with the topics that there are, before anything runs."""
    job = Job(tmp_path, reading(f"kafka://{kafka.servers}/absent"))
    ended = flink.run(job, [*connector(), "--store", f"lmdb:{tmp_path}/store"])
    assert ended.status == 1
    assert f"there is no topic 'absent' at {kafka.servers}; it has " in ended.output
    assert "\tat " not in ended.output


@pytest.mark.nightly
def test_a_connector_that_is_away_is_said_at_the_start(tmp_path: Path, kafka: Kafka) -> None:
    """What is missing is named with what to do; a JVM of its own, since one that loaded the jar
    keeps it.
    """
    job = Job(tmp_path, reading(f"kafka://{kafka.servers}/absent"))
    ended = job.run("--store", f"lmdb:{tmp_path}/store")
    assert ended.status == 1
    assert (
        "source events is a topic, and the connector for Kafka is not here. Fetch "
        "flink-sql-connector-kafka"
    ) in ended.output
    assert "\tat " not in ended.output
