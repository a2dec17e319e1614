"""A plan's report as one self-contained HTML page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilewright.windows import format_duration
from tilewright_compiler.humanize import counted, format_bytes, requested
from tilewright_compiler.templates import pages

from ..tiles.cover import WHOLE
from ..tiles.keys import EVENTS
from ..times import iso
from .picture import Picture, Row, picture
from .plan import PlanReport
from .text import edge_text, kept_text, level_text, moment_text, reads_text, tile_text

if TYPE_CHECKING:
    from jinja2 import Template

#: The width of a picture in the units of its SVG, and of the narrowest tile that is drawn by
#: itself.
_WIDTH, _NARROWEST = 860, 3
_AS_OF = "once the store holds events at or after T"


def page(report: PlanReport) -> str:
    """Write the page from a report.

    Whatever an author wrote is escaped, and nothing is loaded from elsewhere.
    """
    return _template().render(
        report=report,
        plan=report.plan,
        features=[
            (one, tile_text(one.feature), *reads_text(one), edge_text(one.feature))
            for one in report.features
        ],
        levels=[(one, level_text(one), *kept_text(one)) for one in report.levels],
        pictures=[_drawing(picture(cover)) for cover in report.covers],
        width=_WIDTH,
    )


@cache
def _template() -> Template:
    """Load the template once: compiling takes ten times the filling."""
    environment = pages(Path(__file__).parent / "templates")
    environment.filters |= {
        "duration": format_duration,
        "size": format_bytes,
        "iso": iso,
        "counted": counted,
        "requested": requested,
    }
    return environment.get_template("plan.html")


def _drawing(drawn: Picture) -> dict[str, Any]:
    """Place a picture's rectangles, in units of the SVG."""
    window = tuple(drawn.place(time, _WIDTH) for time in drawn.window)
    groups: list[tuple[str, list[Any]]] = []
    for title, rows in (("", drawn.rows), (_AS_OF, drawn.as_of)):
        if rows:
            groups.append((title, [(row.label, _rectangles(drawn, row)) for row in rows]))
    return {
        "title": drawn.title,
        "features": drawn.features,
        "note": drawn.note,
        "open": drawn.open,
        "window": window,
        "begin": moment_text(drawn.span.start_ms),
        "at": moment_text(drawn.window.end_ms),
        "groups": groups,
    }


def _rectangles(drawn: Picture, row: Row) -> list[tuple[str, int, int, str]]:
    """Give each rectangle's kind, left end, width and title.

    They are tuples, since the sandbox takes its time over every attribute.
    """
    rectangles = []
    size = "raw events from" if row.kind == EVENTS else format_duration(row.size_ms)
    for segment in row.segments:
        first, last = drawn.place(segment.start_ms, _WIDTH), drawn.place(segment.end_ms, _WIDTH)
        raw, crowded = segment.kind == EVENTS, last - first < _NARROWEST * segment.tiles
        step = segment.end_ms - segment.start_ms if crowded or raw else segment.size_ms
        name = f"{counted(segment.tiles, 'tile')} of {size} from" if crowded else size
        for start in range(segment.start_ms, segment.end_ms, step):
            left, right = drawn.place(start, _WIDTH), drawn.place(start + step, _WIDTH)
            cut = segment.part != WHOLE or (start < drawn.window.start_ms and not drawn.open)
            kind = "events" if raw else "crowded" if crowded else "cut" if cut else "whole"
            title = f"{name} {moment_text(start)}"
            rectangles.append((kind, left, max(right - left - 1, 1), title))
    return rectangles
