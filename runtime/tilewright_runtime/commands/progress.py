"""Progress of a long write: bars, lines or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import click

from ..times import iso

if TYPE_CHECKING:
    from rich.console import Console

    from ..ingest.passes import OnProgress, Taker
    from ..ingest.report import WriteReport
    from ..readers import Input

#: How often a line says how far a write is, where there is no terminal.
LINE_SECONDS = 10.0


class Status:
    """How far the plans of a write are."""

    def __init__(self, takers: Sequence[Taker]) -> None:
        self._takers = takers
        self._begun_s = time.perf_counter()
        self._last_s, self._last_rows = self._begun_s, 0
        self._place: tuple[Input, float, WriteReport] | None = None

    def note(self, item: Input, part: float, report: WriteReport) -> None:
        """Note which input is written, and the part of it that is."""
        self._place = item, part, report

    @property
    def name(self) -> str:
        """The input that is written, if any."""
        return "" if self._place is None else self._place[0].name

    @property
    def part(self) -> float:
        """The part of the input that is written, with the work done of a batch."""
        if self._place is None:
            return 0.0
        _, part, report = self._place
        return part + max(0.0, report.reaching - part) * report.stage.done

    @property
    def place(self) -> str:
        """Name the input, how much of it is written, and what is being done."""
        if self._place is None:
            return ""
        stage = self._place[2].stage
        return f"{self.name}: {_percent(self.part)} written, {stage.name}, "

    @property
    def rows(self) -> int:
        """New rows that were read; each plan takes them."""
        return max((taker.report.rows for taker in self._takers), default=0)

    @property
    def seconds(self) -> float:
        """How long the write has taken so far."""
        return time.perf_counter() - self._begun_s

    @property
    def watermark_ms(self) -> int | None:
        """The watermark of the plan that is least far."""
        known = [taker.report.watermark_ms for taker in self._takers]
        return min((time_ms for time_ms in known if time_ms is not None), default=None)

    @property
    def open_tiles(self) -> int:
        """The open tiles of all plans."""
        return sum(taker.report.open_tiles for taker in self._takers)

    @property
    def lag_ms(self) -> int | None:
        """How far the watermark is behind the clock."""
        if self.watermark_ms is None:
            return None
        return time.time_ns() // 1_000_000 - self.watermark_ms

    def parts(self) -> list[str]:
        """Say it in parts, each for a narrow terminal."""
        rate = self.rows / max(self.seconds, 1e-9)
        said = [f"{self.rows:,} rows, {rate:,.0f} rows/s"]
        if self.watermark_ms is not None and self.lag_ms is not None:
            said.append(f"watermark {iso(self.watermark_ms)}")
            said.append(f"{self.lag_ms / 1000:,.1f} s behind")
        return [*said, f"{self.open_tiles:,} open tiles"]

    def text(self) -> str:
        """Say it in a line."""
        return ", ".join(self.parts())

    def document(self) -> dict[str, Any]:
        """Say it for programs.

        The rate is that since this was last asked.
        """
        now_s, rows = time.perf_counter(), self.rows
        rate = (rows - self._last_rows) / max(now_s - self._last_s, 1e-9)
        self._last_s, self._last_rows = now_s, rows
        document: dict[str, Any] = {
            "time": iso(time.time_ns() // 1_000_000),
            "rows": rows,
            "rows_per_s": round(rate, 1),
            "watermark": None if self.watermark_ms is None else iso(self.watermark_ms),
            "lag_ms": self.lag_ms,
            "open_tiles": self.open_tiles,
        }
        if len(self._takers) > 1:
            document["plans"] = {
                taker.writer.plan.name: _of_plan(taker.report) for taker in self._takers
            }
        else:
            document |= {"events": 0, "refused": 0}
            for taker in self._takers:
                document |= _of_plan(taker.report)
        return document


def _of_plan(report: WriteReport) -> dict[str, Any]:
    return {"events": report.events, "refused": report.refused.total()}


@contextmanager
def showing(status: Status, is_json: bool) -> Iterator[OnProgress]:
    """Show a status until the write ends."""
    from rich.console import Console

    console = Console(stderr=True)
    if is_json:
        with lines(lambda: json.dumps(status.document())):
            yield _ignore
        click.echo(json.dumps(status.document()), err=True)
    elif console.is_terminal:
        with bars(console, status) as on_progress:
            yield on_progress
    else:
        with lines(lambda: f"{status.place}{status.text()}, {status.seconds:,.0f} s"):
            yield status.note


def _percent(part: float) -> str:
    """Write a part, exactly where batches are small parts."""
    return f"{part:.2%}" if 0 < part < 0.1 else f"{part:.0%}"


def _ignore(item: Input, part: float, report: WriteReport) -> None:
    """Show nothing of an input by itself."""


@contextmanager
def lines(text: Callable[[], str]) -> Iterator[None]:
    """Print a line every ten seconds.

    It does so even if no batch has been written meanwhile.
    """
    ended = Event()

    def print_lines() -> None:
        while not ended.wait(LINE_SECONDS):
            click.echo(text(), err=True)

    printer = Thread(target=print_lines, daemon=True)
    printer.start()
    try:
        yield
    finally:
        ended.set()
        printer.join()


def _lines_of(status: Status) -> str:
    """Say it in lines, which a terminal does not cut."""
    return "\n".join(status.parts())


@contextmanager
def bars(console: Console, status: Status) -> Iterator[OnProgress]:
    """Show a bar for each input, above the status.

    It only pulses until the first batch is read, and moves within each.
    """
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TimeElapsedColumn

    columns = (SpinnerColumn(), "{task.description}", BarColumn(20), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}

    with Progress(*columns, console=console, transient=True) as bar:
        whole = bar.add_task(_lines_of(status), total=None)
        ended = Event()

        def show() -> None:
            if (task := tasks.get(status.name)) is not None:
                bar.update(task, total=1.0 if status.part else None, completed=status.part)
            bar.update(whole, description=_lines_of(status))

        def refresh() -> None:
            while not ended.wait(0.2):
                show()

        refresher = Thread(target=refresh, daemon=True)
        refresher.start()

        def on_progress(item: Input, part: float, report: WriteReport) -> None:
            if item.name not in tasks:
                tasks[item.name] = bar.add_task(item.name, total=None)
            status.note(item, part, report)
            show()

        try:
            yield on_progress
        finally:
            ended.set()
            refresher.join()
