"""The tiles that a sink keeps: by the coarser tile that they lie in, the newest of each, the oldest
forgotten first.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import few
from support.plans import AT, HOUR, MINUTE, aggregations, plan_of
from tilewright import Operation
from tilewright_runtime.ingest import open_tiles
from tilewright_runtime.ingest.open_tiles import OpenTiles
from tilewright_runtime.tiles.block import Block
from tilewright_runtime.tiles.header import SEQUENCE
from tilewright_runtime.tiles.keys import TileKeys
from tilewright_runtime.tiles.layout import layout_of
from tilewright_runtime.tiles.rows import LevelTiles

LAYOUT = layout_of(
    plan_of(
        {"k": "string", "n": "string"},
        ["k"],
        aggregations("n", [Operation.COUNT, Operation.MAX], ["1h"]),
    )
)
START = AT // HOUR * HOUR


def keys(size_ms: int, *tiles: tuple[str, int]) -> TileKeys:
    """Tiles of a table, ordered by entity and start."""
    entities = sorted({entity for entity, _ in tiles})
    return TileKeys(
        "t",
        size_ms,
        entities,
        [entities.index(entity) for entity, _ in tiles],
        [start for _, start in tiles],
    )


def tiles(*found: tuple[str, int, int]) -> LevelTiles:
    """Tiles of ten minutes, with so many events each and the number as the text of their largest
    value.
    """
    block = Block(
        np.tile(LAYOUT.empty_row(), (len(found), 1)),
        {LAYOUT.variable[0].name: [str(events).encode() for *_, events in found]},
    )
    block.rows[:, SEQUENCE] = [events for *_, events in found]
    return LevelTiles(keys(10 * MINUTE, *((entity, start) for entity, start, _ in found)), block)


def held(found: LevelTiles) -> list[tuple[str, int, int, bytes | None]]:
    """Entity, start, events and text of each tile."""
    names = [found.keys.entities[entity] for entity in found.keys.entity]
    return list(
        zip(
            names,
            found.keys.starts_ms,
            found.block.rows[:, SEQUENCE].tolist(),
            *found.block.variable.values(),
            strict=True,
        )
    )


def test_tiles_that_lie_in_coarser_ones_come_in_their_order() -> None:
    """By entity and start, and only those that have events."""
    kept = OpenTiles(LAYOUT, 10 * MINUTE, HOUR)
    #  hours        |  START        |  START + 1h   |
    #  a            |  .  2  .  1   |  3            |
    #  b            |  4            |
    kept.keep(
        tiles(
            ("a", START + 10 * MINUTE, 2),
            ("a", START + 30 * MINUTE, 1),
            ("a", START + HOUR, 3),
            ("b", START, 4),
        )
    )
    assert held(kept.inside(keys(HOUR, ("a", START), ("b", START)))) == [
        ("a", START + 10 * MINUTE, 2, b"2"),
        ("a", START + 30 * MINUTE, 1, b"1"),
        ("b", START, 4, b"4"),
    ]


def test_of_a_tile_the_one_with_more_events_is_kept() -> None:
    """Whichever comes first, with its fields of changing length."""
    kept = OpenTiles(LAYOUT, 10 * MINUTE, HOUR)
    for events in (2, 5, 4):
        kept.keep(tiles(("a", START, events)))
    assert held(kept.inside(keys(HOUR, ("a", START)))) == [("a", START, 5, b"5")]


def test_what_lies_in_unknown_coarser_tiles_is_asked_for() -> None:
    """All of it, and nothing of those that are known."""
    kept = OpenTiles(LAYOUT, 10 * MINUTE, HOUR)
    kept.keep(tiles(("a", START, 1)))
    (unknown,) = kept.unknown(keys(HOUR, ("a", START), ("a", START + HOUR), ("b", START)))
    asked = list(zip([unknown.entities[i] for i in unknown.entity], unknown.starts_ms, strict=True))
    assert asked == [("a", START + HOUR + i * 10 * MINUTE) for i in range(6)] + [
        ("b", START + i * 10 * MINUTE) for i in range(6)
    ]


def test_the_coarser_tiles_that_some_lie_in_come_once() -> None:
    """In the order of the tiles."""
    kept = OpenTiles(LAYOUT, 10 * MINUTE, HOUR)
    found = kept.touched(
        keys(
            10 * MINUTE,
            ("a", START),
            ("a", START + 50 * MINUTE),
            ("a", START + HOUR),
            ("b", START + MINUTE * 20),
        )
    )
    assert (found.size_ms, found.entity, found.starts_ms) == (
        HOUR,
        [0, 0, 1],
        [START, START + HOUR, START],
    )


def test_unknown_tiles_are_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at once as are asked of a store at once, those of one coarser tile together."""
    monkeypatch.setattr(open_tiles, "_ASKED_TILES", 13)
    kept = OpenTiles(LAYOUT, 10 * MINUTE, HOUR)
    asked = [
        part.starts_ms
        for part in kept.unknown(keys(HOUR, *(("a", START + i * HOUR) for i in range(5))))
    ]
    assert [len(starts) for starts in asked] == [12, 12, 6]
    assert [start for starts in asked for start in starts] == [
        START + i * 10 * MINUTE for i in range(30)
    ]


def test_too_many_are_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer half stays as it was, and what was forgotten is unknown again."""
    monkeypatch.setattr(
        open_tiles, "_MEMORY_BYTES", 4 * (LAYOUT.fixed_bytes + open_tiles._FIELD_BYTES)
    )
    kept = OpenTiles(LAYOUT, 10 * MINUTE, HOUR)
    hours = [START + i * HOUR for i in (4, 0, 3, 1, 2)]
    for events, start in enumerate(hours, 1):
        kept.keep(tiles(("a", start, events)))
        kept.forget()
    unknown = [
        start
        for part in kept.unknown(keys(HOUR, *(("a", start) for start in sorted(hours))))
        for start in part.starts_ms
    ]
    assert set(unknown) == {
        START + i * HOUR + part * 10 * MINUTE for i in (0, 1, 2) for part in range(6)
    }
    assert [
        events
        for _, _, events, _ in held(
            kept.inside(keys(HOUR, ("a", START + 3 * HOUR), ("a", START + 4 * HOUR)))
        )
    ] == [3, 1]


@few(100)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.integers(0, 17), st.integers(1, 9)),
            max_size=6,
            unique_by=lambda one: one[:2],
        ),
        max_size=8,
    )
)
def test_what_is_kept_is_what_a_table_would_have(batches: list[list[tuple[str, int, int]]]) -> None:
    """Whatever comes in whatever order: of each tile the largest number of events."""
    kept, table = OpenTiles(LAYOUT, 10 * MINUTE, HOUR), dict[tuple[str, int], int]()
    for batch in batches:
        found = [
            (entity, START + place * 10 * MINUTE, events) for entity, place, events in sorted(batch)
        ]
        kept.keep(tiles(*found))
        for entity, start, events in found:
            table[entity, start] = max(events, table.get((entity, start), 0))
    hours = sorted({(entity, start // HOUR * HOUR) for entity, start in table})
    assert held(kept.inside(keys(HOUR, *hours))) == [
        (*tile, events, str(events).encode()) for tile, events in sorted(table.items())
    ]
