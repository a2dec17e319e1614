"""What a plan does, on a terminal: tables, and its covers drawn in characters."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tilewright.windows import format_duration
from tilewright_compiler.plan import EVENTS_SIZE_MS, EventLog, Feature
from tilewright_compiler.wording import counted, format_bytes, format_span, one_line, requested

from .cover import Segment
from .picture import Picture, Row, picture
from .report import FeatureReport, LevelReport, PlanReport
from .times import iso

_LABEL_WIDTH = 12


def print_report(console: Console, report: PlanReport) -> None:
    """The plan, its features, what is stored, and a picture of each cover."""
    _print_head(console, report)
    _print_section(console, "Features", _features(report))
    if report.plan.derivations:
        _print_section(console, "Derivations", _derivations(report))
    _print_section(console, "Stored per entity", _levels(report), _stored(report))
    _print_section(console, "States of a tile", _states(report))
    console.print(Text(f"\nCovers at {iso(report.at_ms)}", style="bold"))
    for cover in report.covers:
        console.print()
        _print_picture(console, picture(cover))


def _print_head(console: Console, report: PlanReport) -> None:
    plan = report.plan
    keys = ", ".join(f"{key.name} {key.type}" for key in plan.keys)
    console.print(Text.assemble((one_line(plan.name), "bold"), f"  {'online' if plan.online else 'offline'}, by {one_line(keys)}"))
    sizes = [f"{counted(report.tile_bytes, 'byte')} a tile"] if plan.levels else []
    if plan.cost.chunk_bytes is not None:
        sizes.append(f"about {counted(plan.cost.chunk_bytes, 'byte')} a chunk of raw events")
    console.print(Text(f"plan {plan.fingerprint}, tiles {plan.storage_fingerprint}, {', '.join(sizes)}", style="dim"))
    typical, worst = plan.cost.typical, plan.cost.worst
    trips = counted(typical.round_trips, "round trip")
    console.print(
        f"a request for all features reads {requested(typical)}, {format_bytes(typical.bytes)} in {trips}; "
        f"at worst {requested(worst)}, {format_bytes(worst.bytes)}",
        highlight=False,
    )


def _print_section(console: Console, title: str, table: Table, after: str | None = None) -> None:
    console.print(Text(f"\n{title}", style="bold"))
    console.print(table)
    if after:
        console.print(Text(after, style="dim"))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold", no_wrap=justify == "right")  # type: ignore[arg-type]
    return table


def _features(report: PlanReport) -> Table:
    table = _table(("feature", "left"), ("tile", "right"), ("chosen by", "left"), ("tiles", "right"), ("bytes", "right"), ("edge", "right"))
    for one in report.features:
        feature = one.feature
        size = tile_text(feature)
        tiles, amount = reads_text(one)
        levels = f" (levels {', '.join(map(format_duration, feature.levels_ms))})" if len(feature.levels_ms) > 1 else ""
        table.add_row(Text(one_line(feature.name)), size, Text(one_line(feature.rule + levels)), tiles, amount, edge_text(feature))
    return table


def _derivations(report: PlanReport) -> Table:
    table = _table(("derivation", "left"), ("type", "left"), ("computed as", "left"))
    for one in report.plan.derivations:
        table.add_row(*(Text(one_line(text)) for text in (one.name, one.type, one.sql)))
    return table


def tile_text(feature: Feature) -> str:
    """The size of a feature's oldest tile; of a lifetime's tiles; nothing without tiles."""
    sizes = [feature.edge_ms, *feature.levels_ms]
    return next((format_duration(size) for size in sizes if size is not None), "–")


def edge_text(feature: Feature) -> str:
    """The largest part of a window that its oldest tile can add or leave out."""
    return "–" if feature.window_ms is None else f"{feature.max_edge_error:.1%}"


def reads_text(one: FeatureReport) -> tuple[str, str]:
    """Tiles and bytes of a request for a feature, from typical to worst; of a lifetime, for each year with events."""
    typical, worst = one.typical, one.worst
    if one.feature.window_ms is None:
        read = f"{typical.tiles:,}/year" if typical.tiles else f"{typical.chunks:,} chunks/year"
        return read, f"{format_bytes(typical.bytes)}/year"
    counts = [_between(typical.tiles, worst.tiles)] if worst.tiles else []
    counts += [f"{_between(typical.chunks, worst.chunks)} chunk{'s' * (worst.chunks > 1)}"] if worst.chunks else []
    tiles = " + ".join(counts)
    low, high = format_bytes(one.typical.bytes), format_bytes(one.worst.bytes)
    if low == high:
        return tiles, low
    same_unit = low.split()[1] == high.split()[1]
    return tiles, f"{low.split()[0] if same_unit else low}–{high}"


def _between(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _levels(report: PlanReport) -> Table:
    table = _table(("level", "right"), ("kept for", "right"), ("tiles", "right"), ("bytes", "right"), ("read by", "left"))
    for one in report.levels:
        table.add_row(level_text(one), *kept_text(one), Text(one_line(", ".join(one.features) or "heads only")))
    return table


def level_text(one: LevelReport) -> str:
    """The size of a level, or of the chunks of raw events."""
    size = format_duration(one.level.size_ms)
    return f"events {size}" if isinstance(one.level, EventLog) else size


def kept_text(one: LevelReport) -> tuple[str, str, str]:
    """How long a level is kept, and the tiles and bytes that makes."""
    if one.level.ttl_ms is None or one.tiles is None or one.bytes is None:
        return "ever", "all", "–"
    return format_span(one.level.ttl_ms), f"{one.tiles:,}", format_bytes(one.bytes)


def _stored(report: PlanReport) -> str:
    total = report.plan.cost.stored_bytes_per_entity
    kept = "tiles" if report.plan.levels else "events"
    return f"grows for ever with the lifetime's {kept}" if total is None else f"{format_bytes(total)} in all, with an event in every tile"


def _states(report: PlanReport) -> Table:
    table = _table(("state", "left"), ("of", "left"), ("in a tile", "left"), ("used by", "left"))
    for one in report.states:
        table.add_row(*(Text(one_line(text)) for text in (one.state.id, one.state.subject, ", ".join(one.fields), ", ".join(one.features))))
    return table


def _print_picture(console: Console, drawn: Picture) -> None:
    width = console.width - _LABEL_WIDTH - 2
    console.print(Text.assemble((drawn.title, "bold"), f"  {one_line(', '.join(drawn.features))}"))
    for row in drawn.rows:
        console.print(_row(drawn, row, width))
    console.print(_labelled("window", _window(drawn, width), "green"))
    if drawn.as_of:
        console.print(_labelled("", "once the store holds events at or after T:", "dim"))
        for row in drawn.as_of:
            console.print(_row(drawn, row, width))
    console.print(_labelled("", _axis(drawn, width), "dim"))
    console.print(_labelled("", drawn.note, "dim"))


def _labelled(label: str, line: str, style: str) -> Text:
    return Text.assemble((f"{label:>{_LABEL_WIDTH}} ", "dim"), (line.rstrip(), style), no_wrap=True)


def _row(drawn: Picture, row: Row, width: int) -> Text:
    return _labelled(row.label, tiles_line(drawn, row, width), "cyan")


def tiles_line(drawn: Picture, row: Row, width: int) -> str:
    """Tiles as `|···|···|`, raw events as `|:::|`; where tiles are narrower than two characters, the boundaries give way to `▒`."""
    line = [" "] * (width + 1)
    for segment in row.segments:
        first, last = drawn.place(segment.start_ms, width), drawn.place(segment.end_ms, width)
        raw, crowded = segment.size_ms == EVENTS_SIZE_MS, last - first < 2 * segment.tiles
        line[first : last + 1] = (":" if raw else "▒" if crowded else "·") * (last - first + 1)
        for boundary in (segment.start_ms, segment.end_ms) if crowded or raw else _boundaries(segment):
            line[drawn.place(boundary, width)] = "…" if drawn.open and boundary == drawn.span.start_ms else "|"
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
    """The cover's begin on the left and the query time under its place, as far as there is room."""
    begin, at = moment_text(drawn.span.start_ms), f"T {moment_text(drawn.window.end_ms)}"
    room = max(drawn.place(drawn.window.end_ms, width) + 1 - len(at), len(begin) + 2)
    return f"{begin:<{room}}{at}"


def moment_text(time_ms: int) -> str:
    """A time in UTC without the letters of ISO 8601."""
    return iso(time_ms).rstrip("Z").replace("T", " ")
