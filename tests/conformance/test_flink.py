"""Generated Flink jobs on the kit of event logs: as streams with a watermark, and as whole files in
any order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from support.flink import Ended, Host, Job
from support.kit import KIT, logs
from support.redis_server import RedisServer
from tilewright_runtime import Writer, open_store
from tilewright_runtime.testing.event_logs import EventLog, Part

#: Logs that `make test` reads as streams: late events and refused ones.
STREAMS = ["late", "refused"]
#: Logs that are read as whole files too, every operation among them.
WHOLE = [pytest.param("late", marks=pytest.mark.nightly), "operations"]

#: When the history of `operations` ends: within a day and an hour.
CUT = "2024-01-04T05:35:00Z"

#: What Flink, which reads no text of a line that is cut, says in other words.
OTHER_WORDS = {"not valid JSON: is the line cut?": "not a JSON object"}


@dataclass(frozen=True)
class Ran:
    """A job that has ended, and where its tiles and the refused events are."""

    ended: Ended
    store: str
    refused: list[dict[str, str]]


#: Gives the ended job of a log, as a stream or as whole files; it runs once.
Running = Callable[[str, bool], Ran]


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, flink: Host
) -> Running:
    """Run jobs in one JVM; `operations` as whole files goes into a Redis that has a history."""
    folder = tmp_path_factory.mktemp("flink")
    stores = {("operations", False): redis_server.url()}

    @cache
    def run(name: str, stream: bool) -> Ran:
        log, own = EventLog(KIT / name), folder / f"{name}-{stream}"
        own.mkdir()
        job = Job(
            own, log.plan, **({"pipeline_auto__watermark__interval": "0 ms"} if stream else {})
        )
        store = stores.get((name, stream), f"lmdb:{own}/store")
        if (name, stream) in stores:
            load_history(log, store, f"lmdb:{own}/state")
        inputs = [
            f"--events={source.name}={arrived(log, source.name, own, stream)}"
            for source in log.plan.sources
        ]
        options = [
            f"--store={store}",
            f"--refused={own}/refused",
            *(["--stream"] if stream else []),
        ]
        ended = flink.run(job, [*inputs, *options])
        return Ran(ended, store, job.refused(own / "refused"))

    return run


def load_history(log: EventLog, url: str, state: str) -> None:
    """Write what was before the cut-over, which the job then reads once more."""
    with open_store(url) as store, open_store(state) as merged:
        with Writer(log.plan, store, state=merged, until=CUT) as writer:
            for part in log.parts:
                writer.write(part.path, part.source)
        assert log.disagreements(store) != []


def arrived(log: EventLog, source: str, folder: Path, stream: bool) -> Path:
    """The events of a source: in one file for a stream, as Flink keeps no order of files, else in a
    folder of them.
    """
    parts = [part.path for part in log.parts if part.source == source]
    if stream:
        path = folder / f"{source}.jsonl"
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
        return path
    (folder / source).mkdir()
    for part in parts:
        (folder / source / part.name).write_bytes(part.read_bytes())
    return folder / source


@pytest.mark.parametrize("name", logs(*STREAMS))
def test_a_stream(ran: Running, name: str) -> None:
    """Tiles of all levels are the embedded writer's of the events that are not late."""
    log, job = EventLog(KIT / name), ran(name, True)
    assert job.ended.status == 0, job.ended.output
    assert log.disagreements(open_store(job.store), stream=True) == []


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files(ran: Running, name: str) -> None:
    """Files that are read as a whole, in any order, have no late events, and those of a history
    that the store has count once.
    """
    log, job = EventLog(KIT / name), ran(name, False)
    assert job.ended.status == 0, job.ended.output
    assert log.disagreements(open_store(job.store)) == []


@pytest.mark.parametrize("name", logs(*STREAMS))
def test_each_late_event_is_refused(ran: Running, name: str) -> None:
    """Those that the log names, and no others, are in the table of refused events with that
    reason.
    """
    log, job = EventLog(KIT / name), ran(name, True)
    reason = f"later than the allowed lateness of {log.plan.late.allowed_lateness_ms} ms"
    found = Counter(row["content"] for row in job.refused if row["reason"] == reason)
    assert Counter(map(same, found.elements())) == Counter(
        line for part in log.late for line in events(part)
    )


@pytest.mark.parametrize("name", logs(*STREAMS))
def test_unusable_events_are_refused_in_the_same_words(ran: Running, name: str) -> None:
    """Each has the reason that the embedded writer gives, but for its advice."""
    log, refused = EventLog(KIT / name), Counter[str]()
    with Writer(log.plan, open_store("memory:")) as writer:
        for part in log.parts:
            for reason, count in writer.write(part.path, part.source).refused.items():
                refused[OTHER_WORDS.get(reason, reason).partition(" (")[0]] += (
                    count  # advice is in brackets
                )
    found = Counter(
        row["reason"]
        for row in ran(name, True).refused
        if not row["reason"].startswith("later than")
    )
    assert found == refused


def events(part: Part) -> list[str]:
    return [same(line) for line in part.path.read_text(encoding="utf-8").splitlines()]


def same(event: str) -> str:
    """An event in one form, its values as text."""
    return json.dumps(
        {name: None if value is None else str(value) for name, value in json.loads(event).items()},
        sort_keys=True,
    )
