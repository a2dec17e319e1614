"""Covers drawn to scale, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tilewright.windows import DAY_MS, format_duration
from tilewright_compiler.humanize import counted, format_span
from tilewright_compiler.plan.model import EVENTS_NAME

from ..tiles.cover import WHOLE, Segment
from ..tiles.keys import EVENTS, TILES, Kind
from .plan import CoverReport

#: Of a lifetime, which has no begin to draw, so many of the newest tiles are drawn.
_NEWEST_TILES = 8


class Span(NamedTuple):
    """A part of time, [start, end)."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Row:
    """One level's segments in a picture, or its raw events."""

    label: str
    kind: Kind
    size_ms: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Picture:
    """A window and the tiles that cover it.

    `open` says that there are older tiles than those drawn.
    """

    title: str
    chosen: str
    """Its tiles, and the rules that chose them."""
    features: tuple[str, ...]
    span: Span
    rows: tuple[Row, ...]
    as_of: tuple[Row, ...]
    """The cover once later events are stored, if different."""
    window: Span
    open: bool
    note: str

    def place(self, time_ms: int, width: int) -> int:
        """Find a time's place on a line."""
        return round(
            (time_ms - self.span.start_ms) * width / (self.span.end_ms - self.span.start_ms)
        )


def picture(cover: CoverReport) -> Picture:
    """Draw the picture of a cover."""
    segments, as_of = cover.segments, cover.as_of
    if cover.oldest_ms is None:
        # The newest tiles of the coarsest level, and whatever finer ones there are after them.
        size = _size(cover)
        start = cover.at_ms - cover.at_ms % size - (_NEWEST_TILES - 1) * size
        segments, as_of = _newest(segments, start), _newest(as_of, start)
    else:
        start = min([cover.oldest_ms, *(segment.start_ms for segment in segments)])
    end = max([cover.at_ms, *(segment.end_ms for segment in segments)])
    return Picture(
        title=_title(cover),
        chosen=_chosen(cover),
        features=cover.features,
        span=Span(start, end),
        rows=_rows(segments),
        as_of=_rows(as_of) if as_of != segments else (),
        window=Span(start if cover.oldest_ms is None else cover.oldest_ms, cover.at_ms),
        open=cover.oldest_ms is None,
        note=_note(cover),
    )


def _size(cover: CoverReport) -> int:
    """Choose the unit that a lifetime is drawn in.

    That is a tile of its level, or a day.
    """
    return cover.window.levels_ms[0] if cover.window.levels_ms else DAY_MS


def _newest(segments: list[Segment], start_ms: int) -> list[Segment]:
    return [
        segment._replace(start_ms=max(segment.start_ms, start_ms))
        for segment in segments
        if segment.end_ms > start_ms
    ]


def _rows(segments: list[Segment]) -> tuple[Row, ...]:
    rows = []
    tiles = [segment for segment in segments if segment.kind == TILES]
    for size in sorted({segment.size_ms for segment in tiles}, reverse=True):
        level = tuple(segment for segment in tiles if segment.size_ms == size)
        count = sum(segment.tiles for segment in level)
        rows.append(Row(f"{count:,} × {format_duration(size)}", TILES, size, level))
    raw = tuple(segment for segment in segments if segment.kind == EVENTS)
    if raw:
        rows.append(Row(EVENTS_NAME, EVENTS, raw[0].size_ms, raw))
    return tuple(rows)


def _title(cover: CoverReport) -> str:
    if cover.window.window_ms is None:
        return "lifetime"
    return f"window {format_duration(cover.window.window_ms)}, {cover.window.edge}"


def _chosen(cover: CoverReport) -> str:
    """Say which rule chose which tiles of the cover."""
    sizes = ", ".join(map(format_duration, cover.window.levels_ms))
    tiles = f"tiles of {sizes}" if sizes else "no tiles"
    return f"{tiles}, chosen by {' or '.join(cover.rules)}"


def _note(cover: CoverReport) -> str:
    if cover.oldest_ms is None:
        if not cover.window.levels_ms:
            return f"every raw event; those of the newest {_NEWEST_TILES} days are drawn"
        return (
            f"every {format_duration(_size(cover))} tile since the entity's first; the newest "
            f"{_NEWEST_TILES} are drawn"
        )
    if not cover.segments:
        return "no whole tile lies in it"
    early = cover.oldest_ms - cover.segments[0].start_ms
    tiles = counted(sum(segment.tiles for segment in cover.segments), "tile")
    if cover.segments[0].kind == EVENTS:
        raw = format_span(cover.segments[0].end_ms - cover.segments[0].start_ms)
        return (
            f"{tiles}, and the raw events of the {raw} before them"
            if len(cover.segments) > 1
            else "raw events, and no tiles"
        )
    cut = cover.segments[0].part
    if cut != WHOLE:
        return f"{tiles}; {float(cut):.1%} of the oldest one counts"
    if early > 0:
        return f"{tiles}; the oldest one begins {format_span(early)} before the window"
    return (
        f"{tiles}; {format_span(-early)} of the window before them are left out"
        if early
        else f"{tiles}, which begin with the window"
    )
