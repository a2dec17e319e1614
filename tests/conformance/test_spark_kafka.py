"""Spark's streaming job on a real Kafka: the kit's events by way of a topic, with restarts, and
what is away.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.kafka import Kafka
from support.kit import KIT, in_time_of_batches
from support.plans import aggregations, event_source, plan_of
from support.process import tilewright
from support.servers import free_port
from support.spark import Jobs
from tilewright import Operation
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import open_store
from tilewright_runtime.errors import InputError
from tilewright_runtime.testing.event_logs import EventLog

pytestmark = pytest.mark.usefixtures("spark")


def reading(topic: str) -> Plan:
    schema = {"k": "string", "n": "bigint"}
    return plan_of(
        schema,
        ["k"],
        aggregations("n", [Operation.SUM]),
        sources=[event_source(schema, topic=topic)],
    )


@pytest.mark.parametrize(
    "name",
    [
        "restarts",
        pytest.param("disorder", marks=pytest.mark.nightly),
        pytest.param("refused", marks=pytest.mark.nightly),
    ],
)
def test_a_topic_of_two_partitions_with_restarts(tmp_path: Path, kafka: Kafka, name: str) -> None:
    """Events that come while no job runs are read by the next one, from its checkpoint on; each
    counts once.
    """
    log, topic = EventLog(KIT / name), kafka.topic(partitions=2)
    jobs, url = Jobs.of(log.plan, tmp_path / "compiled"), f"lmdb:{tmp_path}/store"
    for part in log.parts:
        lines = part.path.read_text(encoding="utf-8").splitlines()
        for partition in (0, 1):
            kafka.produce(topic, lines[partition::2], partition)
        assert jobs.follow(url, tmp_path / "checkpoint", topic) == 0
    in_time = in_time_of_batches(log, tmp_path / "in_time")
    assert log.disagreements(open_store(url), parts=in_time) == []


def test_what_is_refused_of_a_topic_is_what_is_refused_of_a_file(
    tmp_path: Path, kafka: Kafka, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same lines are refused for the same reasons, those that are no JSON among them; empty
    ones are passed over.
    """
    topic, path = kafka.topic(), tmp_path / "events.jsonl"
    lines = [
        "no json",
        '["an array"]',
        "7",
        '{"k": "a", "n": 1',
        "",
        '{"k": "a", "n": "x", "ts": 1704379000000}',
        '{"n": 1}',
        "{}",
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    kafka.produce(topic, lines, partition=0)
    jobs = Jobs.of(reading(topic), tmp_path / "compiled")
    said = []
    for name, places in (("file", [f"{tmp_path}/*.jsonl"]), ("topic", [])):
        jobs.follow(f"lmdb:{tmp_path}/{name}", tmp_path / f"checkpoint of {name}", *places)
        said.append(re.findall("  refused .*", capsys.readouterr().err))
    assert said[0] == said[1]
    assert "not valid JSON" in said[0][0]


def test_a_column_that_no_event_has_is_said(
    tmp_path: Path, kafka: Kafka, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning before the job starts, with what the events have; nothing is said of a topic
    without events.
    """
    topic = kafka.topic()
    jobs = Jobs.of(reading(topic), tmp_path / "compiled")
    jobs.follow(f"lmdb:{tmp_path}/store", tmp_path / "checkpoint", topic)
    assert "warning" not in capsys.readouterr().err
    kafka.produce(topic, ["no json", '{"k": "a", "m": 1, "ts": 1704379000000}'], partition=0)
    jobs.follow(f"lmdb:{tmp_path}/store", tmp_path / "checkpoint", topic)
    assert " have no n, which is read as null. They have k, m, ts.\n" in capsys.readouterr().err


def test_what_is_away_is_said_in_a_line(tmp_path: Path, kafka: Kafka) -> None:
    """A broker or a topic that is not there is named with the source."""
    for topic, said in (
        (
            f"kafka://127.0.0.1:{free_port()}/clicks",
            "source events: no Kafka broker answers at 127.0.0.1:",
        ),
        (
            f"kafka://{kafka.servers}/absent",
            f"source events: there is no topic 'absent' at {kafka.servers}; it has ",
        ),
    ):
        with pytest.raises(InputError) as error:
            Jobs.of(reading(topic), tmp_path).follow("memory:", tmp_path / "checkpoint")
        assert str(error.value).startswith(said)
        assert "\n" not in str(error.value)


@pytest.mark.nightly
def test_a_connector_that_is_away_is_said_in_a_line(tmp_path: Path, kafka: Kafka) -> None:
    """A Spark without Kafka's connector is told how to get it, with status 1."""
    plan = reading(kafka.topic())
    Jobs.of(plan, tmp_path)
    arguments = [
        "--stream",
        "--store",
        f"lmdb:{tmp_path}/store",
        "--checkpoint",
        f"{tmp_path}/checkpoint",
    ]
    ended = tilewright(
        "spark-job",
        f"{tmp_path}/{plan.name}",
        *arguments,
        PYSPARK_SUBMIT_ARGS="--driver-memory 1g pyspark-shell",
    )
    assert ended.returncode == 1
    errors = ended.stderr.decode()
    assert errors.splitlines()[-1].startswith(
        "error: source events is a topic, and the connector for Kafka is not here. Pass --packages "
    )
    assert "\tat " not in errors
