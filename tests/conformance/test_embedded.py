"""The embedded writer on the kit of event logs: however the events are cut and whatever is written again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from support.kit import KIT, LOGS
from tilewright_runtime import Writer, open_store
from tilewright_runtime.testing.event_logs import EventLog


def lines(log: EventLog) -> list[str]:
    return [line for part in log.parts for line in part.path.read_text(encoding="utf-8").splitlines(keepends=True)]


@pytest.mark.parametrize("rows", [1_000_000, 60, 17])
@pytest.mark.parametrize("name", LOGS)
def test_any_split_gives_the_same_tiles(tmp_path: Path, name: str, rows: int) -> None:
    """All events in one file, or in files of some rows that a new writer each reads, in another order than they came."""
    log = EventLog(KIT / name)
    shuffled = lines(log)
    random.Random(rows).shuffle(shuffled)
    store = open_store(f"lmdb:{tmp_path}/store")
    for number, begin in enumerate(range(0, len(shuffled), rows)):
        path = tmp_path / f"{number}.jsonl"
        path.write_text("".join(shuffled[begin : begin + rows]), encoding="utf-8")
        for _ in range(2):  # a restart that reads the file again
            with Writer(log.plan, store) as writer:
                writer.write(path)
    assert log.disagreements(store) == []
    store.close()
