"""What a plan does, in figures, before there is data.

The figures are those of its features, levels, states and covers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil
from statistics import median_high

from tilewright.windows import DAY_MS, format_duration
from tilewright_compiler.plan.layout import BucketLayout, TileLayout
from tilewright_compiler.plan.model import EventLog, Feature, Level, Plan, State

from ..fetch.feature_groups import FeatureGroup
from ..fetch.program import Program
from ..fetch.windows import Window
from ..tiles.cover import Segment, ceiling, floor
from ..tiles.keys import EVENTS
from ..times import EARLIEST_MS
from .definitions import InputReport, input_reports

#: Query times spread over a tile of a window's coarsest level, at which its tiles are counted.
_SAMPLES = 24
#: A lifetime has no length: its tiles are counted by the year, as the compiler's estimate does.
YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True)
class Reads:
    """What a request reads for one feature alone.

    It reads tiles and chunks of raw events; for a lifetime, so many for each year that has events.
    """

    tiles: int
    chunks: int
    bytes: int


@dataclass(frozen=True)
class FeatureReport:
    """A feature, and what a request reads for it.

    It reads `typical` at most times, and `worst` at the worst one.
    """

    feature: Feature
    typical: Reads
    worst: Reads


@dataclass(frozen=True)
class LevelReport:
    """A level, or the chunks of raw events.

    It says what an entity with an event in every tile keeps there. None is for ever.
    """

    level: Level | EventLog
    tiles: int | None
    bytes: int | None
    windows: tuple[str, ...]
    """The windows that are read from it."""


@dataclass(frozen=True)
class StateReport:
    """A state, its fields in the record, and its users."""

    state: State
    fields: tuple[str, ...]
    operations: tuple[str, ...]


@dataclass(frozen=True)
class CoverReport:
    """The cover of some features at a time."""

    window: Window
    features: tuple[str, ...]
    rules: tuple[str, ...]
    """The rules that chose its tiles."""
    at_ms: int
    segments: list[Segment]
    """As it is while the newest tiles hold no event at or after the time."""
    as_of: list[Segment]
    """As it is once even the finest newest tile holds one."""

    @property
    def oldest_ms(self) -> int | None:
        """The window's own start, or None for a lifetime.

        The cover rounds it.
        """
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
    inputs: list[InputReport]


def report(plan: Plan, at_ms: int) -> PlanReport:
    """Compute a plan's figures, and its covers at a time.

    They are computed by the program that fetches.
    """
    program, typical, chunk_bytes = Program(plan), plan.cost.typical, plan.cost.chunk_bytes or 0
    tile_bytes = (typical.bytes - typical.chunks * chunk_bytes) // max(typical.tiles, 1)
    reads: dict[str, tuple[Reads, Reads]] = {}
    for group in program.groups:
        of_group = _reads(plan, group.window, tile_bytes)
        reads |= dict.fromkeys(group.finalizers, of_group)
    levels = [_level(plan, level, tile_bytes) for level in plan.levels]
    if plan.events:
        levels.append(_chunks(plan, plan.events))
    return PlanReport(
        plan=plan,
        at_ms=at_ms,
        tile_bytes=tile_bytes,
        features=[FeatureReport(feature, *reads[feature.name]) for feature in plan.features],
        levels=levels,
        states=[_state(plan, state) for state in plan.states],
        covers=[_cover(plan, group, at_ms) for group in program.groups],
        inputs=input_reports(plan),
    )


def _reads(plan: Plan, window: Window, tile_bytes: int) -> tuple[Reads, Reads]:
    """Find what a request reads, usually and at worst.

    Without tiles, chunks count as tiles do.
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
    """Count tiles and chunks read, usually and at worst."""
    unit_ms = window.levels_ms[0] if window.levels_ms else chunk_ms
    # A cover depends on the coarsest level whose newest tile is clean. For most requests all of
    # them are clean; those covers come first.
    clean, others = [], []
    for at_ms in _times(window, unit_ms):
        clean.append(window.segments(at_ms, unit_ms))
        for head_level_ms in (*window.sizes_ms[1:], None):
            others.append(window.segments(at_ms, head_level_ms))
    typical, worst = [], []
    for count in (_tiles, partial(_chunks_of, chunk_ms=chunk_ms)):
        usual = [count(segments) for segments in clean]
        most = max([*usual, *map(count, others)])
        if window.window_ms is None and min(usual):
            # Apart from its head, a lifetime reads a year's tiles for each year. The years since
            # the epoch do not count.
            a_year = ceil(YEAR_MS / unit_ms)
            usual, most = [a_year], a_year + most - min(usual)
        typical.append(median_high(usual))
        worst.append(most)
    return typical, worst


def _times(window: Window, coarsest: int) -> Iterator[int]:
    """Choose times within a tile of the coarsest level.

    They are off the boundaries, as requests are. The last one has the longest head.
    """
    first = (EARLIEST_MS + (window.window_ms or 0)) // coarsest * coarsest + coarsest
    yield from (first + coarsest * i // _SAMPLES + 1 for i in range(_SAMPLES))
    yield first + coarsest - 1


def _tiles(segments: list[Segment]) -> int:
    return sum(segment.tiles for segment in segments)


def _chunks_of(segments: list[Segment], chunk_ms: int) -> int:
    chunks = 0
    for segment in segments:
        if segment.kind == EVENTS:
            end_ms = ceiling(segment.end_ms, chunk_ms)
            chunks += (end_ms - floor(segment.start_ms, chunk_ms)) // chunk_ms
    return chunks


def _chunks(plan: Plan, events: EventLog) -> LevelReport:
    readers = _windows(feature for feature in plan.features if feature.edge == "exact")
    if events.ttl_ms is None:
        return LevelReport(events, None, None, readers)
    chunks = ceil(events.ttl_ms / events.size_ms)
    return LevelReport(events, chunks, chunks * (plan.cost.chunk_bytes or 0), readers)


def _level(plan: Plan, level: Level, tile_bytes: int) -> LevelReport:
    readers = _windows(feature for feature in plan.features if level.size_ms in feature.levels_ms)
    if level.ttl_ms is None:
        return LevelReport(level, None, None, readers)
    tiles = ceil(level.ttl_ms / level.size_ms)
    return LevelReport(level, tiles, tiles * tile_bytes, readers)


def _state(plan: Plan, state: State) -> StateReport:
    layouts: list[TileLayout | BucketLayout] = [plan.tile_layout, *plan.tile_layout.buckets]
    fields, variable = [], []
    for layout in layouts:
        for column in layout.columns:
            if column.state == state.id:
                fields.append(f"{column.field} {column.dtype}")
        for field in layout.variable:
            if field.state == state.id:
                variable.append(f"{field.field} bytes")
    fields += variable
    users = [feature for feature in plan.features if state.id in feature.states]
    operations = dict.fromkeys(feature.operation for feature in users)
    return StateReport(state, tuple(fields), tuple(operations))


def _windows(features: Iterable[Feature]) -> tuple[str, ...]:
    """List the windows of features, the shortest first."""
    lengths = {feature.window_ms for feature in features}
    lengths_ms = sorted(length for length in lengths if length is not None)
    lifetime = ("lifetime",) if None in lengths else ()
    return (*map(format_duration, lengths_ms), *lifetime)


def _cover(plan: Plan, group: FeatureGroup, at_ms: int) -> CoverReport:
    window, names = group.window, tuple(group.finalizers)
    head_level_ms = window.levels_ms[0] if window.levels_ms else None
    rules = {feature.rule: None for feature in plan.features if feature.name in group.finalizers}
    return CoverReport(
        window,
        names,
        tuple(rules),
        at_ms,
        window.segments(at_ms, head_level_ms),
        window.segments(at_ms, None),
    )
