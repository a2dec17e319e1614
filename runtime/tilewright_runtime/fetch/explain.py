"""Explaining a fetch: the same steps as the fetcher's, with what each tile contributed and where
the time went.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tilewright_compiler.humanize import counted

from ..tiles.cover import Segment, raw_events
from ..tiles.keys import EVENTS, Kind, Range
from ..tiles.layout import NEWEST, SEQUENCE, START
from ..times import Moment, moment_ms
from .fetcher import Answer, Fetcher
from .program import Tiles, WindowProgram

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """One of the steps: what it did, and how long it took."""

    name: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class TileShare:
    """One tile or stretch of raw events of a cover, and the features of it alone."""

    start_ms: int
    size_ms: int
    events: int
    newest_ms: int
    values: dict[str, Any]
    kind: Kind


@dataclass(frozen=True)
class WindowShare:
    """The cover of some features, and the tiles of it that exist."""

    window: WindowProgram
    segments: list[Segment]
    tiles: list[TileShare]
    values: dict[str, Any]


@dataclass(frozen=True)
class Explanation:
    """An answer and how it came about."""

    answer: Answer
    steps: list[Step]
    windows: list[WindowShare]
    derivations: dict[str, Any]
    """The values that were computed from the features."""

    @property
    def seconds(self) -> float:
        """The time of all steps."""
        return sum(step.seconds for step in self.steps)


class _Watch:
    def __init__(self) -> None:
        self.steps: list[Step] = []

    def step(self, name: str, work: Callable[[], T], detail: Callable[[T], str]) -> T:
        begun = time.perf_counter()
        result = work()
        self.steps.append(Step(name, detail(result), time.perf_counter() - begun))
        return result


def explain(fetcher: Fetcher, keys: Mapping[str, Any], at: Moment = None) -> Explanation:
    """Fetches as `Fetcher.fetch` does, step by step. Raises what a fetch raises."""
    program, watch = fetcher.program, _Watch()
    at_ms = moment_ms(at)
    entity = fetcher.entity(keys)
    ranges = watch.step(
        "range",
        lambda: program.ranges(at_ms),
        lambda found: f"{len(found)} runs of tiles, one scan each",
    )
    watch.step(
        "expand", lambda: _expected(ranges), lambda expected: f"{_amount(*expected)} may exist"
    )
    tiles = watch.step(
        "fetch",
        lambda: fetcher.read(entity, ranges),
        lambda read: f"{_read(read)} read in one round trip",
    )
    head_level_ms = watch.step(
        "boundaries",
        lambda: program.head_level_ms(at_ms, tiles),
        lambda clean: _head(clean, program.ladder_ms),
    )

    def merge() -> tuple[list[list[Segment]], Tiles, dict[str, Any]]:
        covers = [window.segments(at_ms, head_level_ms) for window in program.windows]
        counted = fetcher.count(entity, ranges, tiles, covers)
        return covers, counted, fetcher.evaluate(counted, covers)

    covers, tiles, values = watch.step(
        "merge", merge, lambda made: f"{len(made[0])} covers merged into {len(made[2])} features"
    )
    answer = fetcher.answer(keys, at_ms, values.copy(), tiles, head_level_ms)
    if fetcher.plan.derivations:
        watch.step(
            "derive",
            lambda: fetcher.derive([answer]),
            lambda _: f"{len(answer.features) - len(values)} values from the features",
        )
    windows = [
        _share(fetcher, place, tiles, segments, values) for place, segments in enumerate(covers)
    ]
    derived = {name: value for name, value in answer.features.items() if name not in values}
    return Explanation(answer, watch.steps, windows, derived)


def _expected(ranges: list[Range]) -> tuple[int, int]:
    """How many tiles the runs can hold, and how many chunks of raw events."""
    tiles = chunks = 0
    for wanted in ranges:
        records = (wanted.end_ms - wanted.start_ms) // wanted.size_ms
        if wanted.kind == EVENTS:
            chunks += records
        else:
            tiles += records
    return tiles, chunks


def _read(tiles: Tiles) -> str:
    return _amount(len(tiles.records), len(tiles.chunks))


def _amount(tiles: int, chunks: int) -> str:
    return counted(tiles, "tile") + (
        f" and {counted(chunks, 'chunk')} of raw events" if chunks else ""
    )


def _head(head_level_ms: int | None, ladder_ms: Sequence[int]) -> str:
    if not ladder_ms:
        return "there are no tiles, so the raw events before the query time are taken"
    if head_level_ms is None:
        return (
            "the newest tile of every level holds later events: the finest one is left out, "
            "prorated, or counted from raw events"
        )
    if head_level_ms == ladder_ms[0]:
        return "the newest tiles hold no later events and are used whole"
    return "the newest coarse tiles hold later events: finer ones cover the head"


def _share(
    fetcher: Fetcher, place: int, tiles: Tiles, segments: list[Segment], values: dict[str, Any]
) -> WindowShare:
    """The tiles of one window's cover, each with the values that the features have over it
    alone.
    """
    window = fetcher.program.windows[place]
    names = [name for name, _ in window.features]
    shares = []
    for segment in segments:
        begin, end = tiles.places(segment)
        for row in tiles.rows[begin:end]:
            start = int(row[START])
            covers: list[list[Segment]] = [[] for _ in fetcher.program.windows]
            if segment.kind == EVENTS:  # found by its begin alone
                covers[place] = [raw_events(start, start + 1)]
            else:
                covers[place] = [segment._replace(start_ms=start, end_ms=start + segment.size_ms)]
            alone = fetcher.evaluate(tiles, covers)
            shares.append(
                TileShare(
                    start,
                    segment.size_ms,
                    int(row[SEQUENCE]),
                    int(row[NEWEST]),
                    {name: alone[name] for name in names},
                    segment.kind,
                )
            )
    return WindowShare(window, segments, shares, {name: values[name] for name in names})
