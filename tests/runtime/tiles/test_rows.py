"""Tiles of all levels, cut into parts of whole entities."""

from __future__ import annotations

import numpy as np
import pytest

from support.plans import DAY, HOUR
from tilewright_runtime.tiles import rows
from tilewright_runtime.tiles.block import Block
from tilewright_runtime.tiles.keys import TileKeys
from tilewright_runtime.tiles.rows import LevelTiles, parts_of


def level(size_ms: int, entity: list[int]) -> LevelTiles:
    """Tiles of three entities, whose starts are 0, 1, 2 and so on."""
    starts = list(range(len(entity)))
    keys = TileKeys("g", size_ms, ["a", "b", "c"], entity, starts)
    block = Block(np.array([starts]).T, {"f": [b"%d" % start for start in starts]})
    return LevelTiles(keys, block)


def test_a_part_has_all_levels_of_its_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most as many tiles as allowed, unless one entity has more."""
    monkeypatch.setattr(rows, "_PART_TILES", 3)
    coarse, fine = level(DAY, [0, 1, 2]), level(HOUR, [0, 1, 2, 2])
    parts = list(parts_of([coarse, fine]))
    shown = [[(one.keys.entities, one.block.variable["f"]) for one in part] for part in parts]
    assert shown == [
        [(["a"], [b"0"]), (["a"], [b"0"])],
        [(["b"], [b"1"]), (["b"], [b"1"])],
        [(["c"], [b"2"]), (["c"], [b"2", b"3"])],
    ]
    assert [list(one.keys.starts_ms) for one in parts[-1]] == [[2], [2, 3]]


def test_levels_of_other_entities_are_one_part() -> None:
    """And so are those that are in no order."""
    other = LevelTiles(TileKeys("g", HOUR, ["b"], [0], [0]), Block(np.zeros((1, 1), np.int64)))
    for levels in ([level(DAY, [0]), other], [level(DAY, [1, 0])]):
        assert list(parts_of(levels)) == [levels]


def test_levels_of_other_entities_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entity of one level has another place in the other."""
    monkeypatch.setattr(rows, "_PART_TILES", 1)
    other = LevelTiles(TileKeys("g", HOUR, ["b"], [0], [0]), Block(np.zeros((1, 1), np.int64)))
    levels = [level(DAY, [0, 1, 2]), other]
    assert list(parts_of(levels)) == [levels]


def test_parts_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each but the last is as full as the first."""
    monkeypatch.setattr(rows, "_PART_TILES", 2)
    keys = TileKeys("g", HOUR, list("abcde"), [0, 1, 2, 3, 4], [0] * 5)
    parts = parts_of([LevelTiles(keys, Block(np.zeros((5, 1), np.int64)))])
    assert [list(one.keys.entities) for (one,) in parts] == [["a", "b"], ["c", "d"], ["e"]]
