"""The benchmark's chart, an SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from tilewright.windows import format_duration

from .experiment import Run
from .figures import SPECIFICATION, number
from .measuring import Measured
from .workload import Workload

#: Widths and heights, in pixels.
_WIDTH, _LEFT, _BAR, _GAP = 720, 190, 16, 14
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.dim { fill: #57606a } .ours { fill: #0969da } .theirs { fill: #afb8c1 } line { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .dim { fill: #9198a1 } .ours { fill: #4493f8 } .theirs { fill: #656c76 }
line { stroke: #3d444d } }"""


def chart(workload: Workload, run: Run) -> str:
    """Draw the medians as bars, beside the specification's.

    The scale is logarithmic.
    """
    bars = [(one.name, one.p50_ms, _specified_p50(one)) for one in run.measured]
    values = [value for _, *pair in bars for value in pair if value]
    low, high = _decades(values)
    scale = (_WIDTH - _LEFT - 90) / (high - low)
    window = format_duration(workload.window_ms)
    parts = [
        _text(0, 16, f"Median of a fetch, ms: {window} window, {workload.events:,} events"),
        _text(0, 34, "blue: measured; grey: the specification's, of 7,200,000 events", "dim"),
    ]
    top = 54
    height = top + len(bars) * (2 * _BAR + _GAP) + 14
    for decade in range(low, high + 1):
        x = _LEFT + (decade - low) * scale
        parts.append(f'<line x1="{x:.0f}" y1="{top - 6}" x2="{x:.0f}" y2="{height - 20}"/>')
        parts.append(_text(x + 2, height - 6, f"{10.0**decade:g}", "dim"))
    for index, (name, ours, theirs) in enumerate(bars):
        y = top + index * (2 * _BAR + _GAP)
        parts.append(_text(0, y + _BAR + 4, name))
        for row, (kind, value) in enumerate((("ours", ours), ("theirs", theirs))):
            if value:
                width = (math.log10(value) - low) * scale
                parts += _bar(kind, y + row * _BAR, width, value)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Medians of a fetch, measured and specified">\n<style>{_STYLE}</style>\n'
        f"{body}\n</svg>\n"
    )


def _specified_p50(one: Measured) -> float | None:
    return SPECIFICATION.get(one.name, {}).get("p50_ms")


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Find the powers of ten around some values."""
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def _bar(kind: str, y: float, width: float, value: float) -> list[str]:
    bar = f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 2}"/>'
    return [bar, _text(_LEFT + width + 6, y + _BAR - 5, number(value), "dim")]


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{style}>{html.escape(text)}</text>'
