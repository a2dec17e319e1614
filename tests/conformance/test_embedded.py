"""The embedded writer on the kit of event logs: however the events are cut and whatever is written
again.
"""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

from support.kit import KIT, LOGS
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer, open_store
from tilewright_runtime.testing.event_logs import EventLog


def lines(log: EventLog, source: str) -> list[str]:
    parts = [part.path for part in log.parts if part.source == source]
    found = [line for path in parts for line in path.read_text(encoding="utf-8").splitlines()]
    return [_with_all_columns(line, log.plan, source) for line in found]


def _with_all_columns(line: str, plan: Plan, source: str) -> str:
    """Name every column: a file in which no row has one of them is refused."""
    columns = next(one.columns for one in plan.sources if one.name == source)
    with suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict):
            missing = [column.name for column in columns if column.name not in event]
            named = "".join(f", {json.dumps(name)}: null" for name in missing)
            return line.rstrip()[:-1] + named + "}\n"
    return line + "\n"


@pytest.mark.parametrize("rows", [1_000_000, 60, 17])
@pytest.mark.parametrize("name", LOGS)
def test_any_split_gives_the_same_tiles(tmp_path: Path, name: str, rows: int) -> None:
    """All events in one file, or in files of some rows that a new writer each reads, in another
    order than they came.
    """
    log = EventLog(KIT / name)
    store = open_store(f"lmdb:{tmp_path}/store")
    for source in log.plan.sources:
        shuffled = lines(log, source.name)
        random.Random(rows).shuffle(shuffled)
        for number, begin in enumerate(range(0, len(shuffled), rows)):
            path = tmp_path / f"{number}.{source.name}.jsonl"
            path.write_text("".join(shuffled[begin : begin + rows]), encoding="utf-8")
            for _ in range(2):  # a restart that reads the file again
                with Writer(log.plan, store) as writer:
                    writer.write(path, source.name)
    assert log.disagreements(store) == []
    store.close()
