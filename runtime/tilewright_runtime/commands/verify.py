"""`tilewright verify`: check every record of a store.

It also checks that none is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from rich.console import Console

    from ..operate.findings import Level, Table, Verification
    from ..reports.lines import Lines

#: Damaged things that the text lists; JSON has more of them.
_MOST_SHOWN = 20


@click.command()
@click.argument("store")
@format_option
@click.pass_context
def verify(ctx: click.Context, store: str, form: str) -> None:
    """Check every record of STORE, and that none is missing.

    STORE is a URL such as lmdb:tiles.lmdb. Each record is held against its checksum and its key,
    and the tiles and events of each level against what the writer has counted. The store is only
    read. The exit status is 1 if anything is damaged, missing or too much.
    """
    from ..operate.verify import verify as walk
    from ..reports.explanation import console
    from ..stores import open_store

    with open_store(store, create=False) as opened, _progress(console(stderr=True)) as on_tiles:
        verification = walk(opened, on_tiles)
    if form == "json":
        click.echo(json.dumps(document(verification), indent=2, ensure_ascii=False))
    else:
        _print(console(), verification)
    ctx.exit(0 if verification.is_sound else 1)


def document(verification: Verification) -> dict[str, Any]:
    """Describe what was found as JSON has it."""
    return {
        "store": verification.store,
        "sound": verification.is_sound,
        "tables": [_table_document(table) for table in verification.tables],
        "documents": verification.documents,
        "damages": verification.damages,
        "damaged": [asdict(damage) for damage in verification.damaged],
    }


def _table_document(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "storage_fingerprint": table.fingerprint,
        "sound": table.is_sound,
        "levels": [_level_document(level) for level in _coarsest_first(table)],
        "notes": table.notes,
    }


def _level_document(level: Level) -> dict[str, Any]:
    return {
        **asdict(level),
        "missing": level.missing,
        "missing_events": level.missing_events,
    }


def _coarsest_first(table: Table) -> list[Level]:
    """Order levels as a plan does.

    Those of tiles come by size, then that of raw events.
    """
    by_size = sorted(table.levels, key=lambda place: (place[0] == "events", -place[1]))
    return [table.levels[place] for place in by_size]


def _print(console: Console, verification: Verification) -> None:
    """Print what was found, at the width of the console."""
    from ..reports.lines import Lines

    lines = Lines(console)
    lines.add(verification.store, "bold")
    for table in verification.tables:
        _add_table(lines, table)
    if verification.damaged:
        lines.heading("damaged")
        for damage in verification.damaged[:_MOST_SHOWN]:
            lines.add(damage.place)
            lines.add(damage.reason, indent=2)
        if verification.damages > _MOST_SHOWN:
            lines.add(f"and {verification.damages - _MOST_SHOWN:,} more", "dim")
    lines.add("")
    lines.add(_summary(verification), "green" if verification.is_sound else "red")
    console.print(lines)


def _add_table(lines: Lines, table: Table) -> None:
    from ..reports.lines import LEFT, RIGHT

    lines.heading(table.name)
    head = ["level", "tiles", "counted", "events", ""]
    rows = [_row(level) for level in _coarsest_first(table)]
    if rows:
        lines.table([LEFT, RIGHT, RIGHT, RIGHT, LEFT], head, rows)
    else:
        lines.add("no tiles", "dim")
    for note in table.notes:
        lines.add(f"note: {note}", "dim")


def _row(level: Level) -> list[str]:
    counted = "" if level.counted is None else f"{level.counted:,}"
    return [level.name, f"{level.tiles:,}", counted, f"{level.events:,}", _verdict(level)]


def _verdict(level: Level) -> str:
    from tilewright_compiler.humanize import counted

    wrong = [f"{level.damaged:,} damaged"] if level.damaged else []
    for number, noun in ((level.missing, "tile"), (level.missing_events, "event")):
        if number:
            wrong.append(f"{counted(abs(number), noun)} {'missing' if number > 0 else 'too many'}")
    return ", ".join(wrong) or ("sound, tiles expire" if level.expires else "sound")


def _summary(verification: Verification) -> str:
    from tilewright_compiler.humanize import counted

    levels = [level for table in verification.tables for level in table.levels.values()]
    tiles = counted(sum(level.tiles for level in levels), "tile")
    documents = counted(verification.documents, "document")
    if not verification.is_sound:
        return (
            f"not sound: {tiles} and {documents} were looked at. Restore a copy of the store, or "
            "write the events into a new one."
        )
    if any(level.counted is None and level.counted_events is None for level in levels):
        return f"sound: {tiles} and {documents} are what was written."
    return f"sound: {tiles} and {documents} are what was written, and none is missing."


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many tiles were looked at."""
    with console.status("reading documents") as status:

        def on_tiles(tiles: int) -> None:
            status.update(f"{tiles:,} tiles")

        yield on_tiles
