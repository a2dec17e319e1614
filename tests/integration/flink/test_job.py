"""Generated Flink jobs that are killed, and what a job says before it starts.

The tiles of other jobs: tests/conformance/test_flink.py.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.flink import Host, Job, await_checkpoint, await_that, stop
from support.kit import KIT
from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import open_store
from tilewright_runtime.testing.event_logs import EventLog

LOG = EventLog(KIT / "restarts")


@dataclass(frozen=True)
class Killed:
    """A job that was killed in the middle of the events and started again, and killed at their
    end.
    """

    store: str
    checkpoints: Path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A file, a checkpoint, the death of the job with its workers, and another file for the next
    job.
    """
    folder = tmp_path_factory.mktemp("killed")
    events, checkpoints, store = folder / "events", folder / "checkpoints", f"lmdb:{folder}/store"
    job = Job(folder, LOG.plan, execution_checkpointing_interval="1 s")
    arguments: list[str | Path] = [
        "--store",
        store,
        "--events",
        events,
        "--follow",
        "--checkpoints",
        checkpoints,
    ]
    first = EventLog(folder / "first")
    first.folder.mkdir()
    events.mkdir()
    shutil.copy(LOG.folder / "features.py", first.folder)
    shutil.copy(LOG.parts[0].path, first.folder)
    for log, part in zip((first, LOG), LOG.parts, strict=True):
        shutil.copy(part.path, events)
        running = job.start(*arguments)
        await_that(lambda log=log: agrees(log, folder / "store"), running)  # type: ignore[misc]
        if log is first:
            await_checkpoint(checkpoints, running)
        stop(running)
    return Killed(store, checkpoints)


def agrees(log: EventLog, store: Path) -> bool:
    """Whether a store that is being written has all tiles of a log."""
    if not (store / "data.mdb").exists():
        return False
    opened = open_store(f"lmdb:{store}", create=False)
    try:
        return log.disagreements(opened) == []
    finally:
        opened.close()


def test_a_job_that_is_killed_goes_on_from_its_checkpoint(killed: Killed) -> None:
    """Its tiles are those of a writer that nothing happened to."""
    assert LOG.disagreements(open_store(killed.store)) == []


def test_what_is_wrong_is_said_before_the_job_starts(
    tmp_path: Path, killed: Killed, flink: Host
) -> None:
    """No such kind of store, no events, checkpoints of another plan: one line, and no stack of
    Java.
    """
    job = Job(tmp_path, LOG.plan)
    (tmp_path / "other").mkdir()
    other = Job(
        tmp_path / "other",
        plan_of({"k": "string", "n": "bigint"}, ["k"], aggregations("n", [Operation.COUNT])),
    )
    events, store = f"--events={tmp_path}", f"--store=lmdb:{tmp_path}/store"
    wrong: dict[str, tuple[Job, list[str]]] = {
        "a store URL begins with": (job, ["--store=nowhere:x", events]),
        "Say where its events are with --events orders=PATH": (job, [store]),
        "absent.jsonl: there is no such path": (job, [store, "--events=absent.jsonl"]),
        "holds checkpoints of another plan": (
            other,
            [store, f"--events={LOG.parts[0].path}", f"--checkpoints={killed.checkpoints}"],
        ),
    }
    wrong["holds checkpoints of a job that fills another store"] = (
        job,
        [store, events, f"--checkpoints={killed.checkpoints}"],
    )
    wrong["and no event of it could be used"] = (
        job,
        [store, f"--events={tmp_path}/plan.json", f"--refused={tmp_path}/refused"],
    )
    found = [flink.run(job, arguments) for job, arguments in wrong.values()]
    assert "have no k, n, which is read as null" in found[3].output
    for said, ended in zip(wrong, found, strict=True):
        assert ended.status == 1
        assert said in ended.output
        assert "\tat " not in ended.output
