"""The kit itself: the events that it calls late are those that the rule says."""

from __future__ import annotations

import pytest

from support.kit import KIT, LOGS, usable
from support.plans import finest_ms
from tilewright_runtime.testing.event_logs import EventLog


@pytest.mark.parametrize("name", LOGS)
def test_late_events_are_those_of_closed_tiles(name: str) -> None:
    """`late.jsonl` has each event whose tile ended the allowed lateness before the newest time
    until then, in that order.
    """
    log = EventLog(KIT / name)
    size_ms, lateness = finest_ms(log.plan), log.plan.late
    newest: dict[str, int] = {}
    late = []
    for source, line, event, ms in usable(log):
        closed_ms = (
            ms // size_ms * size_ms
            + size_ms
            - 1
            + lateness.allowed_lateness_ms
            + lateness.out_of_orderness_ms
        )
        if closed_ms <= newest.get(source, -1) and all(
            event.get(key.name) is not None for key in log.plan.keys
        ):
            late.append(line)
        newest[source] = max(newest.get(source, -1), ms)
    assert [
        line for part in log.late for line in part.path.read_text(encoding="utf-8").splitlines()
    ] == late
