"""`tilewright verify`: what it prints at 80 columns, as JSON, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import lmdb
import pytest

from support.cli import Desk
from support.plans import AT, HOUR
from support.session import row
from tilewright_runtime.tiles.keys import TileKeys

TEN = AT // HOUR * HOUR
FIVE = 5 * 60_000


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder with a store of four tiles of 5 minutes, and a console of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    desk = Desk(tmp_path)
    events = desk.events([row("a", 1, ts=TEN + number * FIVE) for number in range(4)])
    assert desk.run("write", desk.plan, "--events", events, "--store", desk.store).status == 0
    return desk


def lose(desk: Desk, number: int) -> None:
    """Delete a tile."""
    key = TileKeys("things", FIVE, ["s=a"], [0], [TEN + number * FIVE]).ordered[0]
    with lmdb.open(str(desk.folder / "store"), max_dbs=2) as environment:
        tiles = environment.open_db(b"tiles")
        with environment.begin(write=True, db=tiles) as transaction:
            assert transaction.delete(key)


def damage(desk: Desk, number: int) -> None:
    """Change a byte of a record."""
    key = TileKeys("things", FIVE, ["s=a"], [0], [TEN + number * FIVE]).ordered[0]
    with lmdb.open(str(desk.folder / "store"), max_dbs=2) as environment:
        tiles = environment.open_db(b"tiles")
        with environment.begin(write=True, db=tiles) as transaction:
            record = bytearray(transaction.get(key) or b"")
            record[-1] ^= 1
            transaction.put(key, bytes(record))


def test_a_sound_store(desk: Desk) -> None:
    """A line for each level of each plan, and status 0."""
    ran = desk.run("verify", desk.store)
    assert (ran.status, ran.err) == (0, "")
    head, plan, columns, level, summary = [line for line in ran.out.splitlines() if line]
    assert head.replace("\n", "") in desk.store
    assert plan == "things"
    assert columns.split() == ["level", "tiles", "counted", "events"]
    assert level.split() == ["5m", "4", "4", "4", "sound"]
    assert summary.startswith("sound: 4 tiles and 6 documents are what was written, and none")


def test_a_damaged_store(desk: Desk) -> None:
    """What is damaged and what is missing, within 80 columns, and status 1."""
    lose(desk, 0)
    damage(desk, 2)
    ran = desk.run("verify", desk.store)
    assert (ran.status, ran.err) == (1, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    text = " ".join(ran.out.split())
    assert "5m 3 4 2 1 damaged, 1 tile missing, 2 events missing" in text
    key = TileKeys("things", FIVE, ["s=a"], [0], [TEN + 2 * FIVE]).name(0)
    assert f"damaged {key} the checksum of this tile is wrong" in text
    assert "not sound: 3 tiles and 6 documents were looked at. Restore a copy" in text


def test_the_numbers_as_json(desk: Desk) -> None:
    """One object with what the text says."""
    lose(desk, 3)
    ran = desk.run("verify", desk.store, "--format", "json")
    found = json.loads(ran.out)
    assert (ran.status, found["sound"], found["damages"]) == (1, False, 0)
    assert found["tables"][0]["levels"] == [
        {
            "name": "5m",
            "tiles": 3,
            "events": 3,
            "damaged": 0,
            "counted": 4,
            "counted_events": 4,
            "expires": False,
            "missing": 1,
            "missing_events": 1,
        }
    ]


def test_a_store_that_is_not_there(desk: Desk) -> None:
    """It is not made."""
    ran = desk.run("verify", f"lmdb:{desk.folder}/nowhere")
    assert (ran.status, ran.out) == (1, "")
    assert "there is none" in ran.err
    assert not (desk.folder / "nowhere").exists()
