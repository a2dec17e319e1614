"""Whether two sets of records agree, state by state.

The bytes must be the same for counts, sums of integers and decimals, min, max, first, last, sets,
counts by value and lists. Sums of floats may differ by 1e-9 of the sum of the magnitudes (the state
`sum_abs_{input}` if the plan has one, else the sum itself). Moments are sums of a power of the
deviations; they may differ by 1e-9 of that power of the spread. Sketches, whose bytes depend on the
order of their updates, may differ by their stated error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan

from ..errors import CorruptRecordError
from ..states.base import StateType
from ..tiles.block import Block
from ..tiles.header import NEWEST, SEQUENCE
from ..tiles.keys import TILES, TileKeys, tile_id
from ..tiles.layout import Layout, layout_of
from ..tiles.records import Names, RecordCodec

TOLERANCE = 1e-9


class Tile(NamedTuple):
    """Which tile: its level, entity and start."""

    size_ms: int
    entity: str
    start_ms: int

    def __str__(self) -> str:
        return (
            f"{self.entity} {format_duration(self.size_ms)} {tile_id(self.start_ms, self.size_ms)}"
        )


def disagreements(
    plan: Plan, expected: Mapping[Tile, bytes], found: Mapping[Tile, bytes]
) -> list[str]:
    """List what is wrong with some records, a line each."""
    wrong = [f"{tile}: is there, and should not be" for tile in found if tile not in expected]
    codec = RecordCodec(layout_of(plan))
    for tile, record in expected.items():
        if tile not in found:
            wrong.append(f"{tile}: is missing")
            continue
        try:
            got = _decoded(plan, codec, tile, found[tile])
        except CorruptRecordError as error:
            wrong.append(str(error))
            continue
        want = _decoded(plan, codec, tile, record)
        wrong += [f"{tile}: {what}" for what in _differences(plan, codec.layout, want, got)]
    return wrong


def _decoded(plan: Plan, codec: RecordCodec, tile: Tile, record: bytes) -> Block:
    keys = TileKeys(plan.name, tile.size_ms, [tile.entity], [0], [tile.start_ms])
    names = Names(lambda i: str(tile), plan.name, [tile.entity], [(TILES, tile.size_ms)])
    return codec.decode_block([record], keys, names)


def _differences(plan: Plan, layout: Layout, want: Block, got: Block) -> Iterator[str]:
    for word, name in ((SEQUENCE, "events"), (NEWEST, "newest event")):
        if want.rows[0, word] != got.rows[0, word]:
            yield f"{name} is {got.rows[0, word]}, not {want.rows[0, word]}"
    magnitudes: dict[int, float] = {}
    for state in layout.joint_states:
        magnitudes.update(state.magnitudes(want.rows))
    for column in plan.tile_layout.columns:
        name = f"{column.state}.{column.field}"
        expected = _number(want, layout, name)
        number = _number(got, layout, name)
        if not _same(expected, number, _allowed(name, expected, want, layout, magnitudes)):
            yield f"{name} is {number!r}, not {expected!r}"
    for field in plan.tile_layout.variable:
        name = f"{field.state}.{field.field}"
        wanted_bytes, given_bytes = want.variable[name][0], got.variable[name][0]
        if wanted_bytes == given_bytes:
            continue
        difference = _bytes_differ(layout.states[field.state], wanted_bytes, given_bytes)
        if difference is not None:
            yield f"{name} {difference}"


def _number(tile: Block, layout: Layout, name: str) -> float:
    word = layout.names[name]
    if layout.dtypes[name] == "f64":
        return float(tile.rows.view(np.float64)[0, word])
    return int(tile.rows[0, word])


def _same(want: float, got: float, allowed: float) -> bool:
    return want == got or (math.isnan(want) and math.isnan(got)) or abs(want - got) <= allowed


def _allowed(
    name: str, want: float, tile: Block, layout: Layout, magnitudes: Mapping[int, float]
) -> float:
    if name.startswith("sum_") and name.endswith(".sum"):
        of_magnitudes = f"sum_abs_{name.removeprefix('sum_')}"
        known = of_magnitudes in layout.names
        return TOLERANCE * abs(_number(tile, layout, of_magnitudes) if known else want)
    return TOLERANCE * magnitudes.get(layout.names[name], 0.0)


def _bytes_differ(state: StateType, want: bytes | None, got: bytes | None) -> str | None:
    if want is None or got is None:
        return f"is {got!r}, not {want!r}"
    return state.difference(want, got)
