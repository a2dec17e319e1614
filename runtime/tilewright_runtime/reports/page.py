"""A plan's report as one self-contained HTML page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tilewright.windows import format_duration
from tilewright_compiler.humanize import counted, format_bytes, requested
from tilewright_compiler.templates import pages

from ..tiles.cover import WHOLE
from ..tiles.keys import EVENTS
from ..times import iso
from .picture import Picture, Row, picture
from .plan import FeatureReport, PlanReport
from .text import edge_text, kept_text, level_text, moment_text, reads_text

if TYPE_CHECKING:
    from jinja2 import Template

#: The width of a picture in the units of its SVG, and of the narrowest tile that is drawn by
#: itself.
_WIDTH, _NARROWEST = 860, 3
_RECTANGLE = '<rect class="%s" x="%d" y="0" width="%d" height="20"><title>%s %s</title></rect>'


def page(report: PlanReport) -> str:
    """Write the page from a report.

    Whatever an author wrote is escaped, and nothing is loaded from elsewhere.
    """
    return _template().render(
        report=report,
        plan=report.plan,
        levels=[(one, level_text(one), *kept_text(one)) for one in report.levels],
        pictures=drawings(report),
        width=_WIDTH,
    )


def drawings(report: PlanReport) -> list[dict[str, Any]]:
    """Draw the covers of a report, for a template."""
    reads = {one.feature.name: one for one in report.features}
    drawn = []
    for cover in report.covers:
        drawn.append(_drawing(picture(cover), reads[cover.features[0]]))
    return drawn


@cache
def _template() -> Template:
    """Load the template once: compiling takes ten times the filling."""
    environment = pages(Path(__file__).parent / "templates")
    environment.filters |= {
        "size": format_bytes,
        "iso": iso,
        "counted": counted,
        "requested": requested,
    }
    return environment.get_template("plan.html")


def _drawing(drawn: Picture, one: FeatureReport) -> dict[str, Any]:
    """Draw a picture's rows, and say what a request reads."""
    begin, end = (drawn.place(time, _WIDTH) for time in drawn.window)
    tiles, size = reads_text(one)
    return {
        "title": drawn.title,
        "chosen": drawn.chosen,
        "tiles": tiles,
        "bytes": size,
        "edge": edge_text(one.feature),
        "features": drawn.features,
        "note": drawn.note,
        "open": drawn.open,
        "window": (begin, end),
        "begin": moment_text(drawn.span.start_ms),
        "at": moment_text(drawn.window.end_ms),
        "rows": [(row.label, _rectangles(drawn, row)) for row in drawn.rows],
        "as_of": [(row.label, _rectangles(drawn, row)) for row in drawn.as_of],
    }


def _rectangles(drawn: Picture, row: Row) -> Markup:
    """Draw a row's tiles.

    They are made here, since the template's sandbox takes its time over every value.
    """
    rectangles = []
    size = "raw events from" if row.kind == EVENTS else format_duration(row.size_ms)
    for segment in row.segments:
        first, last = drawn.place(segment.start_ms, _WIDTH), drawn.place(segment.end_ms, _WIDTH)
        raw, crowded = segment.kind == EVENTS, last - first < _NARROWEST * segment.tiles
        step = segment.end_ms - segment.start_ms if crowded or raw else segment.size_ms
        name = f"{counted(segment.tiles, 'tile')} of {size} from" if crowded else size
        left = first
        for start in range(segment.start_ms, segment.end_ms, step):
            right = drawn.place(start + step, _WIDTH)
            cut = segment.part != WHOLE or (start < drawn.window.start_ms and not drawn.open)
            kind = "events" if raw else "crowded" if crowded else "cut" if cut else "whole"
            wide = max(right - left - 1, 1)
            rectangles.append(_RECTANGLE % (kind, left, wide, name, moment_text(start)))
            left = right
    return Markup("".join(rectangles))  # figures and words of ours, nothing of an author
