"""`tilewright write`: events from files or standard input into tiles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event, Thread
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from tilewright_compiler.plan.model import Plan

    from ..ingest.report import WriteReport
    from ..ingest.writer import OnProgress
    from ..readers import Input
    from ..stores import Store

#: How often a line says how far a write is, where there is no terminal.
LINE_SECONDS = 10.0

_INTERRUPTED = "interrupted: batches that were committed stay; the same command goes on after them"
#: What a shell gives a process that Ctrl-C has ended.
_INTERRUPTED_STATUS = 130


def _folder(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Refuse a store's URL where a folder belongs.

    It would become a folder with a colon in its name, and a second state.
    """
    if value is not None and str(value).startswith("lmdb:"):
        raise click.BadParameter(
            f"{value} is a store's URL, and this names a folder. Write "
            f"{str(value).removeprefix('lmdb:')}."
        )
    return value


@click.command()
@click.argument("plan")
@click.option(
    "--events",
    "-e",
    multiple=True,
    required=True,
    metavar="FILE",
    help="A file, a glob, or - for standard input. May be repeated.",
)
@click.option(
    "--store",
    "store_url",
    required=True,
    metavar="URL",
    help="Where the tiles are, such as lmdb:tiles.lmdb.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    callback=_folder,
    help=(
        "The folder where tiles are merged and positions are kept. Needed for a store that takes "
        "whole tiles only, such as redis:."
    ),
)
@click.option(
    "--source",
    metavar="NAME",
    help="The plan's source that the events belong to. Needed if it has several.",
)
@click.option(
    "--position",
    metavar="NAME",
    help="A name for standard input, under which its position is kept.",
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append rows that cannot be used to this file.",
)
@click.option("--again", is_flag=True, help="Count files that were read before under another name.")
@click.option(
    "--stream",
    is_flag=True,
    help="Take the events as they come: refuse those later than the plan's allowed lateness.",
)
@click.option(
    "--late",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append events that come too late to this file. Means --stream.",
)
@click.option(
    "--replay",
    is_flag=True,
    help="The past is written again: refuse no event for its lateness, or as ahead of the clock.",
)
@click.option("--final", is_flag=True, hidden=True, expose_value=False, help="Without effect.")
@click.pass_context
def write(
    ctx: click.Context,
    plan: str,
    events: tuple[str, ...],
    store_url: str,
    state: Path | None,
    source: str | None,
    position: str | None,
    rejects: Path | None,
    again: bool,
    stream: bool,
    late: Path | None,
    replay: bool,
) -> None:
    """Write events into the tiles of PLAN.

    PLAN is a plan.json or its folder. A file that is written again adds nothing; one that has grown
    adds what is new. Rows that cannot be used are counted and do not stop the others. The exit
    status is 1 only if a file could not be read or no row was usable.
    """
    from ..ingest.writer import Writer
    from ..plans import load_plan
    from ..readers import find_inputs
    from ..stores import open_store

    loaded = load_plan(plan)
    inputs = find_inputs(events, position)
    begun = time.perf_counter()
    with (
        _open_kept(rejects, "--rejects") as rejects_file,
        _open_kept(late, "--late") as late_file,
        open_store(store_url) as store,
        _open_state(state) as state_store,
        Writer(
            loaded,
            store,
            state=state_store,
            rejects=rejects_file,
            stream=stream,
            late=late_file,
            replay=replay,
        ) as writer,
        _progress() as on_progress,
    ):
        report = writer.write_inputs(inputs, source, on_progress, again)
    _print_summary(report, loaded, time.perf_counter() - begun, rejects)
    if not report.usable:
        ctx.exit(1)


def _open_state(folder: Path | None) -> AbstractContextManager[Store | None]:
    from ..stores import open_store

    return nullcontext() if folder is None else open_store(f"lmdb:{folder}")


def _open_kept(path: Path | None, option: str) -> AbstractContextManager[IO[str] | None]:
    if path is None:
        return nullcontext()
    try:
        return path.open("a", encoding="utf-8")
    except OSError as wrong:
        raise click.BadParameter(
            f"{path}: cannot be written ({wrong.strerror}).", param_hint=option
        ) from wrong


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Show how far a write is.

    If it is interrupted, say what stays.
    """
    from rich.console import Console

    console = Console(stderr=True)
    with _bar(console) if console.is_terminal else _lines() as on_progress:
        try:
            yield on_progress
        except KeyboardInterrupt:
            console.print(_INTERRUPTED, highlight=False)
            raise click.exceptions.Exit(_INTERRUPTED_STATUS) from None


@contextmanager
def _bar(console: Console) -> Iterator[OnProgress]:
    """Show a bar for each input.

    It only pulses until the first batch is written.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        "{task.description}",
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    begun = time.perf_counter()
    tasks: dict[str, TaskID] = {}

    with Progress(*columns, console=console, transient=True) as bar:

        def on_progress(item: Input, part: float, report: WriteReport) -> None:
            if item.name not in tasks:
                tasks[item.name] = bar.add_task(item.name, total=None, rate="")
            seconds = max(time.perf_counter() - begun, 1e-9)
            rate = f"{report.rows / seconds:,.0f} rows/s"
            total = 1.0 if part else None
            bar.update(tasks[item.name], total=total, completed=part, rate=rate)

        yield on_progress


@contextmanager
def _lines() -> Iterator[OnProgress]:
    """Print a line every ten seconds.

    It does so even if no batch has been written meanwhile.
    """
    ended, latest, begun = Event(), [""], time.perf_counter()

    def on_progress(item: Input, part: float, report: WriteReport) -> None:
        latest[0] = f"{item.name}: {part:.0%} written, {_count(report.rows, 'new row')} in all"

    def print_lines() -> None:
        while not ended.wait(LINE_SECONDS):
            if latest[0]:
                click.echo(f"{latest[0]}, {time.perf_counter() - begun:,.0f} s", err=True)

    printer = Thread(target=print_lines, daemon=True)
    printer.start()
    try:
        yield on_progress
    finally:
        ended.set()
        printer.join()


def _print_summary(report: WriteReport, plan: Plan, seconds: float, rejects: Path | None) -> None:
    for error in report.errors:
        click.echo(f"error: {error}", err=True)
    rate = ""
    if report.rows:
        rate = f" in {seconds:.1f} s ({report.rows / seconds:,.0f} rows/s)"
    click.echo(f"{plan.name}: {_count(report.rows, 'new row')}{rate}")
    click.echo(f"  {_count(report.events, 'event')} written into {_tiles(report, plan)}")
    for name, before in report.moved.items():
        click.echo(f"  {name} goes on where {before} ended, which it was before")
    if report.filtered:
        click.echo(f"  {_count(report.filtered, 'row')} left out by the wheres")
    for reason, count in report.refused.most_common():
        click.echo(f"  {_count(count, 'row')} refused: {reason}", err=True)
    if report.refused and rejects is None:
        click.echo("  (--rejects FILE keeps the refused rows)", err=True)


def _tiles(report: WriteReport, plan: Plan) -> str:
    """Name what was written: tiles by size, and chunks."""
    from tilewright.windows import format_duration

    chunks = _count(report.chunks, "chunk") + " of raw events"
    if not plan.levels:
        return chunks
    parts = [
        f"{count:,} × {format_duration(size)}" for size, count in report.tiles.items() if count
    ]
    if report.chunks:
        parts.append(chunks)
    return "tiles" + (f" ({', '.join(parts)})" if parts else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
