"""What can be decided about a plan's fetches in advance."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Plan

from ..plans import prepares_from_plan
from ..stores.base import Records
from ..stores.checked import Checked
from ..tiles.cover import ENDS, Segment, floor
from ..tiles.header import newest_of
from ..tiles.keys import EVENTS, Range, Ranges, ordered_prefix
from ..tiles.layout import Layout, layout_of
from ..tiles.records import RecordCodec
from .decoding import Decoder
from .evaluation import Evaluator
from .feature_groups import feature_groups
from .kernel_program import KernelProgram, KernelTiles, kernel_program
from .merging import Merger
from .reads import event_ranges, ranges, reads_of
from .schedule import Schedule
from .tiles import DecodedTiles, Tiles
from .windows import Window, grain_ms

#: Query times whose schedules are kept; most requests ask for the newest.
_REMEMBERED = 16

if TYPE_CHECKING:
    from ..stores.owners import Owners
    from ..tiles.buckets import BucketTables
    from .exact import ExactEvents


class Program:
    """The steps of a fetch for one plan.

    They are ranges, decoding, heads, covers and merging. No input or output happens here. A plan of
    some features says of which `whole` it is a part. Errors name `owners` of misplaced records.
    """

    @prepares_from_plan
    def __init__(self, plan: Plan, whole: Plan | None = None, owners: Owners | None = None) -> None:
        self.plan = plan
        self.layout: Layout = layout_of(plan)
        self.codec = RecordCodec(self.layout)
        self.decoder = Decoder(plan, self.codec, owners)
        self.ladder_ms = tuple(level.size_ms for level in plan.levels)
        buckets = _buckets(plan)
        self.groups = feature_groups(plan, self.layout, buckets)
        self.windows = tuple(group.window for group in self.groups)
        self.merges_fields = any(group.merged_fields for group in self.groups)
        self.events = _events(plan, self.layout, buckets)
        self._exact_windows = _exact_windows(whole or plan)
        merger = Merger(self.layout, self.codec, buckets, self.groups)
        self.evaluator = Evaluator(self.groups, merger)
        self.kernel: KernelProgram | None = None
        if self.events is None:
            self.kernel = kernel_program(
                self.layout, self.codec, self.ladder_ms, self.groups, merger
            )
        tiled = [window for window in self.windows if window.levels_ms]
        self._reads = reads_of(tiled, self.ladder_ms)
        edges = {window.edge for window in self.windows}
        self._grain_ms = grain_ms(self.windows)
        self._schedules = lru_cache(_REMEMBERED)(self._find_schedule)
        #: The times that were asked for last, as they are mostly asked for again.
        self._last: tuple[int, int, Schedule] | None = None
        self._prorates = "prorate" in edges
        self._rounds_heads = bool(edges - ENDS.keys())
        self.template = dict.fromkeys(feature.name for feature in plan.features)

    def ranges(self, at_ms: int, end_ms: int | None = None) -> Ranges:
        """Find what some cover may need.

        It includes what is needed if newest tiles hold later events. A live fetch, which takes
        those too, reads on to `end_ms`. Tiles come level after level, then chunks of raw events.
        """
        return self.schedule(at_ms, at_ms if end_ms is None else end_ms).ranges

    def schedule(self, at_ms: int, end_ms: int) -> Schedule:
        """Find what is read and merged at a query time.

        Covers end at `end_ms`, if that is later than the query time.
        """
        last = self._last
        if last is not None and last[0] == at_ms and last[1] == end_ms:
            return last[2]
        schedule = self._schedules(*self._moments(at_ms, end_ms))
        self._last = at_ms, end_ms, schedule
        return schedule

    def _moments(self, at_ms: int, end_ms: int) -> tuple[int, int]:
        """Choose one of the time pairs with the same covers.

        Each is the last millisecond of a grain, or its first, which ends the tile before.
        """
        size = self._grain_ms
        at = at_ms - at_ms % size + size - 1 if at_ms % size else at_ms
        if end_ms == at_ms:
            return at, at
        end = end_ms - end_ms % size + size - 1 if end_ms % size else end_ms
        return (at, end) if at < end else (at_ms, end_ms)

    def _find_schedule(self, at_ms: int, end_ms: int) -> Schedule:
        wanted = ranges(self._reads, at_ms, end_ms)
        if self.events is not None:
            wanted += event_ranges(self.windows, self.events.chunks.size_ms, at_ms, end_ms)
        find_covers = partial(self._find_covers, at_ms, end_ms)
        if self.kernel is None:
            return Schedule(wanted, at_ms, find_covers)
        schedule = Schedule(wanted, at_ms, find_covers, self.kernel.native_covers)
        self.kernel.prepared(schedule.ranges)
        if self.kernel.is_whole and self.ladder_ms:
            schedule.covers(self.ladder_ms[0])  # what most fetches need
        return schedule

    def _find_covers(
        self, at_ms: int, end_ms: int, head_level_ms: int | None
    ) -> list[list[Segment]]:
        return [window.segments(at_ms, head_level_ms, end_ms) for window in self.windows]

    def decode(
        self,
        entity: str,
        ranges: Sequence[Range],
        answers: Sequence[Records],
        name_of: Callable[[int], str],
        checked: Checked | None = None,
    ) -> Tiles:
        """Decode what the store gave for some ranges.

        Records that were checked before are not checked again. Raises CorruptRecordError for a
        record that is damaged, or that is another tile's.
        """
        known: Tiles | None = None if checked is None else checked.decoded_by(self, answers)
        if known is not None:
            return known
        if self.kernel is not None:
            prefix = ordered_prefix(self.plan.name, entity)
            sound = checked.counts if checked is not None and checked.is_sound else ()
            tiles = self.kernel.decode(answers, ranges, prefix, sound)
            if tiles is not None:
                if checked is not None:
                    checked.is_sound = True
                    if answers is checked.kept:
                        checked.decoded = self, answers, tiles
                return tiles
        return self.decoder.decode(entity, ranges, answers, name_of)

    def cuts(
        self,
        covers: Sequence[Sequence[Segment]],
        at_ms: int,
        head_level_ms: int | None,
        end_ms: int,
    ) -> list[int]:
        """Find the times at which raw events are cut.

        They come oldest first. All windows of the whole plan cut them, whichever are asked for:
        sketches and sums of floats depend on the stretches that they are merged of, and an answer
        must not depend on the features that are asked for beside it.
        """
        own = _event_times(covers)
        if not own:
            return []
        every = _event_times(
            [window.segments(at_ms, head_level_ms, end_ms) for window in self._exact_windows]
        )
        return sorted({*own, *every[bisect_left(every, own[0]) : bisect_right(every, own[-1])]})

    def with_events(
        self,
        entity: str,
        tiles: Tiles,
        times_ms: Sequence[int],
        name_of: Callable[[int], str],
    ) -> Tiles:
        """Add a row for each stretch of raw events.

        The cuts tell the stretches apart; their rows are like those of tiles. Raises
        CorruptRecordError for a damaged chunk.
        """
        if self.events is None or not isinstance(tiles, DecodedTiles):
            return tiles
        first = len(tiles.records)
        names = self.decoder.names(entity, lambda index: name_of(first + index))
        block = self.events.between(tiles.chunks, times_ms, entity, names)
        columns = [block.variable[one.name] for one in self.layout.variable]
        return tiles.with_events(block, list(map(list, zip(*columns, strict=True))))

    def head_level_ms(self, at_ms: int, tiles: Tiles) -> int | None:
        """Find the coarsest level with a clean newest tile.

        Such a tile has only events before `at_ms`. None if not even the finest has.
        """
        if isinstance(tiles, KernelTiles):
            return tiles.head_level_ms(at_ms)
        last = at_ms - 1
        for size in self.ladder_ms:
            first, end = tiles.bounds[size]
            holds_last = end > first and tiles.starts[end - 1] + size > last
            if not holds_last or newest_of(tiles.records[end - 1]) < at_ms:
                return size
        return None

    def evaluate(
        self, tiles: Tiles, covers: Sequence[Sequence[Segment]]
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Compute all features, in the plan's order.

        There is a cover for each window. Also returns how far counts may be off, for features that
        have such a bound.
        """
        values: dict[str, Any] = self.template.copy()
        if isinstance(tiles, KernelTiles) and self.kernel is not None:
            evaluated = self.kernel.evaluate(tiles, covers, values)
            if evaluated is not None:
                return values, evaluated
        return values, self.evaluator.evaluate(tiles, covers, values)

    def evaluate_alone(
        self, tiles: Tiles, pieces: Sequence[Sequence[Segment]]
    ) -> list[list[dict[str, Any]]]:
        """Compute what each piece of the covers gives by itself.

        There are pieces for each window, and a piece gives the window's features.
        """
        alone: list[list[dict[str, Any]]] = []
        for index, group in enumerate(self.groups):
            covers: list[list[Segment]] = [[] for _ in self.groups]
            alone.append([])
            for piece in pieces[index]:
                covers[index] = [piece]
                values, _ = self.evaluate(tiles, covers)
                alone[index].append({name: values[name] for name in group.finalizers})
        return alone

    def quality(self, at_ms: int, tiles: Tiles, head_level_ms: int | None) -> dict[str, Any]:
        """Say what is not clean about an answer.

        Empty if nothing is.
        """
        quality: dict[str, Any] = {}
        if head_level_ms is None and self.ladder_ms:
            head_ms = floor(at_ms - 1, self.ladder_ms[-1])
            if self._rounds_heads:
                quality["head_end_ms"] = head_ms
            if self._prorates:
                quality["head_prorated_ms"] = head_ms
        if tiles.approximate:
            quality["approximate_tiles"] = tiles.approximate
        return quality


def _event_times(covers: Sequence[Sequence[Segment]]) -> list[int]:
    """Find the times at which covers cut raw events.

    They come oldest first.
    """
    times = set[int]()
    for cover in covers:
        for segment in cover:
            if segment.kind == EVENTS:
                times.update((segment.start_ms, segment.end_ms))
    return sorted(times)


def _exact_windows(plan: Plan) -> tuple[Window, ...]:
    """List the windows of a plan that count raw events."""
    ladder_ms = [level.size_ms for level in plan.levels]
    exact = [feature for feature in plan.features if feature.edge == "exact"]
    return tuple(dict.fromkeys(Window.of(feature, ladder_ms) for feature in exact))


def _buckets(plan: Plan) -> Mapping[str, BucketTables]:
    if not plan.tile_layout.buckets:
        return {}
    from ..tiles.buckets import buckets_of  # most plans do not need it

    return buckets_of(plan)


def _events(plan: Plan, layout: Layout, buckets: Mapping[str, BucketTables]) -> ExactEvents | None:
    """Prepare for a plan's raw events, if it keeps any."""
    if plan.events is None:
        return None
    from .exact import ExactEvents  # most plans do not need it

    return ExactEvents(plan, plan.events, layout, buckets)
