"""What each tile of a cover contributed to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..tiles.cover import Segment, raw_events
from ..tiles.header import NEWEST, SEQUENCE, START
from ..tiles.keys import EVENTS, TILES, Kind
from .context import FetchState
from .program import Program
from .tiles import Tiles
from .windows import Window

#: The tiles of a window that are told apart, the newest ones: each is merged by itself.
_MOST_SHARES = 500


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


class _Held(NamedTuple):
    """The tiles that exist of a segment, by their rows."""

    segment: Segment
    first: int
    end: int


class _Piece(NamedTuple):
    """A tile or a stretch of events, and its row."""

    segment: Segment
    row: int


def shares_of(program: Program, state: FetchState) -> list[WindowShare]:
    """Say what the tiles of each cover contributed."""
    tiles = state.tiles
    held = [_held(tiles, cover) for cover in state.covers]
    newest = [_newest_pieces(tiles, one) for one in held]
    alone = program.evaluate_alone(tiles, list(map(_segments, newest)))
    shares = []
    for index, group in enumerate(program.groups):
        own = [_tile_share(tiles, *one) for one in zip(newest[index], alone[index], strict=True)]
        values = {name: state.features[name] for name in group.finalizers if name in state.features}
        shares.append(_window_share(group.window, held[index], tiles, own, values))
    return shares


def _held(tiles: Tiles, cover: Sequence[Segment]) -> list[_Held]:
    return [_Held(segment, *tiles.run(segment)) for segment in cover]


def _segments(pieces: Sequence[_Piece]) -> list[Segment]:
    return [piece.segment for piece in pieces]


def _newest_pieces(tiles: Tiles, held: Sequence[_Held]) -> list[_Piece]:
    """Cut a cover into tiles and stretches of raw events.

    The newest ones are kept.
    """
    pieces: list[_Piece] = []
    for segment, first, end in held:
        newest = max(first, end - _MOST_SHARES)
        starts_ms = tiles.rows[newest:end, START].tolist()
        pieces += map(_Piece, _pieces(segment, starts_ms), range(newest, end))
    return pieces[-_MOST_SHARES:]


def _pieces(segment: Segment, starts_ms: Sequence[int]) -> list[Segment]:
    """Make a segment for each tile.

    It may also be a stretch of raw events. They begin at these times.
    """
    if segment.kind == EVENTS:  # a stretch is found by its begin alone
        return [raw_events(start, start + 1) for start in starts_ms]
    size_ms = segment.size_ms
    return [segment._replace(start_ms=start, end_ms=start + size_ms) for start in starts_ms]


def _tile_share(tiles: Tiles, piece: _Piece, values: dict[str, Any]) -> TileShare:
    segment, row = piece.segment, tiles.rows[piece.row]
    return TileShare(
        segment.start_ms,
        segment.size_ms,
        int(row[SEQUENCE]),
        int(row[NEWEST]),
        values,
        segment.kind,
    )


def _window_share(
    window: Window,
    held: Sequence[_Held],
    tiles: Tiles,
    shares: list[TileShare],
    values: dict[str, Any],
) -> WindowShare:
    counts = {TILES: 0, EVENTS: 0}
    events = {TILES: 0, EVENTS: 0}
    for segment, first, end in held:
        counts[segment.kind] += end - first
        events[segment.kind] += int(tiles.rows[first:end, SEQUENCE].sum())
    return WindowShare(
        window,
        [one.segment for one in held],
        counts[TILES],
        sum(events.values()),
        events[EVENTS],
        shares,
        sum(counts.values()) - len(shares),
        values,
    )
