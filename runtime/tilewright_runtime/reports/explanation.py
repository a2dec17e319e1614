"""An explained fetch on a terminal."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tilewright.windows import DAY_MS, format_duration
from tilewright_compiler.humanize import counted, one_line
from tilewright_compiler.plan.model import EVENTS_NAME

from ..fetch.documents import json_name, jsonable
from ..tiles.cover import WHOLE
from ..tiles.keys import EVENTS
from ..times import iso

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..fetch.explain import Explanation
    from ..fetch.shares import TileShare, WindowShare

#: The width of tables that go to a file or another program: names stay whole, so that they can be
#: searched for.
_UNSEEN_WIDTH = 160
#: The width of what one tile contributed, and of the column that counts the tiles which are not
#: shown.
_TILE_WIDTH = 19


def console(*, stderr: bool = False) -> Console:
    """Make a console as wide as the terminal or `COLUMNS`.

    Where there is neither it is wide.
    """
    from rich.console import Console

    wide = Console(stderr=stderr)
    if not wide.is_terminal and "COLUMNS" not in os.environ:
        wide.width = _UNSEEN_WIDTH
    return wide


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print an answer's steps, windows and derived values.

    Each window comes with its cover and its tiles.
    """
    from rich.table import Table
    from rich.text import Text

    answer = explanation.answer
    keys = ", ".join(f"{name}={value}" for name, value in answer.keys.items())
    console.print(Text(f"{one_line(keys)} at {iso(answer.at)}", style="bold"))
    steps = Table(box=None, pad_edge=False, header_style="dim")
    steps.add_column("step")
    steps.add_column("µs", justify="right")
    steps.add_column()
    for number, step in enumerate(explanation.steps, 1):
        steps.add_row(f"{number} {step.name}", f"{step.seconds * 1e6:,.0f}", step.detail)
    steps.add_row("", f"{explanation.seconds * 1e6:,.0f}", "in all", style="dim")
    console.print(steps)
    for share in explanation.windows:
        console.print()
        console.print(Text(cover_title(share, answer.at), style="bold"))
        console.print(_cover_table(share, console.width))
    if explanation.derivations:
        console.print(Text("\nderivations", style="bold"))
        derivations = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        for name, value in explanation.derivations.items():
            derivations.add_row(Text(one_line(name)), Text(short(value), style="bold"))
        console.print(derivations)


def cover_title(share: WindowShare, at_ms: int) -> str:
    """Say which tiles cover a window.

    It also says how many of them hold events.
    """
    window = share.window
    length = (
        "lifetime" if window.window_ms is None else f"window {format_duration(window.window_ms)}"
    )
    if not share.segments:
        return f"{length}: no whole tile lies in it"
    expected = sum(segment.tiles for segment in share.segments)
    sizes = " + ".join(
        f"{segment.tiles:,} × {format_duration(segment.size_ms)}"
        for segment in share.segments
        if segment.tiles
    )
    raw = share.raw_events
    begin, end = share.segments[0].start_ms, share.segments[-1].end_ms
    span = f"up to {iso(end)}" if window.window_ms is None else f"[{iso(begin)}, {iso(end)})"
    if not expected:
        return f"{length} ({window.edge}): {span}, {counted(raw, 'raw event')}"
    tiles = share.tile_count
    if window.window_ms is None:
        held = f"{tiles:,} tiles"
    else:
        held = f"{tiles:,} of {expected:,} tiles ({sizes})"
    ends = [(share.segments[0], "oldest"), (share.segments[-1], "newest")]
    cut = "".join(
        f"; {float(segment.part):.1%} of the {end} tile counts"
        for segment, end in ends
        if segment.part != WHOLE
    )
    beside = f"; {counted(raw, 'raw event')} beside them" if window.edge == "exact" else ""
    return f"{length} ({window.edge}): {span}, {held} hold events{cut}{beside}"


def _cover_table(share: WindowShare, width: int) -> Table:
    """Make a table of values and the newest tiles' share.

    It has a line for each feature, and as many tiles as the width allows.
    """
    from rich.table import Table
    from rich.text import Text

    names = [Text(name) for name in ("(events)", *share.values)]
    values = [f"{share.events:,}", *map(short, share.values.values())]
    room = width - max(map(len, names)) - max(map(len, values)) - _TILE_WIDTH
    shown = share.tiles[: -max(room // _TILE_WIDTH, 0) - 1 : -1]
    hidden = share.omitted + len(share.tiles) - len(shown)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True, style="bold")
    for tile in shown:
        title = (
            f"{_tile_time(tile)} "
            f"{EVENTS_NAME if tile.kind == EVENTS else f'+{format_duration(tile.size_ms)}'}"
        )
        table.add_column(title, justify="right", no_wrap=True, style="dim", max_width=_TILE_WIDTH)
    if hidden:
        table.add_column(
            f"… {hidden:,} more" if shown else f"of {counted(hidden, 'tile')}",
            style="dim",
            no_wrap=True,
        )
    contributions: list[list[str]] = []
    for tile in shown:
        values_alone = [short(tile.values[name]) for name in share.values]
        contributions.append([f"{tile.events:,}", *values_alone])
    for name, value, *cells in zip(names, values, *contributions, strict=True):
        table.add_row(name, Text(value), *map(Text, cells))
    return table


def _tile_time(tile: TileShare) -> str:
    moment = datetime.fromtimestamp(tile.start_ms / 1000, UTC)
    return (
        f"{moment:%b %d}"
        if tile.kind != EVENTS and tile.size_ms % DAY_MS == 0
        else f"{moment:%b %d %H:%M}"
    )


def short(value: Any) -> str:
    """Shorten a value, and escape what would move the cursor.

    Texts are those of events.
    """
    match value:
        case None:
            return "–"
        case float():
            return f"{value:.6g}"
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case [{"item": _}, *_]:
            pairs = [(one_line(json_name(one["item"])), one["count"]) for one in value]
            return _some([f"{name}×{count}" for name, count in pairs])
        case dict():
            return _some(
                [f"{one_line(json_name(name))}={short(item)}" for name, item in value.items()]
            )
        case list():
            return " ".join(short(item) for item in value)
        case _:
            return one_line(str(jsonable(value)))


def _some(shown: list[str]) -> str:
    return " ".join(shown[:3]) + (" …" if len(shown) > 3 else "")
