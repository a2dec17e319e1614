"""`tilewright write`: what it says, its exit statuses, standard input and rejects."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from support.cli import Desk
from support.kafka import Kafka
from support.plans import AT, aggregations, event_source, plan_of
from support.process import tilewright
from support.redis_server import RedisServer
from support.servers import free_port
from support.session import SCHEMA, row
from tilewright import Operation
from tilewright_runtime import Writer, open_store
from tilewright_runtime.cli import main
from tilewright_runtime.commands import progress
from tilewright_runtime.ingest import passes
from tilewright_runtime.readers import Input, inputs, stream
from tilewright_runtime.readers.kafka import connection as kafka_connection


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def sums(desk: Desk, *keys: str) -> list[int | None]:
    found: list[int | None] = [
        desk.fetch("--key", f"k={key}", "--at", str(AT)).lines[0]["features"]["n_sum_1h"]
        for key in keys
    ]
    return found


def test_a_write_says_what_it_did(desk: Desk) -> None:
    """The summary counts new rows, events and tiles, and the exit status is 0."""
    ran = desk.write(desk.events([row("a", 1), row("b", 2)]))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("things: 2 new rows")
    assert "2 events written into tiles (2 × 5m)" in ran.out


def test_a_write_says_how_many_chunks_of_raw_events_it_made(tmp_path: Path) -> None:
    """Beside tiles chunks are counted with them, and without tiles they are all there is."""
    summed = aggregations("n", [Operation.SUM], edge="exact")
    for tiled, said in (
        (True, "tiles (2 × 5m, 2 chunks of raw events)"),
        (False, "2 chunks of raw events"),
    ):
        (folder := tmp_path / str(tiled)).mkdir()
        desk = Desk(folder, plan_of(SCHEMA, ["k"], summed, tiled=tiled))
        assert (
            f"  2 events written into {said}\n"
            in desk.write(desk.events([row("a", 1), row("b", 2)])).out
        )


def test_a_second_write_adds_nothing(desk: Desk) -> None:
    """Written again, a file has no new rows, and that is a success."""
    path = desk.events([row("a", 1)])
    desk.write(path)
    ran = desk.write(path)
    assert (ran.status, "0 new rows" in ran.out) == (0, True)
    assert sums(desk, "a") == [1]


def test_files_and_globs_may_be_mixed(desk: Desk) -> None:
    """Each --events names a file or a pattern."""
    for number in range(3):
        desk.events([row("a", 10**number)], f"{number}.csv")
    assert desk.write(desk.folder / "[01].csv", desk.folder / "2.csv").status == 0
    assert sums(desk, "a") == [111]


def test_refused_rows_are_counted_and_the_status_is_0(desk: Desk) -> None:
    """Rows that cannot be used are told by reason on standard error; the rest is written."""
    ran = desk.write(desk.events([row("a", 1), row(None, 2), row(None, 3), row("a", 4, ts=5)]))
    assert (ran.status, sums(desk, "a")) == (0, [1])
    assert "2 rows refused: key k is null" in ran.err
    assert "1 row refused: time is outside 1971-2099" in ran.err
    assert "--rejects FILE" in ran.err


def test_an_event_of_the_far_future_stops_nothing(desk: Desk) -> None:
    """It is refused, unless the past is replayed, and the others count."""
    far = 4_050_000_000_000
    path = desk.events([row("a", 1), row("a", 2, ts=far)])
    ran = desk.write(path)
    assert (ran.status, sums(desk, "a")) == (0, [1])
    assert "1 row refused: time is more than 1d ahead of the clock" in ran.err
    replayed = desk.write(desk.events([row("b", 2, ts=far)], "b.csv"), options=["--replay"])
    assert "1 event written" in replayed.out


def test_late_keeps_what_comes_too_late(desk: Desk) -> None:
    """With --late the events are a stream, whose late events are refused and kept."""
    path = desk.events([row("a", 1), row("a", 2, ts=AT - 1_200_000)])
    ran = desk.write(path, options=["--late", desk.folder / "late.jsonl"])
    assert (ran.status, sums(desk, "a")) == (0, [1])
    assert "1 row refused: later than the allowed lateness of 300000 ms" in ran.err
    (line,) = (desk.folder / "late.jsonl").read_text(encoding="utf-8").splitlines()
    kept = json.loads(line)
    assert (kept["row"], json.loads(kept["content"])["n"]) == (2, "2")


def test_no_usable_row_is_status_1(desk: Desk) -> None:
    """If every row was refused the command fails."""
    assert desk.write(desk.events([row(None, 1)])).status == 1


def test_filtered_rows_are_usable(desk: Desk) -> None:
    """An empty file, and one that was read before, are no failures."""
    path = desk.events([])
    assert [desk.write(path).status, desk.write(path).status] == [0, 0]


def test_rejects_are_appended(desk: Desk) -> None:
    """--rejects keeps the refused rows of all writes, a JSON object a line."""
    options: list[str | Path] = ["--rejects", desk.folder / "rejects.jsonl"]
    for number in range(2):
        desk.write(desk.events([row("a", 1), row(None, number)], f"{number}.csv"), options=options)
    lines = [json.loads(line) for line in (desk.folder / "rejects.jsonl").read_text().splitlines()]
    assert [(Path(line["input"]).name, line["row"], line["reason"]) for line in lines] == [
        ("0.csv", 2, "key k is null"),
        ("1.csv", 2, "key k is null"),
    ]
    assert [json.loads(line["content"])["n"] for line in lines] == ["0", "1"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device without room")
def test_rejects_that_cannot_be_kept_are_named(desk: Desk) -> None:
    """The file and what to do, and nothing of the batch is committed."""
    events = desk.events([row("a", 1), row(None, 2)])
    ran = desk.write(events, options=["--rejects", "/dev/full"])
    assert ran.status == 1
    assert "the refused rows cannot be kept in /dev/full: No space left on device" in ran.err
    assert desk.write(events).status == 0
    assert sums(desk, "a") == [1]


def test_a_file_that_cannot_be_read_is_status_1_and_the_others_are_written(desk: Desk) -> None:
    """The unreadable file is named; what could be read is kept."""
    (desk.folder / "half.parquet").write_bytes(b"PAR1 and no more")
    ran = desk.write(desk.folder / "half.parquet", desk.events([row("a", 1)]))
    assert ran.status == 1
    assert "half.parquet: not a whole Parquet file" in ran.err
    assert sums(desk, "a") == [1]


@pytest.mark.parametrize("what", ["plan", "events", "store", "rejects"])
def test_a_mistake_is_status_1_or_2_and_one_line(desk: Desk, what: str) -> None:
    """A plan, a file, a store or a rejects file that cannot be is told without a traceback, and
    nothing is written.
    """
    path = desk.events([row("a", 1)])
    cases: dict[str, list[str | Path]] = {
        "plan": ["write", desk.folder / "nowhere", "--store", desk.store, "--events", path],
        "events": [
            "write",
            desk.plan,
            "--store",
            desk.store,
            "--events",
            desk.folder / "nowhere.csv",
        ],
        "store": ["write", desk.plan, "--store", "lmdb", "--events", path],
        "rejects": [
            "write",
            desk.plan,
            "--store",
            desk.store,
            "--events",
            path,
            "--rejects",
            desk.folder / "no" / "rejects",
        ],
    }
    ran = desk.run(*cases[what])
    assert ran.status == (2 if what == "rejects" else 1)
    assert "rror: " in ran.err
    assert not (desk.folder / "store").exists() or desk.fetch("--key", "k=a").status == 1


@pytest.mark.parametrize("arguments", [[], ["--store", "memory:"], ["--events", "x.csv"]])
def test_a_missing_option_is_status_2(desk: Desk, arguments: list[str]) -> None:
    """A call that is not written as it must be is told apart from a mistake in what it names."""
    assert desk.run("write", desk.plan, *arguments).status == 2


def test_the_last_line_needs_no_newline(desk: Desk) -> None:
    """A file is whole when it is named; --final, which once said so, is without effect."""
    path = desk.events([row("a", 1), row("a", 2)])
    path.write_bytes(path.read_bytes()[:-1])
    assert "2 new rows " in desk.write(path).out
    desk.write(path, options=["--final"])
    assert sums(desk, "a") == [3]


CSV = f"k,n,t,ts\na,1,x,{AT - 1}\na,2,x,{AT - 1}\na,10,x,{AT - 1}\n".encode()
JSON = "".join(f'{{"k": "a", "n": {n}, "t": "x", "ts": {AT - 1}}}\n' for n in (1, 2, 10)).encode()


@pytest.mark.parametrize(
    "stream",
    [CSV, JSON, b"\xef\xbb\xbf" + CSV, b"\xef\xbb\xbf" + JSON],
    ids=["csv", "json", "csv with BOM", "json with BOM"],
)
def test_standard_input_is_read_on_under_its_name(desk: Desk, stream: bytes) -> None:
    """The same stream under the same name adds nothing, a longer one its end, with or without the
    last newline; another name is another input.
    """
    shorter = stream[: stream[:-1].rindex(b"\n") + 1]
    for position, sent, total in (
        ("p", shorter, 3),
        ("p", shorter, 3),
        ("p", stream[:-1], 13),
        ("p", stream, 13),
        ("q", shorter, 16),
    ):
        ran = desk.write("-", options=["--position", position], stdin=sent)
        assert (ran.status, "refused" in ran.err) == (0, False)
        assert sums(desk, "a") == [total]


def test_a_changed_stream_is_status_1(desk: Desk) -> None:
    """A stream of a known name that begins differently is refused and changes nothing."""
    desk.write("-", options=["--position", "p"], stdin=CSV)
    ran = desk.write("-", options=["--position", "p"], stdin=CSV.replace(b"a,1", b"a,7"))
    assert (ran.status, "are not the same any more" in ran.err) == (1, True)
    assert sums(desk, "a") == [13]


def test_standard_input_may_be_bytes_in_memory(desk: Desk) -> None:
    """A program that runs the command within its own process gives them so."""
    arguments = ["write", desk.plan, "--store", desk.store, "--events", "-", "--position", "p"]
    result = CliRunner().invoke(main, list(map(str, arguments)), input=CSV, catch_exceptions=False)
    assert (result.exit_code, sums(desk, "a")) == (0, [13])


def test_standard_input_is_that_of_the_process(desk: Desk) -> None:
    """A process of its own reads what is piped into it, and prints its summary without a progress
    bar.
    """
    ran = tilewright(
        "write",
        str(desk.plan),
        "--store",
        desk.store,
        "--events",
        "-",
        "--position",
        "p",
        stdin=CSV,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"things: 3 new rows")
    assert sums(desk, "a") == [13]


def test_standard_input_without_a_name_is_refused(desk: Desk) -> None:
    """Standard input needs --position NAME, and the error says why."""
    ran = desk.write("-")
    assert (ran.status, "standard input needs --position NAME" in ran.err) == (1, True)


# Stores that take whole tiles


def test_redis_gets_whole_tiles_from_a_state(desk: Desk, redis_server: RedisServer) -> None:
    """With --state the same commands work on Redis, and a file that is written again adds
    nothing.
    """
    desk.store = redis_server.url()
    path = desk.events([row("a", 1), row("b", 2)])
    for events in ("2 new rows", "0 new rows"):
        ran = desk.write(path, options=["--state", desk.folder / "state"])
        assert (ran.status, ran.err) == (0, "")
        assert events in ran.out
    assert sums(desk, "a", "b") == [1, 2]


def test_redis_without_a_state_is_status_1(desk: Desk, redis_server: RedisServer) -> None:
    """The message names the option; nothing is written."""
    desk.store = redis_server.url()
    ran = desk.write(desk.events([row("a", 1)]))
    assert (ran.status, ran.out) == (1, "")
    assert "--state DIR" in ran.err
    assert "has no tiles of things" in desk.fetch("--key", "k=a").err


def test_a_state_beside_an_embedded_store_is_status_1(desk: Desk) -> None:
    """The message says to leave it out."""
    ran = desk.write(desk.events([row("a", 1)]), options=["--state", desk.folder / "state"])
    assert (ran.status, "Leave --state out" in ran.err) == (1, True)


def test_a_state_is_a_folder_and_no_url(desk: Desk) -> None:
    """A store's URL would make a folder of that name, and with it a second state; nothing is
    written.
    """
    ran = desk.write(desk.events([row("a", 1)]), options=["--state", "lmdb:state"])
    assert (ran.status, "Write state." in ran.err) == (2, True)


def test_a_redis_that_is_away_is_status_1_and_no_password_is_shown(desk: Desk) -> None:
    """The message says which server; what may be secret in a URL is in no message."""
    for url in (
        "redis://me:hunter2@127.0.0.1:1/0",
        "redis://:hunter2/x@host",
        "rediz://:hunter2@host",
    ):
        desk.store = url
        for ran in (
            desk.write(desk.events([row("a", 1)]), options=["--state", desk.folder / "state"]),
            desk.fetch("--key", "k=a"),
        ):
            assert ran.status == 1
            assert re.match("error: store '?redi", ran.err)
            assert "hunter2" not in ran.err + ran.out


def test_a_write_that_ends_soon_says_nothing_of_its_progress(desk: Desk) -> None:
    """A line is every ten seconds: a short write prints its summary alone."""
    assert (progress.LINE_SECONDS, desk.write(desk.events([row("a", 1)])).err) == (10.0, "")


def test_progress_and_summary_may_be_json(desk: Desk) -> None:
    """With --log-format json the last state and the summary are an object each."""
    path = desk.events([row("a", 1), row(None, 2)])
    ran = desk.write(path, options=["--log-format", "json"])
    said = json.loads(ran.err.splitlines()[-1])
    assert (said["rows"], said["events"], said["refused"], said["open_tiles"]) == (2, 1, 1, 1)
    assert said["watermark"].startswith("20") and said["lag_ms"] > 0
    (summary,) = ran.lines
    assert (summary["plan"], summary["rows"], summary["tiles"]) == ("things", 2, {"5m": 1})
    assert summary["refused"] == {"key k is null": 1}


def test_too_many_rejects_stop_a_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch with one row too many is not added; what came before is, and is told."""
    monkeypatch.setattr(stream, "CHUNK_BYTES", 60)
    path = desk.events([row("a", n) for n in range(1, 4)] + [row(None, n) for n in range(9)])
    with path.open("a") as file:
        file.write(f"a,10,x,{AT - 1}\n")
    ran = desk.write(path, options=["--max-rejects", "2"])
    assert ran.status == 1
    assert "things: 3 rows cannot be used, and at most 2 may be" in ran.err
    assert re.search(r"events of this write, and \S+events.csv up to row \d", ran.err)
    assert sums(desk, "a") == [6]
    assert desk.write(path, options=["--max-rejects", "9"]).status == 0
    assert sums(desk, "a") == [16]


def test_as_many_rejects_as_allowed_are_no_failure(desk: Desk) -> None:
    """Exactly N refused rows do not stop a write."""
    path = desk.events([row("a", 1), row(None, 2)])
    assert desk.write(path, options=["--max-rejects", "1"]).status == 0


# Several plans in one pass


@pytest.fixture
def plans(desk: Desk) -> Path:
    """A folder of two plans over one source."""
    for name, operation in (("largest", Operation.MAX), ("things", Operation.SUM)):
        plan = plan_of(SCHEMA, ["k"], aggregations("n", [operation]), name=name)
        folder = desk.folder / "compiled" / name
        folder.mkdir(parents=True)
        document = plan.model_dump()
        (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    return desk.folder / "compiled"


def answer(desk: Desk, plan: Path) -> dict[str, object]:
    ran = desk.run("fetch", plan, "--store", desk.store, "--key", "k=a", "--at", str(AT))
    features: dict[str, object] = ran.lines[0]["features"]
    return features


def test_a_folder_of_plans_is_written_in_one_pass(
    desk: Desk, plans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read once, and each plan has its tiles and its position."""
    read = []
    batches = inputs.Input.batches

    def counting(self: Input, *args: Any) -> Any:
        read.append(self.name)
        return batches(self, *args)

    monkeypatch.setattr(inputs.Input, "batches", counting)
    path = desk.events([row("a", 1), row("a", 2)])
    ran = desk.run("write", plans, "--store", desk.store, "--events", path)
    assert (ran.status, ran.err, len(read)) == (0, "", 1)
    assert "largest: 2 new rows" in ran.out and "things: 2 new rows" in ran.out
    assert answer(desk, plans / "largest") == {"n_max_1h": 2}
    assert answer(desk, plans / "things") == {"n_sum_1h": 3}


def test_a_plan_that_is_behind_reads_on_where_it_is(desk: Desk, plans: Path) -> None:
    """Positions are those of a plan: what one has already does not count again for it."""
    path = desk.events([row("a", 1), row("a", 2)])
    desk.run("write", plans / "things", "--store", desk.store, "--events", path)
    ran = desk.run(
        "write", plans / "things", plans / "largest", "--store", desk.store, "--events", path
    )
    assert "things: 0 new rows" in ran.out and "largest: 2 new rows" in ran.out
    assert answer(desk, plans / "things") == {"n_sum_1h": 3}


def test_a_plan_that_fails_does_not_lose_the_others_work(desk: Desk, plans: Path) -> None:
    """A store with other tiles of one plan is told with status 1, and the other plan is written."""
    other = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.COUNT]), name="largest")
    Writer(other, open_store(desk.store)).close()
    path = desk.events([row("a", 1), row("a", 2)])
    ran = desk.run("write", plans, "--store", desk.store, "--events", path)
    assert (ran.status, "tiles of largest made by a plan with other" in ran.err) == (1, True)
    assert answer(desk, plans / "things") == {"n_sum_1h": 3}


def test_plans_of_other_sources_need_the_source_named(desk: Desk, plans: Path) -> None:
    """Which plans take the events is not guessed; with --source those that have it do."""
    source = event_source(SCHEMA, name="others")
    plan = plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), "more", sources=[source])
    (plans / "more").mkdir()
    document = plan.model_dump()
    (plans / "more" / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    path = desk.events([row("a", 1)])
    command: list[str | Path] = ["write", plans, "--store", desk.store, "--events", path]
    ran = desk.run(*command)
    assert (ran.status, "Name one with --source" in ran.err) == (1, True)
    ran = desk.run(*command, "--source", "events")
    assert (ran.status, "more" in ran.out) == (0, False)


# Topics


def test_a_topic_is_read_to_where_it_ends(desk: Desk, kafka: Kafka) -> None:
    """Without --follow what is there is written, once."""
    topic = kafka.topic(partitions=2)
    for partition in range(2):
        kafka.produce(topic, [json.dumps(row("a", 1 + partition))], partition)
    assert "2 new rows" in desk.write(topic).out
    assert "0 new rows" in desk.write(topic).out
    assert sums(desk, "a") == [3]


def test_a_topic_whose_broker_is_away_is_status_1(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the topic and the reason, and nothing is written."""
    monkeypatch.setattr(kafka_connection, "_PATIENCE_S", 0.5)
    ran = desk.write("kafka://127.0.0.1:1/clicks")
    assert (ran.status, "topic clicks at 127.0.0.1:1: no broker answers" in ran.err) == (1, True)


def test_a_write_serves_its_metrics(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs, at the port that is named."""
    served = []
    port = free_port()
    passing = passes.write_pass

    def scraping(*arguments: Any, **named: Any) -> Any:
        done = passing(*arguments, **named)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            served.append(response.read().decode())
        return done

    monkeypatch.setattr(passes, "write_pass", scraping)
    desk.write(desk.events([row("a", 1)]), options=["--metrics", str(port)])
    assert 'tilewright_tiles_written_total{plan="things"}' in served[0]


@pytest.mark.parametrize("address", ["banana", "0", "65536", "9" * 5000, "h:²"])
def test_metrics_need_a_port(desk: Desk, address: str) -> None:
    """What names none is a mistake of usage."""
    ran = desk.write(desk.events([row("a", 1)]), options=["--metrics", address])
    assert ran.status == 2
    assert "has no port. Write it as 9464, or as 0.0.0.0:9464." in ran.err


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_metrics_are_served_where_they_can_be(desk: Desk, host: str) -> None:
    """A host that is none of this machine's is an error of ours, and so is one that is none."""
    ran = desk.write(desk.events([row("a", 1)]), options=["--metrics", f"{host}:9464"])
    assert ran.status == 1
    assert f"{host}, port 9464, cannot be listened at" in ran.err
