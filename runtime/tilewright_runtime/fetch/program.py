"""A fetch program: all that can be decided about a plan's fetches before the first one."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tilewright_compiler.plan.model import Feature, Plan

from ..states.base import Rows, StateType
from ..states.fields import Bytes
from ..states.values import Finalizer, Merged
from ..tiles.block import APPROXIMATE
from ..tiles.buckets import Bucket, BucketTables, buckets_of
from ..tiles.cover import (
    ENDS,
    Segment,
    cover,
    floor,
    head_end,
    raw_events,
    whole_start,
    window_start,
)
from ..tiles.keys import EVENTS, TILES, Kind, Range
from ..tiles.layout import NEWEST, STAMP, START, Layout, bucket_field, layout_of
from ..tiles.records import Names, RecordCodec
from ..times import EARLIEST_MS
from .finalize import bucket_finalizer, error_bound, finalizer
from .reads import event_ranges, ranges, reads_of

if TYPE_CHECKING:
    from .exact import ExactEvents


@dataclass(frozen=True)
class WindowProgram:
    """The features that share a cover, and what is needed to find it."""

    window_ms: int | None
    edge: str
    levels_ms: tuple[int, ...]
    sizes_ms: tuple[int, ...]
    """The window's own levels, then the ladder's finer ones, which only a head may need."""
    features: tuple[tuple[str, Finalizer], ...]
    fields: tuple[str, ...]
    """The variable fields that those features need."""
    merged_fields: tuple[str, ...]
    """Those of them that are merged; the text of a first or last is chosen."""
    bucket_fields: tuple[str, ...]
    """Those of them that hold tables of bucket values."""
    error_bounds: tuple[tuple[str, Callable[[Merged], int]], ...]
    """The features whose counts may be off, with how far they are."""
    joint_states: tuple[StateType, ...]
    """The states whose numbers merge together and that those features need."""

    @cached_property
    def one_size_ms(self) -> int:
        """The size of all tiles of a cover of whole tiles of one level, as long as its head is
        clean; 0 for other covers.
        """
        return self.levels_ms[0] if len(self.levels_ms) == 1 and self.edge not in ENDS else 0

    def start_ms(self, at_ms: int) -> int:
        """Where the cover begins."""
        if self.window_ms is None:
            return floor(EARLIEST_MS, self.levels_ms[0]) if self.levels_ms else EARLIEST_MS
        return window_start(
            at_ms, self.window_ms, self.levels_ms[-1] if self.levels_ms else 1, self.edge
        )

    def whole_ms(self, at_ms: int) -> int:
        """Where those of its tiles begin that count whole; without tiles nowhere before the query
        time.
        """
        if not self.levels_ms:
            return at_ms
        if self.window_ms is None:
            return self.start_ms(at_ms)
        return whole_start(at_ms, self.window_ms, self.levels_ms[-1], self.edge)

    def segments(self, at_ms: int, head_level_ms: int | None) -> list[Segment]:
        """The cover at a time, once it is known which newest tiles hold no later events."""
        size = self.one_size_ms
        if size and head_level_ms is not None and head_level_ms >= size:
            # What nearly every fetch asks for; head_end and cover come to the same.
            last = at_ms - 1
            return [Segment(size, self.start_ms(at_ms), last - last % size + size)]
        if not self.levels_ms:
            return [raw_events(self.start_ms(at_ms), at_ms)]
        start, ends = self.whole_ms(at_ms), ENDS.get(self.edge)
        whole = cover(start, head_end(at_ms, start, self.sizes_ms, head_level_ms), self.sizes_ms)
        if ends is None:
            return whole
        oldest = None if self.window_ms is None else at_ms - self.window_ms
        edge, head = ends(
            at_ms, start, oldest, self.levels_ms[-1], self.sizes_ms[-1], head_level_ms is not None
        )
        return [*edge, *whole, *head]


@dataclass(slots=True)
class Tiles:
    """The tiles that a fetch read, level after level, each oldest first; then what was counted of
    raw events, oldest first.
    """

    rows: Rows
    """(tiles + 1, words): a row of zeros follows the last tile, so that every run of tiles has an
    end inside.
    """
    starts: list[int]
    bounds: dict[int, tuple[int, int]]
    """size_ms -> the places of that level's tiles, [first, end)."""
    records: list[bytes]
    chunks: list[bytes] = field(default_factory=list)
    """The records of the chunks of raw events that were read, oldest first."""
    events: tuple[int, int] = (0, 0)
    """The places of what was counted of raw events, [first, end)."""
    variable: dict[int, list[Bytes]] = field(default_factory=dict)
    """The variable fields of the tiles of which they were asked for, by place."""

    def places(self, segment: Segment) -> tuple[int, int]:
        """Where the tiles of a segment stand: [begin, end)."""
        first, last = self.events if segment.kind == EVENTS else self.bounds[segment.size_ms]
        begin = bisect_left(self.starts, segment.start_ms, first, last)
        return begin, bisect_left(self.starts, segment.end_ms, begin, last)


class Program:
    """The steps of a fetch for one plan: ranges, decoding, heads, covers, merging.

    No input or output happens here.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.layout: Layout = layout_of(plan)
        self.codec = RecordCodec(self.layout)
        self.ladder_ms = tuple(level.size_ms for level in plan.levels)
        self.buckets = buckets_of(plan)
        self.windows = _windows(plan, self.layout, self.buckets, self.ladder_ms)
        self._prorated = [
            place for place, window in enumerate(self.windows) if window.edge == "prorate"
        ]
        self._rounds_heads = any(window.edge not in ENDS for window in self.windows)
        self._reads = reads_of(
            [window for window in self.windows if window.levels_ms], self.ladder_ms
        )
        self.events = _events(plan, self.layout, self.buckets)
        self._levels: list[tuple[Kind, int]] = [(TILES, size_ms) for size_ms in self.ladder_ms]
        if plan.events is not None:
            self._levels.append((EVENTS, plan.events.size_ms))
        self._template = dict.fromkeys(feature.name for feature in plan.features)
        self._fields = {one.name: i for i, one in enumerate(self.layout.variable)}
        self._empty = self.layout.identities()
        for state in self.layout.joint_states:
            state.mark_missing(self._empty)

    def ranges(self, at_ms: int) -> list[Range]:
        """What to read, level after level: the tiles that some cover needs, whichever newest tiles
        hold later events.

        Then the chunks of raw events that some cover needs.
        """
        wanted = ranges(self._reads, at_ms)
        if self.events is not None:
            wanted += event_ranges(self.windows, self.events.chunks.size_ms, at_ms)
        return wanted

    def decode(
        self,
        entity: str,
        ranges: Sequence[Range],
        found: Sequence[list[bytes]],
        name_of: Callable[[int], str],
    ) -> Tiles:
        """Decodes what the store gave of an entity for the ranges.

        Raises CorruptRecordError for a record that is damaged, or that is another tile's.
        """
        records: list[bytes] = []
        identities: list[int] = []
        chunks: list[bytes] = []
        bounds: dict[int, tuple[int, int]] = {}
        for wanted, part in zip(ranges, found, strict=True):
            size, first = wanted.size_ms, len(records)
            if wanted.kind == EVENTS:
                chunks += part
                continue
            records += part
            identities += [self._identity(entity, size)] * len(part)
            # The runs of a level follow one another, so its tiles are in order across them too.
            bounds[size] = (bounds[size][0] if size in bounds else first, len(records))
        names = self._names(entity, name_of)
        rows = self.codec.decode(records, identities, names, padding=1)
        starts = rows[:, START].tolist()
        self._require_places(ranges, found, rows, starts, names)
        return Tiles(rows, starts, bounds, records, chunks)

    def _identity(self, entity: str, size_ms: int) -> int:
        return self.codec.identity(self.plan.name, entity, size_ms, TILES)

    def _names(self, entity: str, name_of: Callable[[int], str]) -> Names:
        return self.codec.names(name_of, self.plan.name, [entity], self._levels)

    def _require_places(
        self,
        ranges: Sequence[Range],
        found: Sequence[list[bytes]],
        rows: Rows,
        starts: Sequence[int],
        names: Names,
    ) -> None:
        """Raises CorruptRecordError for a tile that stands outside of its range or order."""
        first = 0
        for wanted, part in zip(ranges, found, strict=True):
            if wanted.kind == EVENTS or not part:
                continue
            own = starts[first : first + len(part)]
            if (
                own[0] < wanted.start_ms
                or own[-1] >= wanted.end_ms
                or not all(map(operator.lt, own, own[1:]))
            ):
                self.codec.require_within(rows, first, len(part), wanted, names)
            first += len(part)

    def with_events(
        self,
        entity: str,
        tiles: Tiles,
        covers: Sequence[Sequence[Segment]],
        name_of: Callable[[int], str],
    ) -> Tiles:
        """The tiles with a row for each stretch of raw events that the covers tell apart, as if it
        were a tile.

        Raises CorruptRecordError for a damaged chunk.
        """
        if self.events is None:
            return tiles
        times = {
            time
            for cover in covers
            for one in cover
            if one.kind == EVENTS
            for time in (one.start_ms, one.end_ms)
        }
        first = len(tiles.records)
        names = self._names(entity, lambda i: name_of(first + i))
        block = self.events.between(tiles.chunks, sorted(times), entity, names)
        last = first + len(block)
        made = replace(tiles, events=(first, last))
        made.rows = np.concatenate([tiles.rows[:first], block.rows, tiles.rows[first:]])
        made.starts = made.rows[:, START].tolist()
        fields = [block.variable[one.name] for one in self.layout.variable]
        made.variable = {first + i: [values[i] for values in fields] for i in range(len(block))}
        return made

    def head_level_ms(self, at_ms: int, tiles: Tiles) -> int | None:
        """The coarsest level whose newest tile has only events before `at_ms`; None if not even the
        finest has.
        """
        last = at_ms - 1
        for size in self.ladder_ms:
            first, end = tiles.bounds[size]
            holds_last = end > first and tiles.starts[end - 1] + size > last
            if not holds_last or tiles.rows[end - 1, NEWEST] < at_ms:
                return size
        return None

    def evaluate(
        self, tiles: Tiles, covers: Sequence[Sequence[Segment]]
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Compute all features, in the plan's order, from a cover for each window.

        Also returns how far the counts of features may be off, where they may.
        """
        values: dict[str, Any] = self._template.copy()
        errors: dict[str, int] = {}
        merged = self.merge(tiles, covers)
        for window, of_window in zip(self.windows, merged, strict=True):
            for name, finalize in window.features:
                values[name] = finalize(of_window)
            for name, max_error in window.error_bounds:
                if error := max_error(of_window):
                    errors[name] = error
        return values, errors

    def merge(self, tiles: Tiles, covers: Sequence[Sequence[Segment]]) -> list[Merged]:
        """What the tiles of each window's cover amount to, in the order of `windows`."""
        places = [
            [place for place in map(tiles.places, cover) if place[0] < place[1]] for cover in covers
        ]
        merged = [
            Merged(self._empty.copy(), dict.fromkeys(window.fields)) for window in self.windows
        ]
        # One call of a ufunc reduces the runs of tiles of all windows; reduceat takes [begin, end)
        # pairs and also gives what lies between one's end and the next one's begin, which is thrown
        # away.
        bounds = [bound for window_places in places for place in window_places for bound in place]
        parts_of = self._parts(tiles, covers) if self._prorated else {}
        one_run_each = not parts_of and all(len(window_places) == 1 for window_places in places)
        numbers_of_all = [one.numbers for one in merged]
        views = {"i64": tiles.rows, "f64": tiles.rows.view(np.float64)}
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # infinities of both signs make NaN, as they do in SQL
            for slab in self.layout.slabs if bounds else ():
                columns = slice(slab.start, slab.stop)
                parts = slab.ufunc.reduceat(views[slab.dtype][:, columns], bounds, axis=0)[::2]
                if one_run_each:
                    for numbers, values in zip(numbers_of_all, parts.tolist(), strict=True):
                        numbers[columns] = values
                    continue
                first = 0
                for i, (numbers, window_places) in enumerate(
                    zip(numbers_of_all, places, strict=True)
                ):
                    last = first + len(window_places)
                    if last > first and i not in parts_of:
                        numbers[columns] = slab.ufunc.reduce(parts[first:last], axis=0).tolist()
                    elif last > first and slab.ufunc is np.add:
                        numbers[columns] = _weighted(parts[first:last].tolist(), parts_of[i])
                    first = last
        for window, one, window_places in zip(self.windows, merged, places, strict=True):
            if window_places and (window.joint_states or window.fields):
                self._merge_others(window, tiles, window_places, one)
        for i, (window, one, window_places) in enumerate(
            zip(self.windows, merged, places, strict=True)
        ):
            for name in window.bucket_fields:
                one.objects[name] = self._buckets(name, tiles, window_places, parts_of.get(i))
        return merged

    def _buckets(
        self,
        name: str,
        tiles: Tiles,
        places: Sequence[tuple[int, int]],
        parts: Sequence[Fraction] | None,
    ) -> list[Bucket]:
        """The bucket values of some runs of tiles, all of which count whole where no parts are
        given.
        """
        field, bucket = self._fields[name], self.buckets[name]
        tables = [
            [self._variable(tiles, i)[field] for i in range(begin, end)] for begin, end in places
        ]
        runs = [[table for table in run if table is not None] for run in tables]
        return (
            bucket.read([table for run in runs for table in run])
            if parts is None
            else bucket.read_parts(runs, parts)
        )

    def _parts(
        self, tiles: Tiles, covers: Sequence[Sequence[Segment]]
    ) -> dict[int, list[Fraction]]:
        """For each prorated window the part that counts of every run of tiles of its cover that
        exist.
        """
        return {
            i: [segment.part for segment in covers[i] if operator.lt(*tiles.places(segment))]
            for i in self._prorated
        }

    def _merge_others(
        self, window: WindowProgram, tiles: Tiles, places: Sequence[tuple[int, int]], merged: Merged
    ) -> None:
        """First and last values, moments, texts and sketches, which no ufunc can merge."""
        indices = [i for begin, end in places for i in range(begin, end)]
        rows = tiles.rows[indices]
        for state in window.joint_states:
            # A time lies in one tile only, so among the tiles of a cover, oldest first, there are
            # no ties.
            chosen = state.merge_tiles(rows, merged.numbers)
            if chosen is not None and (text := state.text) is not None:
                merged.objects[text] = self._variable(tiles, indices[chosen])[self._fields[text]]
        for name in window.merged_fields:
            place = self._fields[name]
            parts = [
                part
                for part in (self._variable(tiles, i)[place] for i in indices)
                if part is not None
            ]
            merged.objects[name] = self.layout.codecs[name].merge(parts) if parts else None

    def _variable(self, tiles: Tiles, i: int) -> list[Bytes]:
        """The variable fields of a tile; decompressed when first asked for, since few windows need
        many of them.
        """
        found = tiles.variable.get(i)
        if found is None:
            found = tiles.variable[i] = self.codec.variable(tiles.records[i], tiles.rows[i])
        return found

    def quality(self, at_ms: int, tiles: Tiles, head_level_ms: int | None) -> dict[str, Any]:
        """What is not clean about an answer; empty where nothing is."""
        quality: dict[str, Any] = {}
        if head_level_ms is None and self.ladder_ms:
            head_ms = floor(at_ms - 1, self.ladder_ms[-1])
            if self._rounds_heads:
                quality["head_end_ms"] = head_ms
            if self._prorated:
                quality["head_prorated_ms"] = head_ms
        approximate = int(np.count_nonzero(tiles.rows[:, STAMP] & APPROXIMATE))
        if approximate:
            quality["approximate_tiles"] = approximate
        return quality


def _events(plan: Plan, layout: Layout, buckets: Mapping[str, BucketTables]) -> ExactEvents | None:
    """What counts a plan's raw events, if it keeps any; imported only then, since most plans keep
    none.
    """
    if plan.events is None:
        return None
    from .exact import ExactEvents

    return ExactEvents(plan, plan.events, layout, buckets)


def _weighted(runs: Sequence[Sequence[Any]], parts: Sequence[Fraction]) -> list[Any]:
    """The sum of some runs' numbers, each run by its part: integers become exact fractions, as both
    halves of a sum must.
    """
    return [
        sum(part * number for part, number in zip(parts, column, strict=True))
        for column in zip(*runs, strict=True)
    ]


def _windows(
    plan: Plan, layout: Layout, buckets: Mapping[str, BucketTables], ladder_ms: Sequence[int]
) -> tuple[WindowProgram, ...]:
    finalizers = _finalizers(plan, layout, buckets)
    groups: dict[tuple[int | None, str, tuple[int, ...]], list[Feature]] = {}
    for feature in plan.features:
        groups.setdefault((feature.window_ms, feature.edge, tuple(feature.levels_ms)), []).append(
            feature
        )
    chosen = {state.text for state in layout.joint_states}
    programs = []
    for (window_ms, edge, levels_ms), features in groups.items():
        needed = {state for feature in features for state in feature.states}
        tables = tuple(
            {
                bucket_field(feature.bucket): None
                for feature in features
                if feature.bucket is not None
            }
        )
        fields = tuple(
            f.name
            for f in layout.variable
            if f.name not in buckets and f.name.rpartition(".")[0] in needed
        )
        programs.append(
            WindowProgram(
                window_ms,
                edge,
                levels_ms,
                (*levels_ms, *(size for size in ladder_ms if size < levels_ms[-1])),
                tuple((feature.name, finalizers[feature.name]) for feature in features),
                (*fields, *tables),
                tuple(name for name in fields if name not in chosen),
                tables,
                tuple(_error_bounds(features, layout, buckets)),
                tuple(state for state in layout.joint_states if state.id in needed),
            )
        )
    return tuple(programs)


def _error_bounds(
    features: Sequence[Feature], layout: Layout, buckets: Mapping[str, BucketTables]
) -> Iterator[tuple[str, Callable[[Merged], int]]]:
    for feature in features:
        if feature.bucket is None:
            bound = error_bound(feature, layout)
        else:
            field = bucket_field(feature.bucket)
            bound = error_bound(feature, buckets[field].layout, field)
        if bound is not None:
            yield feature.name, bound


def _finalizers(
    plan: Plan, layout: Layout, buckets: Mapping[str, BucketTables]
) -> dict[str, Finalizer]:
    made = {}
    for feature in plan.features:
        if feature.bucket is None:
            made[feature.name] = finalizer(feature, layout)
        else:
            field = bucket_field(feature.bucket)
            made[feature.name] = bucket_finalizer(
                feature, buckets[field].layout, field, buckets[field].type
            )
    return made
