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
from tilewright_runtime import Writer, open_store
from tilewright_runtime.testing.event_logs import EventLog


def lines(log: EventLog, source: str) -> list[str]:
    parts = [part.path for part in log.parts if part.source == source]
    return [line for path in parts for line in path.read_text(encoding="utf-8").splitlines()]


def whole(rows: list[str], columns: set[str]) -> str:
    """The text of a file, whose first object names the columns that none of them has.

    A file in which no row has a column of its source is refused, for a name is misspelt then.
    """
    objects = [number for number, row in enumerate(rows) if _members(row)]
    absent = columns.difference(*(_members(rows[number]) for number in objects))
    if objects and absent:
        nulls = "".join(f", {json.dumps(name)}: null" for name in sorted(absent))
        first = rows[objects[0]].rstrip()
        rows = [*rows[: objects[0]], first[:-1] + nulls + "}", *rows[objects[0] + 1 :]]
    return "".join(row + "\n" for row in rows)


def _members(row: str) -> set[str]:
    with suppress(ValueError):
        document = json.loads(row)
        return set(document) if isinstance(document, dict) else set()
    return set()


@pytest.mark.parametrize(
    "rows",
    [
        60,
        pytest.param(1_000_000, marks=pytest.mark.nightly),
        pytest.param(17, marks=pytest.mark.nightly),
    ],
)
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
        columns = {column.name for column in source.columns}
        for number, begin in enumerate(range(0, len(shuffled), rows)):
            path = tmp_path / f"{number}.{source.name}.jsonl"
            path.write_text(whole(shuffled[begin : begin + rows], columns), encoding="utf-8")
            for _ in range(2):  # a restart that reads the file again
                with Writer(log.plan, store) as writer:
                    writer.write(path, source.name)
    assert log.disagreements(store) == []
    store.close()
