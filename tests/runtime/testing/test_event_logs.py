"""The runner of event logs tells a right engine from a wrong one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.kit import KIT
from tilewright_compiler.frontend.diagnostics import CompileError
from tilewright_runtime import Writer, open_store
from tilewright_runtime.stores import TransactionalStore
from tilewright_runtime.testing.event_logs import EventLog, Part
from tilewright_runtime.tiles.keys import TileKeys

LOG = EventLog(KIT / "disorder")


def written(log: EventLog = LOG, parts: Sequence[Part] | None = None) -> TransactionalStore:
    """A store with the tiles of a log, by the embedded writer."""
    store = open_store("memory:")
    assert isinstance(store, TransactionalStore)
    with Writer(log.plan, store) as writer:
        for part in log.parts if parts is None else parts:
            writer.write(part.path, part.source)
    return store


def test_the_writers_own_tiles_agree() -> None:
    """A store that the embedded writer wrote has nothing wrong."""
    assert LOG.disagreements(written()) == []


def test_an_empty_store_lacks_every_tile() -> None:
    """Each tile that is not there is named by its entity, level and start."""
    wrong = LOG.disagreements(open_store("memory:"))
    assert len(wrong) == len(LOG.expected)
    assert "s=a 1d 20240104: is missing" in wrong


def test_a_damaged_tile_is_named() -> None:
    """A record whose checksum is wrong is a line that says which tile it is."""
    store = written()
    tile, record = next(iter(LOG.expected.items()))
    keys = TileKeys(LOG.plan.name, tile.size_ms, [tile.entity], [0], [tile.start_ms])
    store.transact(
        lambda transaction: transaction.put_tiles(keys, [record[:-1] + bytes([record[-1] ^ 1])])
    )
    (wrong,) = LOG.disagreements(store)
    assert wrong.startswith(f"{tile}: the checksum of this tile is wrong")


def test_what_is_wrong_with_a_tile_is_said_state_by_state() -> None:
    """Tiles of a part of the events differ in their numbers, lists and sketches, each of which is
    named.
    """
    store = open_store("memory:")
    with Writer(LOG.plan, store) as writer:
        writer.write(LOG.parts[0].path)
    wrong = "\n".join(LOG.disagreements(store))
    tile = "s=a 1d 20240104"
    assert f"{tile}: events is 20, not 101" in wrong
    assert f"{tile}: sum_amount.sum is 883.95, not 5068.96" in wrong
    assert f"{tile}: last_k_amount.entries is b'" in wrong
    assert f"{tile}: tdigest_amount.sketch holds 20 values, not 101" in wrong


def test_a_tile_without_events_is_too_much() -> None:
    """A tile beside those that there should be is found."""
    fewer = EventLog(LOG.folder)
    last = max(tile for tile in LOG.expected if tile.entity == "s=a" and tile.size_ms == 60_000)
    fewer.__dict__["expected"] = {
        tile: record for tile, record in LOG.expected.items() if tile != last
    }
    assert fewer.disagreements(written()) == [f"{last}: is there, and should not be"]


def test_a_log_that_does_not_compile_says_why(tmp_path: Path) -> None:
    """The mistakes of `features.py` are the compiler's."""
    shutil.copy(KIT / "disorder" / "features.py", tmp_path)
    source = (tmp_path / "features.py").read_text(encoding="utf-8")
    (tmp_path / "features.py").write_text(
        source.replace('keys=["user"]', 'keys=["usr"]'), encoding="utf-8"
    )
    with pytest.raises(CompileError, match="TW020"):
        _ = EventLog(tmp_path).plan


def test_a_stream_has_no_late_events(tmp_path: Path) -> None:
    """Tiles of all events are wrong as those of a stream, in which the late ones are missing; those
    of the others are right.
    """
    log = EventLog(KIT / "late")
    store, stream = written(log), written(log, log.in_time(tmp_path))
    assert log.disagreements(stream, stream=True) == []
    assert "s=zo%C3%A9 5m 202401040900: is missing" in log.disagreements(stream)
    wrong = log.disagreements(store, stream=True)
    assert "s=zo%C3%A9 5m 202401040900: is there, and should not be" in wrong
    assert "s=ann 5m 202401040900: events is 4, not 3" in wrong


def test_a_late_event_must_be_in_a_part(tmp_path: Path) -> None:
    """A line of `late.jsonl` that never arrives is a mistake in the log."""
    shutil.copytree(KIT / "late", tmp_path / "log")
    with (tmp_path / "log" / "late.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(ValueError, match=r"is in no part: {}"):
        _ = EventLog(tmp_path / "log").expected_of_stream


def test_what_a_target_cannot_run_is_said(tmp_path: Path) -> None:
    """A log is not passed over in silence: compiling it for an engine that cannot run its plan
    gives the compiler's reason.
    """
    shutil.copy(KIT / "late" / "features.py", tmp_path)
    source = (tmp_path / "features.py").read_text(encoding="utf-8")
    (tmp_path / "features.py").write_text(
        source.replace("    online=True,", "    online=True, edge='exact',"), encoding="utf-8"
    )
    with pytest.raises(
        CompileError, match=r"TW031 --target flink cannot run conformance\.late: .*raw events"
    ):
        EventLog(tmp_path).compile(tmp_path / "compiled", "flink")
    assert not (tmp_path / "compiled").exists()


def test_a_log_is_compiled_for_a_target(tmp_path: Path) -> None:
    """The plan and the target's files are where `tilewright compile` would write them."""
    folder = LOG.compile(tmp_path, "spark")
    assert folder == tmp_path / LOG.plan.name
    assert {path.name for path in folder.iterdir()} == {"plan.json", "spark"}
