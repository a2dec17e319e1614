"""What a write did, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import click

from tilewright.windows import format_duration
from tilewright_compiler.plan.model import Plan

from ..errors import TilewrightError
from ..ingest.report import WriteReport
from ..times import iso
from .progress import Status
from .writing import Takers

#: What becomes of late events that are not just merged.
_LATE = {
    "recompute": "their tiles were computed again",
    "approximate": "their values were left out, and their tiles flagged",
}


def print_summaries(found: Takers, status: Status, is_json: bool, keeps_rejects: bool) -> bool:
    """Say what became of the events, by plan.

    Returns whether all was well.
    """
    told: set[str] = set()
    for failure in found.failures:
        _tell(failure, told)
    is_well = not found.failures
    for taker in found.takers:
        report, plan = taker.report, taker.writer.plan
        for error in [*report.errors, *([taker.failure] if taker.failure else [])]:
            _tell(error, told)
        if is_json:
            click.echo(json.dumps(_document(report, plan)))
        else:
            _print_summary(report, plan, status.seconds, keeps_rejects)
        is_well = is_well and report.usable and taker.failure is None
    return is_well


def _tell(error: TilewrightError, told: set[str]) -> None:
    """Print an error, once for all its plans."""
    if str(error) not in told:
        told.add(str(error))
        click.echo(f"error: {error}", err=True)


def _document(report: WriteReport, plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan.name,
        "rows": report.rows,
        "events": report.events,
        "filtered": report.filtered,
        "beyond": report.beyond,
        "duplicates": report.duplicates,
        "late": report.late,
        "refused": dict(report.refused),
        "tiles": {format_duration(size): count for size, count in report.tiles.items()},
        "chunks": report.chunks,
        "moved": report.moved,
        "watermark": None if report.watermark_ms is None else iso(report.watermark_ms),
    }


def _print_summary(report: WriteReport, plan: Plan, seconds: float, keeps_rejects: bool) -> None:
    rate = ""
    if report.rows:
        rate = f" in {seconds:.1f} s ({report.rows / seconds:,.0f} rows/s)"
    click.echo(f"{plan.name}: {_count(report.rows, 'new row')}{rate}")
    click.echo(f"  {_count(report.events, 'event')} written into {_tiles(report, plan)}")
    for name, before in report.moved.items():
        click.echo(f"  {name} goes on where {before} ended, which it was before")
    if report.filtered:
        click.echo(f"  {_count(report.filtered, 'row')} left out by the wheres")
    if report.beyond:
        click.echo(f"  {_count(report.beyond, 'event')} left out beyond the cut-over")
    if report.duplicates:
        click.echo(f"  {_count(report.duplicates, 'duplicate')} passed over")
    if report.late:
        click.echo(f"  {_count(report.late, 'late event')}: {_LATE[plan.late.policy]}")
    for reason, count in report.refused.most_common():
        click.echo(f"  {_count(count, 'row')} refused: {reason}", err=True)
    if report.refused and not keeps_rejects:
        click.echo("  (--rejects FILE keeps the refused rows)", err=True)


def _tiles(report: WriteReport, plan: Plan) -> str:
    """Name what was written: tiles by size, and chunks."""
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
