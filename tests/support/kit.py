"""The kit of event logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from support.plans import DAY, finest_ms
from tilewright_runtime.testing.event_logs import EventLog, Part
from tilewright_runtime.times import EARLIEST_MS, now_ms

KIT = Path(__file__).parents[1] / "conformance" / "kit"

#: The names of the logs, which are folders.
LOGS = sorted(path.name for path in KIT.iterdir() if (path / "features.py").exists())
#: The amount of events that the wheres of a log leave out.
LEFT_OUT = 999


def logs(*quick: str) -> list[Any]:
    """Give all logs as parameters; `make test` leaves those out that are not named."""
    return [
        name if name in quick else pytest.param(name, marks=pytest.mark.nightly) for name in LOGS
    ]


def time_ms(value: Any) -> int | None:
    """A time that a watermark can go by."""
    try:
        ms = (
            value
            if isinstance(value, int)
            else round(datetime.fromisoformat(value).timestamp() * 1000)
        )
    except (TypeError, ValueError):
        return None
    return ms if EARLIEST_MS <= ms <= now_ms() + DAY else None


def usable(
    log: EventLog, parts: Sequence[Part] | None = None
) -> list[tuple[str, str, dict[str, Any], int]]:
    """(source, line, event, time) of those that move a watermark."""
    times = {source.name: source.time_column for source in log.plan.sources}
    found = []
    for part in log.parts if parts is None else parts:
        for line in part.path.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
                ms = time_ms(event[times[part.source]])
            except (ValueError, TypeError, KeyError):
                continue
            if ms is not None and event.get("amount") != LEFT_OUT:
                found.append((part.source, line, event, ms))
    return found


def in_time_of_batches(log: EventLog, folder: Path) -> list[Part]:
    """The parts without what comes too late by the newest times of the parts before."""
    folder.mkdir()
    size_ms, late = finest_ms(log.plan), log.plan.late
    newest: dict[str, int] = {}
    copies = []
    for part in log.parts:
        times = {line: ms for _, line, _, ms in usable(log, [part])}
        copies.append(Part(folder / part.path.name, part.source))
        with copies[-1].path.open("w", encoding="utf-8") as file:
            for line in part.path.read_text(encoding="utf-8").splitlines():
                closes_ms = times.get(line, 2**62) // size_ms * size_ms + size_ms - 1
                closes_ms += late.allowed_lateness_ms + late.out_of_orderness_ms
                if closes_ms > newest.get(part.source, -1):
                    file.write(f"{line}\n")
        newest[part.source] = max([*times.values(), newest.get(part.source, -1)])
    return copies
