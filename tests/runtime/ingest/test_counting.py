"""What a write counts."""

from __future__ import annotations

import pytest

from support.plans import AT, MINUTE, aggregations, plan_of
from support.session import SCHEMA, Session, row
from tilewright import Operation
from tilewright_compiler.plan.metrics import (
    IR_SIZE_BYTES,
    LATE_EVENTS_PROCESSED,
    TILE_WRITE_FAILURES,
    TILE_WRITE_LATENCY,
    TILES_WRITTEN,
)
from tilewright_compiler.plan.model import Plan
from tilewright_runtime import Writer
from tilewright_runtime.errors import StoreError
from tilewright_runtime.metrics import metrics_of


def counted_plan(name: str) -> Plan:
    """A plan of a name that no other test counts under."""
    return plan_of(SCHEMA, ["k"], aggregations("n", [Operation.SUM]), name=name)


def test_written_tiles_are_counted() -> None:
    """With the sizes of their records and the time of the batch."""
    session = Session(counted_plan("counted"))
    report = session.write([row("a", 1), row("b", 2)])
    found = metrics_of("counted").values()
    tiles = report.tiles.total()
    assert (found[TILES_WRITTEN.name], found[TILE_WRITE_FAILURES.name]) == (tiles, 0)
    assert sum(found[IR_SIZE_BYTES.name][:-1]) == tiles
    assert sum(found[TILE_WRITE_LATENCY.name][:-1]) == 1


def test_late_events_are_counted() -> None:
    """Those whose tile the watermark has passed."""
    session = Session(counted_plan("counted.late"))
    session.write([row("a", 1)])
    late = [row("a", 1, ts=AT - 30 * MINUTE), row("a", 2, ts=AT - 30 * MINUTE), row("a", 3)]
    session.write(late)
    assert metrics_of("counted.late").values()[LATE_EVENTS_PROCESSED.name] == 2


def test_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the tiles of the batch."""
    session = Session(counted_plan("counted.failures"))

    def refuse(work: object) -> None:
        raise StoreError("full")

    with Writer(session.plan, session.store) as writer:
        monkeypatch.setattr(session.store, "transact", refuse)
        with pytest.raises(StoreError, match="full"):
            writer.write([row("a", 1)])
    levels = len(session.plan.levels)
    assert metrics_of("counted.failures").values()[TILE_WRITE_FAILURES.name] == levels
