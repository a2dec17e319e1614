"""Generated Flink jobs that are killed, and what a job says before it starts.

The tiles of other jobs: tests/conformance/test_flink.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.flink import Host, Job, await_checkpoint, await_that, stop
from support.kit import KIT
from support.plans import aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import open_store
from tilewright_runtime.testing.event_logs import EventLog

LOG = EventLog(KIT / "restarts")


def agrees(log: EventLog, store: Path) -> bool:
    """Whether a store that is being written has all tiles of a log."""
    if not (store / "data.mdb").exists():
        return False
    opened = open_store(f"lmdb:{store}", create=False)
    try:
        return log.disagreements(opened) == []
    finally:
        opened.close()


@pytest.mark.nightly
def test_a_job_that_is_killed_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """A file, a checkpoint, the death of the job with its workers, and another file for the next
    job: its tiles are those of a writer that nothing happened to.
    """
    events, checkpoints = tmp_path / "events", tmp_path / "checkpoints"
    job = Job(tmp_path, LOG.plan, execution_checkpointing_interval="1 s")
    arguments: list[str | Path] = [
        "--store",
        f"lmdb:{tmp_path}/store",
        "--events",
        events,
        "--follow",
        "--checkpoints",
        checkpoints,
    ]
    first = EventLog(tmp_path / "first")
    first.folder.mkdir()
    events.mkdir()
    shutil.copy(LOG.folder / "features.py", first.folder)
    shutil.copy(LOG.parts[0].path, first.folder)
    for log, part in zip((first, LOG), LOG.parts, strict=True):
        shutil.copy(part.path, events)
        running = job.start(*arguments)
        await_that(lambda log=log: agrees(log, tmp_path / "store"), running)  # type: ignore[misc]
        if log is first:
            await_checkpoint(checkpoints, running)
        stop(running)
    assert LOG.disagreements(open_store(f"lmdb:{tmp_path}/store")) == []


def test_what_is_wrong_is_said_before_the_job_starts(tmp_path: Path, flink: Host) -> None:
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
    checkpoints = tmp_path / "checkpoints"
    complete = checkpoints / LOG.plan.fingerprint / "orders" / "a job" / "chk-1"
    complete.mkdir(parents=True)
    (complete / "_metadata").write_bytes(b"")
    wrong: dict[str, tuple[Job, list[str]]] = {
        "a store URL begins with": (job, ["--store=nowhere:x", events]),
        "Say where its events are with --events orders=PATH": (job, [store]),
        "absent.jsonl: there is no such path": (job, [store, "--events=absent.jsonl"]),
        "holds checkpoints of another plan": (
            other,
            [store, f"--events={LOG.parts[0].path}", f"--checkpoints={checkpoints}"],
        ),
    }
    wrong["holds checkpoints of a job that fills another store"] = (
        job,
        [store, events, f"--checkpoints={checkpoints}"],
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
