"""Explains a fetch: its steps, with a clock.

It also says what each tile contributed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..tiles.cover import Segment, raw_events
from ..tiles.header import NEWEST, SEQUENCE, START
from ..tiles.keys import EVENTS, Kind
from ..times import Moment
from .answers import Answer, answer_of
from .caching_reader import CachingReader
from .context import FetchContext, FetchState
from .fetcher import Fetcher
from .program import Program
from .step_details import DETAILS, ROWS
from .windows import Window

#: The tiles of a window that are told apart, the newest ones: each is merged by itself.
_MOST_SHARES = 500


@dataclass(frozen=True)
class TimedStep:
    """A step: what it did, and how long it took."""

    name: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class TimedSteps:
    """The steps of a fetch, with their times."""

    steps: list[TimedStep]
    reading_seconds: float
    """The part of a step's time that went to the store."""
    lookup_seconds: float
    """The part that went to the cache, if there is one."""
    cached_until_ms: list[int | None]
    """Up to where each run of tiles came from the cache."""

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return sum(step.seconds for step in self.steps)

    @property
    def breakdown(self) -> dict[str, float]:
        """Break the time down, in seconds, up to the total.

        Reading and decoding are one step, and two rows.
        """
        rows = dict.fromkeys(ROWS.values(), 0.0)
        for step in self.steps:
            rows[ROWS[step.name]] += step.seconds
        rows["deserialization"] -= self.reading_seconds
        rows["kv_fetch"] = self.reading_seconds - self.lookup_seconds
        rows["cache_lookup"] = self.lookup_seconds
        order = ("range", "expansion", "cache_lookup", "kv_fetch", "deserialization")
        broken_down = {name: rows.pop(name, 0.0) for name in order}
        return broken_down | rows | {"total": self.seconds}


@dataclass(frozen=True)
class TileShare:
    """One tile of a cover, and its features alone.

    It may also be a stretch of raw events.
    """

    start_ms: int
    size_ms: int
    events: int
    newest_ms: int
    values: dict[str, Any]
    kind: Kind


@dataclass(frozen=True)
class WindowShare:
    """The cover of some features, and what of it exists."""

    window: Window
    segments: list[Segment]
    tile_count: int
    """How many tiles exist."""
    events: int
    raw_events: int
    """How many of the events were counted one by one."""
    tiles: list[TileShare]
    """The newest tiles and stretches of raw events, oldest first."""
    omitted: int
    """How many older ones there are."""
    values: dict[str, Any]


@dataclass(frozen=True)
class Explanation:
    """An answer and how it came about."""

    answer: Answer
    timed: TimedSteps
    windows: list[WindowShare]
    derivations: dict[str, Any]
    """The values that were computed from the features."""
    context: FetchContext
    state: FetchState
    """The request, with what its steps made of it."""

    def origin(self, kind: Kind, size_ms: int, start_ms: int) -> str:
        """Say whether a record came from `cache` or from `store`."""
        for wanted, end_ms in zip(self.state.ranges, self.timed.cached_until_ms, strict=True):
            is_own = (wanted.kind, wanted.size_ms) == (kind, size_ms)
            if is_own and end_ms is not None and wanted.start_ms <= start_ms < end_ms:
                return "cache"
        return "store"

    @property
    def steps(self) -> list[TimedStep]:
        """The steps, each with its time."""
        return self.timed.steps

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return self.timed.seconds

    @property
    def breakdown(self) -> dict[str, float]:
        """Break the time down, in seconds, up to the total."""
        return self.timed.breakdown


def explain(
    fetcher: Fetcher,
    keys: Mapping[str, Any],
    at: Moment = None,
    *,
    features: Iterable[str] | None = None,
) -> Explanation:
    """Fetch as `Fetcher.fetch` does, step by step.

    Raises what a fetch raises.
    """
    return explain_request(fetcher.context_of(features), fetcher.request(keys, at))


def explain_request(context: FetchContext, state: FetchState) -> Explanation:
    """Walk the steps for a request, with a clock.

    Raises what a fetch raises.
    """
    timed = take_time(context, state)
    shares = _Shares(context.program, state)
    windows = [shares.of(index) for index in range(len(context.program.windows))]
    own = {feature.name for feature in context.plan.features}
    derived = {name: value for name, value in state.features.items() if name not in own}
    return Explanation(answer_of(state), timed, windows, derived, context, state)


def take_time(context: FetchContext, state: FetchState) -> TimedSteps:
    """Walk the steps for a request with a clock.

    Raises what a fetch raises.
    """
    steps, reading_seconds, lookup_seconds = [], 0.0, 0.0
    cached: list[int | None] = []
    for step in context.steps:
        begun = time.perf_counter()
        if step.receive is None:
            step.work(context, [state])
        else:
            drops, cached = _look_up(context, state)
            lookup_seconds = time.perf_counter() - begun
            reading = context.reader.read([state.scan_request], context.documents)
            if drops != _look_up(context, state)[0]:  # finished tiles had changed: read anew
                cached = [None] * len(cached)
            reading_seconds += time.perf_counter() - begun
            step.receive(context, [state], reading)
        seconds = time.perf_counter() - begun
        steps.append(TimedStep(step.name, DETAILS[step.name](context, state), seconds))
    return TimedSteps(steps, reading_seconds, lookup_seconds, cached)


def _look_up(context: FetchContext, state: FetchState) -> tuple[int, list[int | None]]:
    """Find what the cache has of a request.

    It also says how often the cache was emptied.
    """
    if isinstance(context.reader, CachingReader):
        drops = context.reader.statistics.drops
        return drops, context.reader.cached_until_ms(state.scan_request)
    return 0, [None] * len(state.ranges)


class _Shares:
    """What the tiles of each cover contributed."""

    def __init__(self, program: Program, state: FetchState) -> None:
        self._program = program
        self._state = state

    def of(self, index: int) -> WindowShare:
        """Compute the share of the n-th window."""
        group, segments = self._program.groups[index], list(self._state.covers[index])
        tiles = self._state.tiles
        counts = {"tiles": 0, "events": 0}
        events = raw = 0
        pieces: list[Segment] = []
        for segment in segments:
            begin, end = tiles.run(segment)
            counts[segment.kind] += end - begin
            sequences = int(tiles.rows[begin:end, SEQUENCE].sum())
            events += sequences
            raw += sequences if segment.kind == EVENTS else 0
            newest = max(begin, end - _MOST_SHARES)
            pieces += _pieces(segment, tiles.rows[newest:end, START].tolist())
        newest_pieces = pieces[-_MOST_SHARES:]
        names = list(group.finalizers)
        return WindowShare(
            group.window,
            segments,
            counts["tiles"],
            events,
            raw,
            [self._share(index, piece, names) for piece in newest_pieces],
            sum(counts.values()) - len(newest_pieces),
            {name: self._state.features[name] for name in names if name in self._state.features},
        )

    def _share(self, index: int, piece: Segment, names: Sequence[str]) -> TileShare:
        covers: list[list[Segment]] = [[] for _ in self._program.windows]
        covers[index] = [piece]
        alone, _ = self._program.evaluate(self._state.tiles, covers)
        begin, _ = self._state.tiles.run(piece)
        row = self._state.tiles.rows[begin]
        return TileShare(
            piece.start_ms,
            piece.size_ms,
            int(row[SEQUENCE]),
            int(row[NEWEST]),
            {name: alone[name] for name in names},
            piece.kind,
        )


def _pieces(segment: Segment, starts_ms: Sequence[int]) -> list[Segment]:
    """Make a segment for each tile.

    It may also be a stretch of raw events. They begin at these times.
    """
    if segment.kind == EVENTS:  # a stretch is found by its begin alone
        return [raw_events(start, start + 1) for start in starts_ms]
    size_ms = segment.size_ms
    return [segment._replace(start_ms=start, end_ms=start + size_ms) for start in starts_ms]
