"""Topics in the embedded writer, on a broker."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import fastavro
import pytest
from confluent_kafka import TopicPartition

from docs.pages import ROOT, blocks
from support.kafka import PASSWORD, Kafka, secure_broker
from support.session import Session, row
from support.waiting import wait_until
from tilewright_runtime import Writer, WriteReport
from tilewright_runtime.errors import InputError, StoreError
from tilewright_runtime.ingest import follow, tails
from tilewright_runtime.ingest.follow import Follower
from tilewright_runtime.ingest.passes import Taker
from tilewright_runtime.readers import Batch, Position
from tilewright_runtime.readers.kafka import arrivals, connection
from tilewright_runtime.readers.kafka.connection import Connection
from tilewright_runtime.readers.kafka.settings import kafka_settings
from tilewright_runtime.readers.kafka.topic import KafkaTopic


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read is told when it is tried for the second time."""
    monkeypatch.setattr(follow, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(tails, "_RETRY_S", 0.05)


def line(n: int, k: str = "a") -> str:
    return json.dumps(row(k, n))


def read(
    session: Session,
    topic: str,
    settings: Mapping[str, str] | None = None,
    told: list[InputError] | None = None,
    until: int | None = None,
) -> WriteReport:
    """What is in a topic is written, as without --follow, or so many events are awaited."""
    errors: list[InputError] = [] if told is None else told
    with Writer(session.plan, session.store) as writer:
        taker = Taker(writer, session.plan.sources[0])
        feed = KafkaTopic(topic, settings or {}, until is not None, warn=print)
        try:
            follower = Follower([taker], [feed], [], errors.append)
            follower.run(lambda: bool(errors) or taker.report.events == until)
        finally:
            feed.close()
    return taker.report


def test_a_topic_is_read_to_its_end_and_then_on(session: Session, kafka: Kafka) -> None:
    """All partitions are read once; the store has their positions, whatever the broker has."""
    topic = kafka.topic(partitions=3)
    for partition in range(3):
        kafka.produce(topic, [line(10**partition)], partition)
    assert (read(session, topic).events, session.sums("a")) == (3, [111])
    kafka.produce(topic, [line(1000)], 1)
    assert (read(session, topic).events, session.sums("a")) == (1, [1111])


def test_another_store_reads_from_the_beginning(kafka: Kafka) -> None:
    """Positions are a store's own, also in a group that has committed elsewhere."""
    topic = kafka.topic()
    kafka.produce(topic, [line(1), line(2)], 0)
    for _ in range(2):
        session = Session()
        report = read(session, topic, {"group.id": topic[-20:]}, until=2)
        assert (report.events, session.sums("a")) == (2, [3])


def test_large_messages_come_a_few_at_a_time(
    session: Session, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held of a topic is bounded by its bytes, and no message is lost for that."""
    monkeypatch.setattr(arrivals, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(connection, "_QUEUED_KB", 1 << 10)
    topic = kafka.topic()
    large = json.dumps({**row("a", 1), "note": "x" * 200_000})
    kafka.produce(topic, [large] * 100, 0)
    sizes: list[int] = []
    add = Writer.add_batch

    def counted(writer: Writer, cursor: Any, batch: Batch, report: WriteReport) -> None:
        sizes.append(len(batch.table))
        add(writer, cursor, batch, report)

    monkeypatch.setattr(Writer, "add_batch", counted)
    read(session, topic)
    assert session.sums("a") == [100]
    assert max(sizes) < 50


def test_values_that_are_no_events_are_refused(session: Session, kafka: Kafka) -> None:
    """A value that is no JSON, and one that is no object, have their offsets; a tombstone is no
    row.
    """
    topic = kafka.topic()
    kafka.produce(topic, [line(1), "{", None, "[1]", '{"k": "a",\n"n": 2, "ts": 9e99}', line(3)], 0)
    report = read(session, topic)
    assert session.sums("a") == [4]
    assert report.refused.total() == 3
    assert report.refused["not valid JSON: is the line cut?"] == 1


def test_positions_move_over_transactions(session: Session, kafka: Kafka) -> None:
    """Offsets without messages, which transactions leave, are no end and no gap."""
    from confluent_kafka import Producer

    topic = kafka.topic()
    producer = Producer({"bootstrap.servers": kafka.servers, "transactional.id": topic[-12:]})
    producer.init_transactions()
    for n, commits in ((1, True), (2, False), (4, True)):
        producer.begin_transaction()
        producer.produce(topic.rpartition("/")[2], line(n).encode(), partition=0)
        producer.flush()
        producer.commit_transaction() if commits else producer.abort_transaction()
    assert (read(session, topic).events, session.sums("a")) == (2, [5])
    assert read(session, topic).rows == 0


def test_what_retention_deleted_is_missed(session: Session, kafka: Kafka) -> None:
    """A partition that begins after the position is an error, and nothing is passed over."""
    topic = kafka.topic()
    kafka.produce(topic, [line(1)], 0)
    read(session, topic)
    kafka.produce(topic, [line(2), line(4)], 0)
    kafka.cut(topic, 2)
    told: list[InputError] = []
    read(session, topic, told=told)
    assert "begins at offset 2, and it was read up to 1 only" in str(told[0])
    assert session.sums("a") == [1]


def test_a_topic_that_was_made_again_is_another(session: Session, kafka: Kafka) -> None:
    """A new topic of an old name is not taken for the old one."""
    topic = kafka.topic()
    name = topic.rpartition("/")[2]
    kafka.produce(topic, [line(1)], 0)
    read(session, topic)
    kafka.delete(topic)
    kafka.topic(name=f"{name}")
    kafka.produce(topic, [line(2), line(4)], 0)
    told: list[InputError] = []
    read(session, topic, told=told)
    assert "was deleted and made again" in str(told[0])


def test_a_garbled_batch_is_an_error(session: Session, kafka: Kafka) -> None:
    """What was damaged on the broker's disk is not passed over: it and what follows count once it
    is mended.
    """
    topic = kafka.topic()
    kafka.produce(topic, [line(1)], 0)
    kafka.produce(topic, [line(n) for n in range(100)], 0, **{"compression.type": "gzip"})
    (log,) = kafka.folder_of(topic).glob("*.log")
    content = log.read_bytes()
    kafka.produce(topic, [line(10_000)], 0)
    whole = log.read_bytes()
    garbled = bytearray(whole)
    garbled[len(content) - 20] ^= 0xFF
    log.write_bytes(garbled)
    told: list[InputError] = []
    read(session, topic, told=told)
    assert told
    assert f"{topic.rpartition('/')[2]}[0]: cannot be read at offset 1: " in str(told[0])
    assert "What was read before is kept" in str(told[0])
    assert session.sums("a") == [1]
    log.write_bytes(whole)
    assert (read(session, topic).events, session.sums("a")) == (101, [14_951])


def test_a_partition_is_read_on_after_an_error_that_ended_it(
    session: Session, kafka: Kafka
) -> None:
    """A client gives a partition up whose offset is gone; it begins anew all the same."""
    topic = kafka.topic()
    kafka.produce(topic, [line(1), line(2), line(4)], 0)
    source = session.plan.sources[0]
    feed = KafkaTopic(topic, {}, True, warn=print)
    (item,) = feed.now()
    reading = item.batches(source, Position(item.uri))
    next(reading)
    kafka.cut(topic, 2)
    with pytest.raises(InputError, match="What was read before is kept"):
        while next(reading).is_idle:
            feed.now()
    again = item.batches(source, Position(item.uri, 2, 2))
    while (batch := next(again)).is_idle:
        feed.now()
    feed.close()
    assert batch.position.offset == 3


def test_what_cannot_be_read_does_not_hold_up_what_ends(session: Session, kafka: Kafka) -> None:
    """A write that does not follow tells it, writes the other partitions, and ends."""
    topic = kafka.topic(partitions=2)
    kafka.produce(topic, [b"\0\0\0\0\1x"], 0)
    kafka.produce(topic, [line(1), line(2)], 1)
    told: list[InputError] = []
    with Writer(session.plan, session.store) as writer:
        taker = Taker(writer, session.plan.sources[0])
        feed = KafkaTopic(topic, {}, False, warn=print)
        Follower([taker], [feed], [], told.append).run(bool)
        feed.close()
    assert ["no registry is named" in str(error) for error in told] == [True]
    assert taker.report.errors == told
    assert session.sums("a") == [3]


def test_refused_rows_that_cannot_be_kept_end_a_write(session: Session, kafka: Kafka) -> None:
    """They are not taken again and again, and nothing of their batch counts."""
    topic = kafka.topic()
    kafka.produce(topic, [line(1), "{"], 0)
    # What is left in it cannot be flushed either when it is closed.
    with suppress(OSError), Path("/dev/full").open("w") as full:
        writer = Writer(session.plan, session.store, rejects=full)
        taker = Taker(writer, session.plan.sources[0])
        feed = KafkaTopic(topic, {}, True, warn=print)
        Follower([taker], [feed], [], print).run(bool)
        feed.close()
        writer.close()
    assert "cannot be kept" in str(taker.failure)
    assert taker.report.events == 0


def test_no_broker_and_no_topic_are_told(
    session: Session, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the servers and the topic."""
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_PATIENCE_S", 0.5)
        with pytest.raises(InputError, match=r"events at 127\.0\.0\.1:1: no broker answers"):
            read(session, "kafka://127.0.0.1:1/events")
    with pytest.raises(InputError, match=r"topic nothing at .* Create the topic"):
        read(session, f"kafka://{kafka.servers}/nothing")
    with pytest.raises(InputError, match="not of the form kafka://HOST"):
        read(session, "kafka://host")
    with pytest.raises(InputError, match="has a name or a password in it") as raised:
        read(session, "kafka://me:hunter2@host:1/t")
    assert "hunter2" not in str(raised.value)


def test_a_broker_that_goes_away_comes_back(session: Session, kafka: Kafka) -> None:
    """A follower warns, waits, and goes on with what is new."""
    topic = kafka.topic()
    kafka.produce(topic, [line(1)], 0)
    warnings: list[str] = []

    def events() -> Iterator[bool]:
        while session.sums("a") != [1]:
            yield False
        kafka.stop()
        while not warnings:
            yield False
        kafka.start()
        kafka.produce(topic, [line(2)], 0)
        while session.sums("a") != [3]:
            yield False

    with Writer(session.plan, session.store) as writer:
        writer.write([row("b", 1)])
        taker = Taker(writer, session.plan.sources[0])
        feed = KafkaTopic(topic, {}, True, warnings.append)
        script = events()
        Follower([taker], [feed], [], print).run(lambda: next(script, True))
        feed.close()
    assert "no broker answers" in warnings[0]
    assert taker.report.errors == []


class Assigned:
    """A client of a group, without a broker, that is told its partitions by the test."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []

    def subscribe(self, topics: list[str], on_assign: Callable[..., None]) -> None:
        self.on_assign = on_assign

    def give(self, *numbers: int) -> None:
        self.on_assign(self, [TopicPartition("t", number) for number in numbers])

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.places = [(one.partition, one.offset) for one in partitions]

    def get_watermark_offsets(self, partition: Any, timeout: float) -> tuple[int, int]:
        return 5, 9

    def consume(self, most: int, timeout: float) -> list[Any]:
        return []


def test_a_kept_partition_is_read_on_and_another_is_left(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a group shares anew, the reader of what stayed gets its messages from its place."""
    client = Assigned()
    monkeypatch.setattr(Connection, "_connected", lambda _: client)
    monkeypatch.setattr(Connection, "described", lambda _: ("c", [0, 1, 2]))
    monkeypatch.setattr(Connection, "topic_id", lambda _: "")
    feed = KafkaTopic("kafka://host:1/t", {"group.id": "g"}, True, print)
    client.give(0, 1)
    kept, _ = feed.now()
    reading = kept.batches(session.plan.sources[0], Position(kept.uri, 7, 7))
    next(reading)
    feed.now()
    assert client.places == [(0, 7)]
    client.give(0, 2)
    assert client.places == []
    items = feed.now()
    assert [item.name for item in items] == ["t[0]", "t[2]"]
    assert (items[0] is kept, client.places) == (True, [(0, 7)])
    reading.close()


@contextmanager
def member(session: Session, topic: str) -> Iterator[None]:
    """A writer of a group, which follows the topic until it is left."""
    is_over = Event()

    def follow_topic() -> None:
        with Writer(session.plan, session.store) as writer:
            feed = KafkaTopic(topic, {"group.id": "two writers"}, True, print)
            try:
                taker = Taker(writer, session.plan.sources[0])
                Follower([taker], [feed], [], print).run(is_over.is_set)
            finally:
                feed.close()

    following = Thread(target=follow_topic)
    following.start()
    try:
        yield
    finally:
        is_over.set()
        following.join()


def sums(session: Session) -> list[int]:
    """What a member has of both partitions' keys."""
    try:
        return [found or 0 for found in session.sums("a", "b")]
    except StoreError:  # nothing was written yet
        return [0, 0]


@pytest.mark.nightly
def test_what_a_member_of_a_group_keeps_is_read_on(kafka: Kafka) -> None:
    """When another joins or leaves, each partition is read by one of them from where its store has
    it.
    """
    topic, one, other = kafka.topic(partitions=2), Session(), Session()

    def produce(n: int) -> None:
        kafka.produce(topic, [line(n, "a")], 0)
        kafka.produce(topic, [line(n, "b")], 1)

    produce(1)
    with member(one, topic):
        wait_until(lambda: sums(one) == [1, 1], "one member reads both partitions")
        with member(other, topic):
            wait_until(lambda: max(sums(other)) == 1, "another has one of them")
            produce(10)
            wait_until(
                lambda: sorted([*sums(one), *sums(other)]) == [0, 1, 11, 11], "both are read on"
            )
        produce(100)
        wait_until(lambda: sums(one) == [111, 111], "one member reads both again")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker that is reached over TLS and with a password only."""
    with secure_broker(tmp_path_factory.mktemp("guarded")) as broker:
        yield broker


def test_tls_and_a_password(session: Session, guarded: Kafka) -> None:
    """The right ones are let in; a wrong password and an unknown certificate are told."""
    topic = guarded.topic()
    guarded.produce(topic, [line(1)], 0)
    assert read(session, topic, guarded.settings).events == 1
    for wrong, said in (
        ({"sasl.password": "wrong"}, "uthentication failed"),
        ({"ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt"}, "certificate"),
    ):
        with pytest.raises(InputError, match=said) as raised:
            read(session, topic, {**guarded.settings, **wrong})
        assert PASSWORD not in str(raised.value)


def test_the_settings_that_a_page_shows(session: Session, guarded: Kafka, tmp_path: Path) -> None:
    """In a file, they let its user in; the password and the certificate are this broker's."""
    page = (ROOT / "docs/how-to/follow-events.md").read_text()
    (shown,) = (block.text for block in blocks(page) if block.language == "properties")
    guarded.add_user("tilewright", "of our own")
    own = shown.replace("=...", "=of our own")
    own = own.replace("/etc/ssl/our-ca.pem", guarded.settings["ssl.ca.location"])
    (tmp_path / "kafka.properties").write_text(own)
    topic = guarded.topic()
    guarded.produce(topic, [line(1)], 0)
    settings = kafka_settings({"TILEWRIGHT_KAFKA_PROPERTIES": f"{tmp_path}/kafka.properties"})
    assert read(session, topic, settings).events == 1


# Avro


class Registry(BaseHTTPRequestHandler):
    """A schema registry with the schemas of its server."""

    def do_GET(self) -> None:
        """Answers as Confluent's does."""
        schemas: dict[int, Any] = self.server.schemas  # type: ignore[attr-defined]
        schema = schemas.get(int(self.path.rpartition("/")[2]))
        content = json.dumps({"schema": json.dumps(schema)}).encode()
        is_known = schema is not None and self.headers["Authorization"] == "Basic dTpw"
        self.send_response(200 if is_known else 404)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing."""


def schema(*names: str) -> dict[str, Any]:
    types: dict[str, Any] = {"k": "string", "n": ["null", "long"], "t": "string", "ts": "long"}
    fields = [{"name": name, "type": types[name]} for name in names]
    return {"type": "record", "name": "Event", "fields": fields}


SCHEMAS = {1: schema("k", "n", "t", "ts"), 2: schema("k", "t", "ts"), 3: schema("n", "ts")}


def framed(number: int, n: int) -> bytes:
    """An event of a schema, as a registry's clients frame it."""
    content = io.BytesIO()
    fastavro.schemaless_writer(content, SCHEMAS[number], row("a", n))
    return b"\0" + struct.pack(">I", number) + content.getvalue()


@contextmanager
def registry() -> Iterator[dict[str, str]]:
    """A registry, and the settings that lead to it."""
    server = HTTPServer(("127.0.0.1", 0), Registry)
    server.schemas = SCHEMAS  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    yield {"schema.registry.url": url, "schema.registry.basic.auth.user.info": "u:p"}
    server.shutdown()


def test_avro_values_are_read_with_their_schemas(session: Session, kafka: Kafka) -> None:
    """Values of several schemas and JSON may follow each other; a cut one is refused."""
    topic = kafka.topic()
    cut = framed(1, 9)[:-3]
    kafka.produce(topic, [framed(1, 1), framed(2, 7), line(2), cut, framed(1, 10)], 0)
    with registry() as settings:
        report = read(session, topic, settings)
    assert (report.events, session.sums("a")) == (4, [13])
    assert list(report.refused) == ["is no Avro of schema 1"]


def test_a_schema_without_a_column_is_an_error(session: Session, kafka: Kafka) -> None:
    """It is named with its fields; a schema or a registry that is not there is told too."""
    topic = kafka.topic()
    kafka.produce(topic, [framed(3, 1)], 0)
    told: list[InputError] = []
    with registry() as settings:
        read(session, topic, settings, told)
        assert "schema 3 of its values has no field k, t; its fields are n, ts" in str(told.pop())
        other = kafka.topic()
        kafka.produce(other, [b"\0\0\0\0\x09x"], 0)
        read(session, other, settings, told)
        assert "does not give schema 9 (404" in str(told.pop())
    read(session, topic, settings, told)
    assert "does not answer" in str(told.pop())
    read(session, topic, {}, told)
    assert "no registry is named" in str(told.pop())
