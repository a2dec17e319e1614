"""Generated jobs on Flink itself: tiles as the embedded writer makes them, nothing lost in silence, restarts that change nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from support.everything import SCHEMA, Event, assert_same_tiles, every_operation, some_events, written
from support.flink import Job, await_checkpoint, await_events, stop, to_lines
from support.plans import AT, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime import open_store

PLAN = every_operation()
LATENESS_MS = PLAN.late.allowed_lateness_ms


def in_time_and_late(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Events in the order of a stream, apart: a tile takes them until the newest before has passed its end and the lateness."""
    in_time: list[Event] = []
    late: list[Event] = []
    newest = -1
    for event in events:
        tile_end = event["ts"] // MINUTE * MINUTE + MINUTE
        (late if tile_end - 1 + LATENESS_MS <= newest else in_time).append(event)
        newest = max(newest, event["ts"])
    return in_time, late


def disordered(events: Sequence[Event]) -> list[Event]:
    """By time, but each up to seven minutes off."""
    random.seed(3)
    return sorted(events, key=lambda event: event["ts"] + random.randint(0, 7 * MINUTE))


def test_a_stream_of_every_operation(tmp_path: Path) -> None:
    """Tiles of all levels are the embedded writer's of the events in time; late and unusable ones are in the table of refused ones."""
    events = disordered(some_events(400))
    in_time, late = in_time_and_late(events)
    assert late
    good = dict(events[0])
    broken = [good | {"n": "many"}, good | {"k": None}, good | {"ts": None}, good | {"ts": AT // 1000}, good | {"n": 2.5}]
    path = to_lines([*events, *broken], tmp_path / "events.jsonl", "no json", '["an array"]', "")
    job = Job(tmp_path, PLAN, pipeline_auto__watermark__interval="0 ms")
    ended = job.run("--store", f"lmdb:{tmp_path}/store", "--events", path, "--stream", "--refused", tmp_path / "refused")
    assert ended.status == 0, ended.output
    assert_same_tiles(PLAN, events, open_store(f"lmdb:{tmp_path}/store"), written(PLAN, in_time))
    assert Counter(row["reason"] for row in job.refused(tmp_path / "refused")) == {
        f"later than the allowed lateness of {LATENESS_MS} ms": len(late),
        "n is not a bigint": 2,
        "key k is null": 1,
        "time is null": 1,
        "time is outside 1971-2099: seconds? times are milliseconds": 1,
        "not a JSON object": 2,
    }


def test_a_whole_file_in_any_order(tmp_path: Path) -> None:
    """A file that is read as a whole has no late events, however they are ordered."""
    events = some_events(400, seed=11)
    path = to_lines(events, tmp_path / "events.jsonl")
    ended = Job(tmp_path, PLAN).run("--store", f"lmdb:{tmp_path}/store", "--events", path)
    assert ended.status == 0, ended.output
    assert_same_tiles(PLAN, events, open_store(f"lmdb:{tmp_path}/store"), written(PLAN, events))


def test_a_job_that_is_killed_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """Killed with its workers and started again, a job makes the tiles of one that was not; another plan's job refuses its checkpoint."""
    events = sorted(some_events(300, seed=5), key=lambda event: event["ts"])  # nothing is late: a restart forgets the watermark
    first, second = events[:200], events[200:]
    (tmp_path / "events").mkdir()
    to_lines(first, tmp_path / "events" / "1.jsonl")
    job = Job(tmp_path, PLAN, execution_checkpointing_interval="1 s")
    arguments: list[str | Path] = [
        "--store",
        f"lmdb:{tmp_path}/store",
        "--events",
        tmp_path / "events",
        "--follow",
        "--checkpoints",
        tmp_path / "checkpoints",
    ]
    running = job.start(*arguments)
    await_events(PLAN, first, f"lmdb:{tmp_path}/store", running)
    await_checkpoint(tmp_path / "checkpoints", running)
    stop(running)
    to_lines(second, tmp_path / "events" / "2.jsonl")
    running = job.start(*arguments)
    await_events(PLAN, events, f"lmdb:{tmp_path}/store", running)
    stop(running)
    assert_same_tiles(PLAN, events, open_store(f"lmdb:{tmp_path}/store"), written(PLAN, events))
    (tmp_path / "other").mkdir()
    other = Job(tmp_path / "other", plan_of(SCHEMA, ["k"], aggregations("n", [Operation.COUNT])))
    ended = other.run("--store", "memory:", "--events", tmp_path / "events", "--checkpoints", tmp_path / "checkpoints")
    assert ended.status == 1
    assert "holds checkpoints of another plan" in ended.output


def test_what_is_missing_is_said_before_the_job_starts(tmp_path: Path) -> None:
    """A store that is away, events that are away: one line, and no stack of Java."""
    job = Job(tmp_path, PLAN)
    for arguments, said in (
        (["--store", "nowhere:x", "--events", tmp_path], "a store URL begins with"),
        (["--store", f"lmdb:{tmp_path}/store"], "Say where its events are with --events events=PATH"),
        (["--store", f"lmdb:{tmp_path}/store", "--events", "absent.jsonl"], "there is no absent.jsonl"),
    ):
        ended = job.run(*arguments)
        assert ended.status == 1
        assert said in ended.output
        assert "\tat " not in ended.output
