"""Draws the tiles of an entity as a map.

There is a row of cells for each level; they are warmer with more events.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tilewright.windows import format_duration
from tilewright_compiler.humanize import counted
from tilewright_compiler.plan.model import Plan

from ...fetch.damage import record_name
from ...fetch.serving import Serving
from ...states.base import Rows
from ...stores import Store
from ...stores.progress import Progress
from ...tiles.block import APPROXIMATE
from ...tiles.cover import ceiling
from ...tiles.header import HEADER_WORDS, NEWEST, SEQUENCE, STAMP, START, start_of
from ...tiles.keys import Range
from ...times import EARLIEST_MS, iso, now_ms

#: Cells in a line, the side of one in the units of the SVG, and how many of a level are drawn.
_COLUMNS, _SIDE, _MOST_CELLS = 96, 10, 960
#: How much longer each step back to older tiles is than the last.
_GROWTH = 4
#: Shades from one event to the most of the level, on a logarithmic scale.
_SHADES = 5
_CELL = '<rect class="heat%d%s" x="%d" y="%d"><title>%s</title></rect>'


@dataclass(frozen=True)
class LevelMap:
    """The newest tiles of one level, drawn."""

    level: str
    facts: str
    """How many there are, and what they hold."""
    earlier: str | None
    """Before when the next map ends, if there are older tiles."""
    height: int
    cells: Markup


def heat_map(fetcher: Serving, entity: str, until_ms: int | None = None) -> list[LevelMap]:
    """Draw the newest tiles of an entity, level by level.

    They are those that begin before a time, if one is given. Raises StoreError if the store cannot
    be read, and CorruptRecordError for a damaged tile.
    """
    plan, store = fetcher.plan, fetcher.store
    newest_ms = Progress.load(plan, store.get).newest_ms
    end_ms = until_ms or (now_ms() if newest_ms is None else newest_ms) + 1
    ranges = [_ending_at(ceiling(end_ms, level.size_ms), level.size_ms) for level in plan.levels]
    records = store.scan(plan.name, entity, ranges)
    name_of = partial(record_name, store, plan.name, entity, ranges)
    tiles = fetcher.program.decode(entity, ranges, records, name_of)
    maps = []
    for wanted in ranges:
        begin, end = tiles.bounds[wanted.size_ms]
        older = _newest_before(wanted, store, plan, entity)
        earlier = None if older is None else iso(_end_ms(older, wanted))
        if begin < end:
            maps.append(_level_map(wanted.size_ms, tiles.rows[begin:end], earlier))
        elif earlier:
            facts = f"none since {iso(wanted.start_ms)}"
            maps.append(LevelMap(format_duration(wanted.size_ms), facts, earlier, 0, Markup()))
    return maps


def _ending_at(end_ms: int, size_ms: int, tiles: int = _MOST_CELLS) -> Range:
    return Range(size_ms, end_ms - tiles * size_ms, end_ms)


def _newest_before(wanted: Range, store: Store, plan: Plan, entity: str) -> bytes | None:
    """Find the newest tile before a range, in steps that grow.

    A store whose tiles expire has to name each that it looks for, so there it is one step.
    """
    size_ms = wanted.size_ms
    begin_ms, tiles = wanted.start_ms, _MOST_CELLS
    while begin_ms > EARLIEST_MS:
        before = _ending_at(begin_ms, size_ms, tiles)
        records = store.scan(plan.name, entity, [before])[0]
        if len(records):
            return records[-1]
        if store.expires:
            break
        begin_ms, tiles = before.start_ms, _GROWTH * tiles
    return None


def _end_ms(record: bytes, wanted: Range) -> int:
    """Read when a tile before a range ends. One that is damaged may say anything."""
    if len(record) < 8 * HEADER_WORDS:
        return wanted.start_ms
    end_ms = start_of(record) + wanted.size_ms
    return min(max(end_ms, EARLIEST_MS), wanted.start_ms)


def _level_map(size_ms: int, rows: Rows, earlier: str | None) -> LevelMap:
    events = rows[:, SEQUENCE]
    first_ms = int(rows[0, START])
    newest_ms = int(rows[:, NEWEST].max())
    facts = (
        f"{counted(len(rows), 'tile')} since {iso(first_ms)}, "
        f"{counted(int(events.sum()), 'event')}, the newest {iso(newest_ms)}"
    )
    slots = ((rows[:, START] - first_ms) // size_ms).tolist()
    shades = _shades(events)
    approximate = (rows[:, STAMP] & APPROXIMATE).astype(bool).tolist()
    times_ms, counts = rows[:, START].tolist(), events.tolist()
    cells = []
    for slot, shade, is_rough, start_ms, count in zip(
        slots, shades, approximate, times_ms, counts, strict=True
    ):
        text = f"{iso(start_ms)}: {counted(count, 'event')}{', approximate' if is_rough else ''}"
        line, column = divmod(slot, _COLUMNS)
        mark = " rough" if is_rough else ""
        cells.append(_CELL % (shade, mark, column * _SIDE, line * _SIDE, text))
    return LevelMap(
        format_duration(size_ms),
        facts,
        earlier,
        (slots[-1] // _COLUMNS + 1) * _SIDE,
        Markup("".join(cells)),  # figures and times of ours, nothing of an author
    )


def _shades(events: NDArray[np.int64]) -> list[int]:
    """Give each count a shade.

    The scale is logarithmic, up to the largest one.
    """
    most = math.log(max(2, int(events.max())))
    shades = 1 + (_SHADES - 1) * np.log(np.maximum(events, 1)) / most
    rounded: list[int] = np.rint(shades).astype(int).tolist()
    return rounded
