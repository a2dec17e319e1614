"""Progress: how far a plan's events have come, and which tiles are complete."""

from __future__ import annotations

import json

import pytest

from support.plans import AT, HOUR, MINUTE
from support.records import decoded
from support.session import Session, row
from tilewright_runtime.stores.progress import Progress
from tilewright_runtime.tiles.block import COMPLETE
from tilewright_runtime.tiles.header import NEWEST, SEQUENCE, STAMP, START
from tilewright_runtime.tiles.keys import Range
from tilewright_runtime.tiles.layout import layout_of
from tilewright_runtime.tiles.records import RecordCodec

FIVE = 5 * MINUTE
START_OF_TILE = AT // FIVE * FIVE


def tiles(session: Session) -> list[tuple[int, int, int, bool]]:
    """Start, events, newest event and completeness of each stored tile of `a`."""
    records = session.store.scan(session.plan.name, "s=a", [Range(FIVE, 0, 2 * AT // FIVE * FIVE)])[
        0
    ]
    rows = decoded(RecordCodec(layout_of(session.plan)), records).rows
    return [
        (int(tile[START]), int(tile[SEQUENCE]), int(tile[NEWEST]), bool(tile[STAMP] & COMPLETE))
        for tile in rows
    ]


def test_progress_is_the_newest_event_and_the_number_of_all() -> None:
    """The newest time never goes back, whatever comes late; every event is counted once."""
    session = Session()
    for rows in (
        [row("a", 1, ts=AT - 5)],
        [row("b", 1, ts=AT), row(None, 1, ts=AT + 9)],
        [row("a", 1, ts=AT - 90 * MINUTE)],
        [],
    ):
        session.write(rows)
    progress = Progress.load(session.plan, session.store.get)
    assert (progress.newest_ms, progress.events) == (AT, 3)


@pytest.mark.parametrize(
    ("newest", "complete"),
    [(START_OF_TILE, False), (START_OF_TILE + FIVE - 2, False), (START_OF_TILE + FIVE - 1, True)],
)
def test_a_tile_is_complete_once_the_watermark_reaches_its_last_millisecond(
    newest: int, complete: bool
) -> None:
    """A tile that may still get events in order is open; one that has ended when it is put is
    marked.
    """
    session = Session()
    session.write([row("a", 1, ts=newest)])
    assert tiles(session) == [(START_OF_TILE, 1, newest, complete)]


def test_a_late_event_joins_its_tile() -> None:
    """An event behind the watermark is merged into what its tile holds, and the sequence of the
    record grows.
    """
    session = Session()
    session.write([row("a", 1, ts=START_OF_TILE + 7), row("b", 1, ts=AT)])
    session.write([row("a", 2, ts=START_OF_TILE + 3), row("a", 4, ts=START_OF_TILE - 1)])
    assert tiles(session) == [
        (START_OF_TILE - FIVE, 1, START_OF_TILE - 1, True),
        (START_OF_TILE, 2, START_OF_TILE + 7, False),
    ]
    assert session.sums("a") == [7]


def test_what_a_store_knows_is_written_down_plainly() -> None:
    """The documents of a store are JSON that a person can read."""
    session = Session()
    session.write([row("a", 1)], position="p")
    found = session.store.get("progress/things"), session.store.get("plan/things")
    documents = [json.loads(document or b"") for document in found]
    assert documents == [
        {
            "newest_ms": AT - 1,
            "events": 1,
            "watermark_ms": AT - 1,
            "repairs": 0,
            "too_late": 0,
            "corrections": 0,
            "streams": {},
            "origin": documents[0]["origin"],
        },
        {
            "storage_fingerprint": session.plan.storage_fingerprint,
            "parts": session.plan.storage_parts(),
        },
    ]


def test_a_store_made_anew_has_another_version() -> None:
    """Though as many of its finished tiles have changed; one store keeps its own."""
    versions = []
    for session in (Session(), Session()):
        for n in range(2):
            session.write([row("a", n)])
            versions.append(Progress.load(session.plan, session.store.get).version)
    assert versions[0] == versions[1] != versions[2] == versions[3]


def test_late_events_that_were_merged_are_counted() -> None:
    """An event is late if the tile of the finest level had ended."""
    session = Session()
    session.write([row("a", 1, ts=AT)])
    session.write([row("a", 1, ts=AT - HOUR), row("a", 1, ts=AT + 1)])
    assert Progress.load(session.plan, session.store.get).corrections == 1
