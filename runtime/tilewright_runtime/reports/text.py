"""A plan's report on a terminal: tables and drawn covers."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from tilewright.windows import format_duration
from tilewright_compiler.humanize import counted, format_bytes, format_span, requested
from tilewright_compiler.plan.model import EventLog, Feature, Source

from ..tiles.cover import Segment
from ..tiles.keys import EVENTS
from ..times import iso
from .definitions import InputReport, source_text
from .lines import LABEL_WIDTH, LEFT, RIGHT, Lines
from .picture import Picture, Row, picture
from .plan import FeatureReport, LevelReport, PlanReport

#: The widest drawing: a terminal may be narrower than the lines of a file or a pipe.
_WIDEST = 80


def print_report(console: Console, report: PlanReport) -> None:
    """Print the plan, its features, what they are, and covers."""
    lines = Lines(console)
    _add_head(lines, report)
    lines.heading("Features")
    _add_features(lines, report)
    lines.heading("What they are")
    for column in report.inputs:
        _add_input(lines, column)
    lines.heading("Events")
    for source in report.plan.sources:
        _add_source(lines, source)
    if report.plan.derivations:
        lines.heading("Derivations")
        lines.table(
            [LEFT, LEFT, LEFT],
            ["derivation", "type", "computed as"],
            [[one.name, one.type, one.sql] for one in report.plan.derivations],
        )
    lines.heading("Stored per entity")
    _add_levels(lines, report)
    lines.heading("States of a tile")
    states = []
    for state in report.states:
        used = f"{', '.join(state.operations)} of {state.state.input}"
        states.append([state.state.id, ", ".join(state.fields), used])
    lines.table([LEFT, LEFT, LEFT], ["state", "in a tile", "used by"], states)
    lines.heading(f"Covers at {iso(report.at_ms)}")
    reads = {one.feature.name: one for one in report.features}
    for cover in report.covers:
        _, read = reads_text(reads[cover.features[0]])
        lines.add("")
        _add_picture(lines, picture(cover), read)
    console.print(lines, crop=False)


def _add_head(lines: Lines, report: PlanReport) -> None:
    plan, typical, worst = report.plan, report.plan.cost.typical, report.plan.cost.worst
    keys = ", ".join(f"{key.name} {key.type}" for key in plan.keys)
    lines.add(f"{plan.name}  {'online' if plan.online else 'offline'}, by {keys}", "bold")
    if plan.declared is not None:
        lines.add(f"declared at {plan.declared}", "dim")
    sizes = [f"{counted(report.tile_bytes, 'byte')} a tile"] if plan.levels else []
    if plan.cost.chunk_bytes is not None:
        sizes.append(f"about {counted(plan.cost.chunk_bytes, 'byte')} a chunk of raw events")
    lines.add(
        f"plan {plan.fingerprint}, tiles {plan.storage_fingerprint}, {', '.join(sizes)}", "dim"
    )
    usual = (
        f"{requested(typical)}, {format_bytes(typical.bytes)} in "
        f"{counted(typical.round_trips, 'round trip')}"
    )
    lines.add(f"a request for all features reads {usual}")
    if (worst.tiles, worst.bytes) != (typical.tiles, typical.bytes):
        lines.add(f"at worst {requested(worst)}, {format_bytes(worst.bytes)}")


def _add_features(lines: Lines, report: PlanReport) -> None:
    rows = []
    for one in report.features:
        tiles, _ = reads_text(one)
        rows.append([one.feature.name, tile_text(one.feature), tiles, edge_text(one.feature)])
    lines.table([LEFT, RIGHT, RIGHT, RIGHT], ["feature", "tile", "tiles", "edge"], rows)


def _add_input(lines: Lines, column: InputReport) -> None:
    """Add a column, its expressions and its features."""
    expressions = dict.fromkeys(origin.expression for origin in column.origins)
    computed = [expression for expression in expressions if expression != column.column]
    equals = f" = {' or '.join(computed)}" if computed else ""
    lines.add(f"{column.column} {column.type}{equals}", "bold", hanging=4)
    for one in column.definitions:
        default = "" if one.default is None else f", {one.default!r} where a window is empty"
        declared = "" if one.declared is None else f" ({one.declared})"
        lines.add(f"{one.what}: {one.type}{default}{declared}", indent=2, hanging=4)
        lines.names(one.features, indent=4)


def _add_source(lines: Lines, source: Source) -> None:
    """Add where events come from, their time and their filter."""
    declared = "" if source.declared is None else f", {source.declared}"
    lines.add(f"{source_text(source)}{declared}", hanging=4)
    lines.add(f"time: {source.time_column}", indent=2, hanging=4)
    for where in source.wheres:
        lines.add(f"only where: {where}", indent=2, hanging=4)


def tile_text(feature: Feature) -> str:
    """Write the size of a feature's oldest tile.

    For a lifetime it is the size of its tiles; without tiles it is empty.
    """
    sizes = [feature.edge_ms, *feature.levels_ms]
    return next((format_duration(size) for size in sizes if size is not None), "–")


def edge_text(feature: Feature) -> str:
    """Write how much of a window its oldest tile distorts."""
    if feature.window_ms is None:
        return "–"
    error = feature.max_edge_error
    return "<0.1%" if 0 < error < 0.0005 else f"{error:.1%}"


def reads_text(one: FeatureReport) -> tuple[str, str]:
    """Write a request's tiles and bytes, from typical to worst.

    For a lifetime they are those of each year with events.
    """
    typical, worst = one.typical, one.worst
    if one.feature.window_ms is None:
        read = f"{typical.tiles:,}/year" if typical.tiles else f"{typical.chunks:,} chunks/year"
        return read, f"{format_bytes(typical.bytes)}/year"
    counts = [_between(typical.tiles, worst.tiles)] if worst.tiles else []
    counts += (
        [f"{_between(typical.chunks, worst.chunks)} chunk{'s' * (worst.chunks > 1)}"]
        if worst.chunks
        else []
    )
    tiles = " + ".join(counts)
    low, high = format_bytes(one.typical.bytes), format_bytes(one.worst.bytes)
    if low == high:
        return tiles, low
    same_unit = low.split()[1] == high.split()[1]
    return tiles, f"{low.split()[0] if same_unit else low}–{high}"


def _between(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _add_levels(lines: Lines, report: PlanReport) -> None:
    rows = [
        [level_text(one), *kept_text(one), ", ".join(one.windows) or "heads only"]
        for one in report.levels
    ]
    lines.table(
        [RIGHT, RIGHT, RIGHT, RIGHT, LEFT], ["level", "kept for", "tiles", "bytes", "read by"], rows
    )
    kept_for, total = (
        "tiles" if report.plan.levels else "events",
        report.plan.cost.stored_bytes_per_entity,
    )
    ever = f"grows for ever with the lifetime's {kept_for}"
    lines.add(
        ever if total is None else f"{format_bytes(total)} in all, with an event in every tile",
        "dim",
    )


def level_text(one: LevelReport) -> str:
    """Write the size of a level, or of the chunks."""
    size = format_duration(one.level.size_ms)
    return f"events {size}" if isinstance(one.level, EventLog) else size


def kept_text(one: LevelReport) -> tuple[str, str, str]:
    """Write a level's lifetime, tiles and bytes."""
    if one.level.ttl_ms is None or one.tiles is None or one.bytes is None:
        return "ever", "all", "–"
    return format_span(one.level.ttl_ms), f"{one.tiles:,}", format_bytes(one.bytes)


def _add_picture(lines: Lines, drawn: Picture, read: str) -> None:
    width = min(lines.width, _WIDEST) - LABEL_WIDTH - 2
    lines.add(drawn.title, "bold", hanging=2)
    lines.add(f"{drawn.chosen}; a request reads {read}", "dim", indent=2, hanging=2)
    lines.names(drawn.features, indent=2)
    for row in drawn.rows:
        lines.labelled(row.label, tiles_line(drawn, row, width), "cyan")
    lines.labelled("window", _window(drawn, width), "green")
    if drawn.as_of:
        lines.add("once the store holds events at or after T:", "dim", indent=LABEL_WIDTH + 1)
        for row in drawn.as_of:
            lines.labelled(row.label, tiles_line(drawn, row, width), "cyan")
    lines.labelled("", _axis(drawn, width), "dim")
    lines.add(drawn.note, "dim", indent=LABEL_WIDTH + 1)


def tiles_line(drawn: Picture, row: Row, width: int) -> str:
    """Draw tiles as `|···|···|`, and raw events as `|:::|`.

    Where tiles are narrower than two characters, the boundaries give way to `▒`.
    """
    line = [" "] * (width + 1)
    for segment in row.segments:
        first, last = drawn.place(segment.start_ms, width), drawn.place(segment.end_ms, width)
        marks: Iterable[int] = (segment.start_ms, segment.end_ms)
        if segment.kind == EVENTS:
            fill = ":"
        elif last - first < 2 * segment.tiles:
            fill = "▒"
        else:
            fill, marks = "·", _boundaries(segment)
        line[first : last + 1] = fill * (last - first + 1)
        for mark_ms in marks:
            is_cut = drawn.open and mark_ms == drawn.span.start_ms
            line[drawn.place(mark_ms, width)] = "…" if is_cut else "|"
    return "".join(line)


def _boundaries(segment: Segment) -> range:
    return range(segment.start_ms, segment.end_ms + 1, segment.size_ms)


def _window(drawn: Picture, width: int) -> str:
    first, last = (drawn.place(time, width) for time in drawn.window)
    line = [" "] * (width + 1)
    line[first : last + 1] = "─" * (last - first + 1)
    line[first], line[last] = "…" if drawn.open else "[", ")"
    return "".join(line)


def _axis(drawn: Picture, width: int) -> str:
    """Write the cover's begin and the query time.

    Both appear as far as there is room.
    """
    begin, at = moment_text(drawn.span.start_ms), f"T {moment_text(drawn.window.end_ms)}"
    room = max(drawn.place(drawn.window.end_ms, width) + 1 - len(at), len(begin) + 2)
    return f"{begin:<{room}}{at}"


def moment_text(time_ms: int) -> str:
    """Write a UTC time without the letters of ISO 8601."""
    return iso(time_ms).rstrip("Z").replace("T", " ")
