"""What a store holds.

That is the usage by plan and level, the busy keys, and the tiles of one entity.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilewright_compiler.humanize import operation_text
from tilewright_compiler.plan.model import Plan

from ..fetch.program import Program
from ..stores import Store
from ..stores.contents import StoredTiles
from ..stores.ownership import require_plan
from ..stores.progress import Progress
from ..tiles.block import APPROXIMATE, flag_names
from ..tiles.cover import Segment, raw_events
from ..tiles.entities import decode_entity, entity_encoder, key_values
from ..tiles.header import HEADER_WORDS, NEWEST, SEQUENCE, STAMP
from ..tiles.keys import EVENTS, Kind, Range, TileKeys, level_name

_HEADER_BYTES = 8 * HEADER_WORDS


@dataclass
class LevelUsage:
    """What one level of a table takes."""

    level: str
    tiles: int = 0
    bytes: int = 0
    events: int = 0
    approximate: int = 0
    oldest_ms: int | None = None
    """The start of the oldest tile."""
    newest_ms: int | None = None
    """The time of the newest event."""


@dataclass
class EntityUsage:
    """What one entity takes, of all levels."""

    keys: Sequence[Any]
    events: int
    tiles: int
    bytes: int


@dataclass
class TableUsage:
    """What the tiles of one plan take."""

    plan: str
    levels: list[LevelUsage]
    entities: int
    hottest: list[EntityUsage]
    """The entities with the most events, these first."""


@dataclass(frozen=True)
class StoreUsage:
    """What a store holds, plan by plan."""

    store: str
    at_ms: int
    tables: list[TableUsage]


@dataclass(frozen=True)
class DecodedTile:
    """An entity's tile, or a chunk of its raw events."""

    level: str
    start_ms: int
    end_ms: int
    events: int
    newest_ms: int
    bytes: int
    flags: Sequence[str]
    values: Mapping[str, Any]
    """What each operation of features that read the level has of this tile alone."""


@dataclass(frozen=True)
class InspectedEntity:
    """The tiles of an entity, level after level, newest first."""

    store: str
    plan: str
    keys: Mapping[str, Any]
    at_ms: int
    tiles: list[DecodedTile]
    omitted: int
    """How many older ones there are."""


@dataclass
class _Entities:
    """Counts of a table's entities, while it is walked."""

    tiles: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    events: dict[str, dict[str, int]] = field(default_factory=dict)
    """By level: each of them has all events."""


def usage(
    store: Store, most: int = 10, on_tiles: Callable[[int], None] | None = None
) -> StoreUsage:
    """Measure what a store holds.

    `most` is how many of each plan's busiest entities are named. `on_tiles` is told after every
    part how many tiles were looked at. Raises StoreError if the store cannot be read.
    """
    levels: dict[str, dict[tuple[Kind, int], LevelUsage]] = {}
    entities: dict[str, _Entities] = {}
    looked_at = 0
    for content in store.contents():
        if isinstance(content, StoredTiles):
            keys = content.keys
            of_table = levels.setdefault(keys.table, {})
            level = of_table.setdefault(
                (keys.kind, keys.size_ms), LevelUsage(level_name(keys.kind, keys.size_ms))
            )
            _add(level, entities.setdefault(keys.table, _Entities()), content)
            looked_at += len(content.records)
            if on_tiles is not None:
                on_tiles(looked_at)
    tables = []
    for name in sorted(levels):
        order = sorted(levels[name], key=lambda level: (level[0] == EVENTS, -level[1]))
        of_level = [levels[name][level] for level in order]
        its_entities = entities[name]
        tables.append(
            TableUsage(name, of_level, len(its_entities.tiles), _hottest(its_entities, most))
        )
    return StoreUsage(store.url, _now_ms(), tables)


def _add(level: LevelUsage, entities: _Entities, content: StoredTiles) -> None:
    """Add tiles to what their level and entities have."""
    keys, records = content
    words, sizes = _headers(records), np.fromiter(map(len, records), np.int64, len(records))
    level.tiles += len(records)
    level.bytes += int(sizes.sum())
    level.events += int(words[:, SEQUENCE].sum())
    level.approximate += int(np.count_nonzero(words[:, STAMP] & APPROXIMATE))
    level.oldest_ms = _first(min, level.oldest_ms, min(keys.starts_ms))
    level.newest_ms = _first(max, level.newest_ms, int(words[:, NEWEST].max()))
    of_entity = np.asarray(keys.entity)
    counts = np.bincount(of_entity, minlength=len(keys.entities)).tolist()
    byte_sums = np.bincount(of_entity, sizes, len(keys.entities)).tolist()
    event_sums = np.bincount(of_entity, words[:, SEQUENCE], len(keys.entities)).tolist()
    events = entities.events.setdefault(level.level, {})
    for entity, tiles, size, seen in zip(keys.entities, counts, byte_sums, event_sums, strict=True):
        entities.tiles[entity] = entities.tiles.get(entity, 0) + tiles
        entities.bytes[entity] = entities.bytes.get(entity, 0) + int(size)
        events[entity] = events.get(entity, 0) + int(seen)


def _hottest(entities: _Entities, most: int) -> list[EntityUsage]:
    """Name the entities with the most events.

    A level that lets tiles go has fewer of them than another.
    """
    events: dict[str, int] = {}
    for of_level in entities.events.values():
        for entity, count in of_level.items():
            events[entity] = max(events.get(entity, 0), count)
    chosen = heapq.nlargest(most, events, key=lambda entity: (events[entity], entity))
    return [
        EntityUsage(_keys(entity), events[entity], entities.tiles[entity], entities.bytes[entity])
        for entity in chosen
    ]


def _keys(entity: str) -> Sequence[Any]:
    """Read an entity's keys.

    Of a damaged one, its text is shown.
    """
    try:
        return decode_entity(entity)
    except (LookupError, ValueError, ArithmeticError):
        return (entity,)


def entity_tiles(
    plan: Plan, store: Store, keys: Mapping[str, Any], most: int = 20
) -> InspectedEntity:
    """Decode the tiles of an entity.

    `most` is how many of each level are, the newest first. Raises KeyValueError for keys
    that the plan cannot have, StoreError if the store has no tiles of the plan, and
    CorruptRecordError for a damaged tile.
    """
    entity = entity_encoder(plan.keys)(key_values(plan.keys, keys))
    require_plan(plan, store)
    program = Program(plan)
    finished_ms = Progress.load(plan, store.get).finished_until_ms(plan)
    tiles: list[DecodedTile] = []
    total = 0
    for of_level, records in store.read_entity(plan.name, entity):
        total += len(records)
        newest = sorted(zip(of_level.starts_ms, records, strict=True), reverse=True)
        tiles += _decoded(program, entity, of_level, newest[:most], finished_ms)
    return InspectedEntity(store.url, plan.name, dict(keys), _now_ms(), tiles, total - len(tiles))


def _decoded(
    program: Program,
    entity: str,
    keys: TileKeys,
    tiles: Sequence[tuple[int, bytes]],
    finished_ms: int | None,
) -> Iterator[DecodedTile]:
    """Decode tiles of one level, one by one."""
    for start_ms, record in tiles:
        wanted = Range(keys.size_ms, start_ms, start_ms + keys.size_ms, keys.kind)
        alone = TileKeys(program.plan.name, keys.size_ms, [entity], [0], [start_ms], keys.kind)
        words = _headers([record])[0]
        is_finished = finished_ms is not None and wanted.end_ms <= finished_ms
        yield DecodedTile(
            level_name(keys.kind, keys.size_ms),
            start_ms,
            start_ms + keys.size_ms,
            int(words[SEQUENCE]),
            int(words[NEWEST]),
            len(record),
            flag_names(int(words[STAMP])) + ["finished"] * is_finished,
            _values(program, entity, wanted, record, alone.name),
        )


def _values(
    program: Program, entity: str, wanted: Range, record: bytes, name_of: Callable[[int], str]
) -> dict[str, Any]:
    """Compute the features of windows that read the tile."""
    is_events = wanted.kind == EVENTS
    piece = Segment(wanted.size_ms, wanted.start_ms, wanted.end_ms)
    if is_events:
        piece = raw_events(wanted.start_ms, wanted.end_ms)
    covers: list[list[Segment]] = []
    for window in program.windows:
        reads = window.edge == "exact" if is_events else wanted.size_ms in window.sizes_ms
        covers.append([piece] if reads else [])
    ranges = [Range(size_ms, 0, 0) for size_ms in program.ladder_ms if size_ms != wanted.size_ms]
    tiles = program.decode(entity, [*ranges, wanted], [*([] for _ in ranges), [record]], name_of)
    if is_events:
        times_ms = [wanted.start_ms, wanted.end_ms] if any(covers) else []
        tiles = program.with_events(entity, tiles, times_ms, name_of)
    features, _ = program.evaluate(tiles, covers)
    read: set[str] = set()
    for group, cover in zip(program.groups, covers, strict=True):
        read.update(group.finalizers if cover else ())
    values: dict[str, Any] = {}
    for feature in program.plan.features:
        if feature.name in read:  # windows of one operation have the same of one tile
            name = f"{operation_text(feature)} of {feature.input}"
            values.setdefault(name, features[feature.name])
    return values


def _headers(records: Sequence[bytes]) -> NDArray[np.int64]:
    """Read the header words.

    They are zeros where a record is too short.
    """
    heads = b"".join([record[:_HEADER_BYTES].ljust(_HEADER_BYTES, b"\0") for record in records])
    words: NDArray[np.int64] = np.frombuffer(heads, "<i8").reshape(-1, HEADER_WORDS)
    return words


def _first(choose: Callable[[int, int], int], known: int | None, value: int) -> int:
    return value if known is None else choose(known, value)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
