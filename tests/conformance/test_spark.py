"""Spark on the kit of event logs: history in a batch, the same events as a stream, and what a user
does wrong.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import datasketches as ds
import pytest

from support.corpus import FAMILIES, read, recorded_of
from support.corpus_spark import record
from support.kit import KIT, in_time_of_batches, logs
from support.process import tilewright
from support.redis_server import RedisServer
from support.spark import Jobs
from tilewright_runtime import Writer, open_store
from tilewright_runtime.engines.spark.session import open_session, readable
from tilewright_runtime.errors import InputError, JobError, StoreError
from tilewright_runtime.testing.event_logs import EventLog, Part

pytestmark = pytest.mark.usefixtures("spark")

#: Logs that `make test` reads: every operation, several sources, and names that would end a
#: statement. Expressions have a corpus of their own.
BATCHES = ["names", "operations", "sources"]
#: Logs that it reads as streams: late events, and two files between which the job restarts.
STREAMS = ["late", "restarts"]


def disagreements(log: EventLog, url: str) -> list[str]:
    store = open_store(url)
    found = log.disagreements(store)
    store.close()
    return found


def arrive(log: EventLog, folder: Path) -> list[str]:
    """All events of a log in a folder, and where those of each source are."""
    for part in log.parts:
        bring(part, folder)
    return places(log, folder)


def bring(part: Part, folder: Path) -> None:
    """A file more in the folder of its source."""
    (folder / part.source).mkdir(parents=True, exist_ok=True)
    shutil.copy(part.path, folder / part.source)


def places(log: EventLog, folder: Path) -> list[str]:
    return [f"{source.name}={folder}/{source.name}/*.jsonl" for source in log.plan.sources]


@pytest.mark.parametrize("name", logs(*BATCHES))
def test_history_in_a_batch(tmp_path: Path, name: str) -> None:
    """The job loads the tiles that the embedded writer makes of the same events."""
    log = EventLog(KIT / name)
    assert (
        Jobs.of(log.plan, tmp_path / "compiled").build(
            f"lmdb:{tmp_path}/store", *arrive(log, tmp_path / "events")
        )
        == 0
    )
    assert disagreements(log, f"lmdb:{tmp_path}/store") == []


@pytest.mark.parametrize("name", logs(*STREAMS))
def test_a_stream_that_is_restarted_for_every_file(tmp_path: Path, name: str) -> None:
    """Files that arrive one by one, each read by a job that begins where the last one ended."""
    log = EventLog(KIT / name)
    jobs = Jobs.of(log.plan, tmp_path / "compiled")
    for part in log.parts:
        bring(part, tmp_path / "events")
        assert (
            jobs.follow(
                f"lmdb:{tmp_path}/store", tmp_path / "checkpoint", *places(log, tmp_path / "events")
            )
            == 0
        )
    in_time = in_time_of_batches(log, tmp_path / "in_time")
    with open_store(f"lmdb:{tmp_path}/store") as store:
        assert log.disagreements(store, parts=in_time) == []


@pytest.mark.parametrize("engine", ["spark", pytest.param("embedded", marks=pytest.mark.nightly)])
def test_history_by_spark_and_then_a_stream(tmp_path: Path, engine: str) -> None:
    """History is loaded up to a cut-over, and a stream that begins earlier goes on from there:
    together they are one undisturbed run.
    """
    log = EventLog(KIT / "disorder")
    jobs, events = Jobs.of(log.plan, tmp_path / "compiled"), arrive(log, tmp_path / "events")
    store = f"lmdb:{tmp_path}/store"
    assert jobs.build(store, *events, until="2024-01-04T09:03:20Z") == 0
    assert disagreements(log, store) != []
    if engine == "spark":
        assert jobs.follow(store, tmp_path / "checkpoint", *events) == 0
    else:
        opened = open_store(store)
        with Writer(log.plan, opened, stream=True, replay=True) as writer:
            for part in log.parts:
                writer.write(part.path, part.source)
        opened.close()
    assert disagreements(log, store) == []


def test_a_replayed_batch_adds_nothing(tmp_path: Path) -> None:
    """A kill after the tiles were committed and before Spark noted it makes Spark run the batch
    again; no event counts twice.
    """
    log = EventLog(KIT / "disorder")
    jobs, events = Jobs.of(log.plan, tmp_path / "compiled"), arrive(log, tmp_path / "events")
    for _ in range(2):
        jobs.follow(f"lmdb:{tmp_path}/store", tmp_path / "checkpoint", *events)
        for noted in (tmp_path / "checkpoint" / "commits").iterdir():
            noted.unlink()
    assert disagreements(log, f"lmdb:{tmp_path}/store") == []


def test_another_checkpoint_is_refused(tmp_path: Path) -> None:
    """With a new checkpoint Spark reads all events again, which would count them twice; the error
    is ours and not Java's.
    """
    log = EventLog(KIT / "refused")
    jobs, events = Jobs.of(log.plan, tmp_path / "compiled"), arrive(log, tmp_path / "events")
    jobs.follow(f"lmdb:{tmp_path}/store", tmp_path / "checkpoint", *events)
    with pytest.raises(StoreError, match="Go on from the other's checkpoint"):
        jobs.follow(f"lmdb:{tmp_path}/store", tmp_path / "other", *events)
    assert disagreements(log, f"lmdb:{tmp_path}/store") == []


def test_columns_of_parquet_and_csv(tmp_path: Path) -> None:
    """The same events as typed columns of a table, in CSV and in a view give the same tiles."""
    log = EventLog(KIT / "disorder")
    jobs = Jobs.of(log.plan, tmp_path / "compiled")
    arrive(log, tmp_path / "events")
    spark = open_session("test")
    rows = spark.read.schema("user string, amount double, ts timestamp").json(
        f"{tmp_path}/events/*/*.jsonl"
    )
    rows.write.parquet(f"{tmp_path}/rows.parquet")
    rows.write.option("header", "true").csv(f"{tmp_path}/rows.csv")
    rows.createOrReplaceTempView("payments_of_the_shop")
    for number, place in enumerate(
        (f"{tmp_path}/rows.parquet", f"{tmp_path}/rows.csv", "payments_of_the_shop")
    ):
        assert jobs.build(f"lmdb:{tmp_path}/{number}", f"payments={place}") == 0
        assert disagreements(log, f"lmdb:{tmp_path}/{number}") == []


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("{folder}/none.jsonl", "cannot be read: "),
        ("no_such_table", "no_such_table cannot be read: "),
        ("{folder}/rows.parquet", "lacks the columns 'price', 'at'. It has 'user', 'qty'."),
    ],
)
def test_what_is_not_there_is_said_in_a_line(tmp_path: Path, place: str, what: str) -> None:
    """A file, table or column that is missing is named, without a stack of Java."""
    open_session("test").sql("SELECT 'ann' AS user, 1 AS qty").write.parquet(
        f"{tmp_path}/rows.parquet"
    )
    jobs = Jobs.of(EventLog(KIT / "refused").plan, tmp_path / "compiled")
    with pytest.raises(InputError) as error:
        jobs.build(f"lmdb:{tmp_path}/store", place.format(folder=tmp_path))
    assert what in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_history_is_loaded_once(tmp_path: Path) -> None:
    """A store that has tiles of the plan is refused before anything is read."""
    log = EventLog(KIT / "refused")
    jobs, events = Jobs.of(log.plan, tmp_path / "compiled"), arrive(log, tmp_path / "events")
    jobs.build(f"lmdb:{tmp_path}/store", *events)
    with pytest.raises(StoreError, match=r"has tiles of conformance\.refused already"):
        jobs.build(f"lmdb:{tmp_path}/store", *events)


def test_the_corpus_of_expressions_is_what_spark_gives() -> None:
    """A share of the recorded values is asked of Spark again: they are its, not ours."""
    asked = [case for family in FAMILIES for case in read(family) if not case.refused][::40]
    found = record(asked).cases
    assert found == {(case.rows, case.expression): recorded_of(case) for case in asked}


def test_errors_of_workers_are_a_line() -> None:
    """Of an exception in a worker's Python, its last line is shown."""

    def fail(batches: object) -> Iterator[object]:
        raise ValueError("what the worker said")
        yield

    with pytest.raises(JobError, match="what the worker said") as error, readable():
        open_session("test").range(1).mapInArrow(fail, "id long").collect()
    assert "\n" not in str(error.value)


def test_sketches_of_spark_are_of_our_library() -> None:
    """Its KLL and HyperLogLog are read by ours, and the same values hash alike: a union with ours
    counts none of them twice.
    """
    sketches = (
        "HLL_SKETCH_AGG(CONCAT('é', id), 12), HLL_SKETCH_AGG(id, 12), "
        "KLL_SKETCH_AGG_DOUBLE(CAST(id AS DOUBLE), 200)"
    )
    query = f"SELECT {sketches} FROM range(5000)"
    texts, numbers, kll = (bytes(part) for part in open_session("test").sql(query).collect()[0])
    for part, values in (
        (texts, [f"é{number}" for number in range(5000)]),
        (numbers, list(range(5000))),
    ):
        ours = ds.hll_sketch(12, ds.tgt_hll_type.HLL_8)
        for value in values:
            ours.update(value)
        union = ds.hll_union(12)
        union.update(ds.hll_sketch.deserialize(part))
        alone = union.get_estimate()
        union.update(ours)
        assert union.get_estimate() == alone
    sketch = ds.kll_doubles_sketch.deserialize(kll)
    assert (sketch.k, sketch.n) == (200, 5000)
    assert abs(sketch.get_quantile(0.5) - 2500) < 5000 * 0.0133


def test_the_command_has_the_status_of_its_job(tmp_path: Path) -> None:
    """`tilewright spark-job` runs the generated file in a process of its own; what goes wrong there
    is one line and status 1.
    """
    log = EventLog(KIT / "refused")
    Jobs.of(log.plan, tmp_path)
    wrong = tilewright(
        "spark-job", f"{tmp_path}/{log.plan.name}", "--store", f"lmdb:{tmp_path}/store"
    )
    said = (
        b"error: the source orders has no table. Say where its events are: --events orders=PLACE.\n"
    )
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (1, b"", said)


@pytest.mark.nightly
def test_the_command_runs_a_job(tmp_path: Path) -> None:
    """Its tiles are those of the embedded writer, and what it refused is told."""
    log = EventLog(KIT / "refused")
    Jobs.of(log.plan, tmp_path)
    arguments = ["spark-job", f"{tmp_path}/{log.plan.name}", "--store", f"lmdb:{tmp_path}/store"]
    done = tilewright(*arguments, "--events", *arrive(log, tmp_path / "events"))
    assert done.returncode == 0
    assert "  refused 2 events: key user is null" in done.stderr.decode()
    assert disagreements(log, f"lmdb:{tmp_path}/store") == []


def test_history_into_redis(tmp_path: Path, redis_server: RedisServer) -> None:
    """Workers put the tiles of all levels into a store that they reach; what is loaded again is
    refused.
    """
    log = EventLog(KIT / "disorder")
    jobs, events, url = (
        Jobs.of(log.plan, tmp_path / "compiled"),
        arrive(log, tmp_path / "events"),
        redis_server.url(),
    )
    assert jobs.build(url, *events) == 0
    assert disagreements(log, url) == []
    with pytest.raises(StoreError, match="already"):
        jobs.build(url, *events)


def test_a_stream_after_history_into_redis(tmp_path: Path, redis_server: RedisServer) -> None:
    """History in an embedded store, then a stream that merges there and puts whole tiles, the
    history's too, into Redis.
    """
    log = EventLog(KIT / "disorder")
    jobs, url = Jobs.of(log.plan, tmp_path / "compiled"), redis_server.url()
    first, *later = log.parts
    assert jobs.build(f"lmdb:{tmp_path}/state", str(first.path)) == 0
    for part in later:
        bring(part, tmp_path / "events")
    assert (
        jobs.follow(
            url,
            tmp_path / "checkpoint",
            *places(log, tmp_path / "events"),
            state=tmp_path / "state",
        )
        == 0
    )
    assert disagreements(log, url) == []
