"""What a plan does, before there is any data: its features, levels, states and covers, as
figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from statistics import median_high

from tilewright.windows import DAY_MS
from tilewright_compiler.plan.layout import BucketLayout, TileLayout
from tilewright_compiler.plan.model import EventLog, Feature, Level, Plan, State

from ..fetch.feature_groups import FeatureGroup
from ..fetch.program import Program
from ..fetch.windows import Window
from ..tiles.cover import Segment, ceiling, floor
from ..tiles.keys import EVENTS
from ..times import EARLIEST_MS

#: Query times spread over a tile of a window's coarsest level, at which its tiles are counted.
_SAMPLES = 24
#: A lifetime has no length: its tiles are counted by the year, as the compiler's estimate does.
YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True)
class Reads:
    """What a request reads for one feature alone, in tiles and chunks of raw events; of a lifetime,
    for each year that has events.
    """

    tiles: int
    chunks: int
    bytes: int


@dataclass(frozen=True)
class FeatureReport:
    """A feature, and what a request reads for it: at most times, and at the worst one."""

    feature: Feature
    typical: Reads
    worst: Reads


@dataclass(frozen=True)
class LevelReport:
    """A level, or the chunks of raw events; what an entity with an event in every tile keeps there;
    and who reads it.

    None is for ever.
    """

    level: Level | EventLog
    tiles: int | None
    bytes: int | None
    features: tuple[str, ...]


@dataclass(frozen=True)
class StateReport:
    """A state, the fields of the record that hold it, and who uses it."""

    state: State
    fields: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class CoverReport:
    """The cover of some features at a time."""

    window: Window
    features: tuple[str, ...]
    at_ms: int
    segments: list[Segment]
    """As it is while the newest tiles hold no event at or after the time."""
    as_of: list[Segment]
    """As it is once even the finest newest tile holds one."""

    @property
    def oldest_ms(self) -> int | None:
        """The window's own begin, which the cover's rounds; None for a lifetime."""
        return None if self.window.window_ms is None else self.at_ms - self.window.window_ms


@dataclass(frozen=True)
class PlanReport:
    """All that can be said of a plan."""

    plan: Plan
    at_ms: int
    tile_bytes: int
    features: list[FeatureReport]
    levels: list[LevelReport]
    states: list[StateReport]
    covers: list[CoverReport]


def report(plan: Plan, at_ms: int) -> PlanReport:
    """The figures of a plan, and its covers at a time.

    They are made by the program that fetches.
    """
    program, typical, chunk_bytes = Program(plan), plan.cost.typical, plan.cost.chunk_bytes or 0
    tile_bytes = (typical.bytes - typical.chunks * chunk_bytes) // max(typical.tiles, 1)
    reads = {
        name: _reads(plan, group.window, tile_bytes)
        for group in program.groups
        for name in group.finalizers
    }
    return PlanReport(
        plan,
        at_ms,
        tile_bytes,
        [FeatureReport(feature, *reads[feature.name]) for feature in plan.features],
        [_level(plan, level, tile_bytes) for level in plan.levels]
        + ([_chunks(plan, plan.events)] if plan.events else []),
        [_state(plan, state) for state in plan.states],
        [_cover(group, at_ms) for group in program.groups],
    )


def _reads(plan: Plan, window: Window, tile_bytes: int) -> tuple[Reads, Reads]:
    """What a request reads at most times, and at the worst one; without tiles a chunk is what a
    tile is with them.
    """
    chunk_ms = plan.events.size_ms if plan.events is not None else 1
    sizes = (tile_bytes, plan.cost.chunk_bytes or 0)
    typical, worst = (
        Reads(tiles, chunks, tiles * sizes[0] + chunks * sizes[1])
        for tiles, chunks in _counts(window, chunk_ms)
    )
    return typical, worst


@lru_cache(maxsize=1024)
def _counts(window: Window, chunk_ms: int) -> tuple[list[int], list[int]]:
    """Tiles and chunks: those read at most times, and those at the worst one."""
    unit_ms = window.levels_ms[0] if window.levels_ms else chunk_ms
    # A time has a cover for each level whose newest tile may be the coarsest clean one; most
    # requests find all of them clean.
    cleans = (unit_ms, *window.sizes_ms[1:], None)
    covers = [
        [window.segments(at_ms, head_level_ms) for head_level_ms in cleans]
        for at_ms in _times(window, unit_ms)
    ]
    typical, worst = [], []
    for count in (_tiles, lambda segments: _chunks_of(segments, chunk_ms)):
        counts = [[count(segments) for segments in at_a_time] for at_a_time in covers]
        clean, every = (
            [at_a_time[0] for at_a_time in counts],
            [number for at_a_time in counts for number in at_a_time],
        )
        if window.window_ms is None and min(clean):
            # The heads aside, a lifetime reads a year's tiles for each year: the epoch's own years
            # are not meant.
            a_year = ceil(YEAR_MS / unit_ms)
            clean, every = [a_year], [a_year + number - min(clean) for number in every]
        typical.append(median_high(clean))
        worst.append(max(every))
    return typical, worst


def _times(window: Window, coarsest: int) -> Iterator[int]:
    """Times within a tile of the coarsest level: off the boundaries, as requests are, and the last
    one, whose head is longest.
    """
    first = (EARLIEST_MS + (window.window_ms or 0)) // coarsest * coarsest + coarsest
    yield from (first + coarsest * i // _SAMPLES + 1 for i in range(_SAMPLES))
    yield first + coarsest - 1


def _tiles(segments: list[Segment]) -> int:
    return sum(segment.tiles for segment in segments)


def _chunks_of(segments: list[Segment], chunk_ms: int) -> int:
    raw = [segment for segment in segments if segment.kind == EVENTS]
    return sum(
        (ceiling(segment.end_ms, chunk_ms) - floor(segment.start_ms, chunk_ms)) // chunk_ms
        for segment in raw
    )


def _chunks(plan: Plan, events: EventLog) -> LevelReport:
    readers = tuple(feature.name for feature in plan.features if feature.edge == "exact")
    if events.ttl_ms is None:
        return LevelReport(events, None, None, readers)
    chunks = ceil(events.ttl_ms / events.size_ms)
    return LevelReport(events, chunks, chunks * (plan.cost.chunk_bytes or 0), readers)


def _level(plan: Plan, level: Level, tile_bytes: int) -> LevelReport:
    readers = tuple(feature.name for feature in plan.features if level.size_ms in feature.levels_ms)
    if level.ttl_ms is None:
        return LevelReport(level, None, None, readers)
    tiles = ceil(level.ttl_ms / level.size_ms)
    return LevelReport(level, tiles, tiles * tile_bytes, readers)


def _state(plan: Plan, state: State) -> StateReport:
    layouts: list[TileLayout | BucketLayout] = [plan.tile_layout, *plan.tile_layout.buckets]
    fields = [
        f"{one.field} {one.dtype}"
        for layout in layouts
        for one in layout.columns
        if one.state == state.id
    ]
    fields += [
        f"{one.field} bytes"
        for layout in layouts
        for one in layout.variable
        if one.state == state.id
    ]
    users = tuple(feature.name for feature in plan.features if state.id in feature.states)
    return StateReport(state, tuple(fields), users)


def _cover(group: FeatureGroup, at_ms: int) -> CoverReport:
    window, names = group.window, tuple(group.finalizers)
    head_level_ms = window.levels_ms[0] if window.levels_ms else None
    return CoverReport(
        window, names, at_ms, window.segments(at_ms, head_level_ms), window.segments(at_ms, None)
    )
