"""The command line of a generated `flink/job.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from tilewright.documents import read_document
from tilewright_compiler.plan.model import Plan

from ...boundary import command_boundary
from ...errors import InputError
from ...plans import load_plan
from ..inputs import input_locations
from .job import run
from .options import JobOptions

_STOPPED = "stopped; with --checkpoints the same command goes on from the newest one"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--store",
    required=True,
    metavar="URL",
    help="Where the tiles are put, such as redis://localhost:6379/0.",
)
@click.option(
    "--events",
    multiple=True,
    metavar="[SOURCE=]PATH",
    help="Read this file or folder of JSON Lines instead of what the plan names.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="Read files as a stream, with a watermark, not as a whole in any order.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Keep reading new files of a folder, as a stream without an end.",
)
@click.option(
    "--replay",
    is_flag=True,
    help="Refuse no event for being ahead of the clock.",
)
@click.option(
    "--refused",
    metavar="FOLDER",
    help="Write refused events, with reasons, to this folder. Default: print them.",
)
@click.option(
    "--checkpoints",
    metavar="FOLDER",
    help=(
        "Keep checkpoints here. From a folder of this machine, go on from the newest one of this "
        "plan and store; elsewhere, use flink run -s."
    ),
)
@click.option(
    "--parallelism",
    type=click.IntRange(1),
    metavar="N",
    help="How many instances run. Default: the plan's number; here at most the cores.",
)
@click.option(
    "--jar",
    "jars",
    multiple=True,
    metavar="FILE",
    help="A connector's jar. May be repeated. Jars beside job.py are used too.",
)
@click.pass_obj
def job(
    folder: Path,
    store: str,
    events: tuple[str, ...],
    stream: bool,
    follow: bool,
    replay: bool,
    refused: str | None,
    checkpoints: str | None,
    parallelism: int | None,
    jars: tuple[str, ...],
) -> None:
    """Run a plan's Flink job until its input ends.

    A job that follows its input runs until it is stopped.
    """
    with command_boundary(_say, interrupted=_STOPPED):
        plan = load_plan(folder.parent)
        options = JobOptions(
            store=store,
            events=_events(plan, events),
            stream=stream or follow,
            follow=follow,
            replay=replay,
            refused=refused,
            checkpoints=checkpoints,
            parallelism=parallelism,
            jars=(*jars, *map(str, sorted(folder.glob("*.jar")))),
        )
        run(plan, read_document(folder / "job.sql").decode(), options, _say)


def main(folder: Path) -> None:
    """Run the command line of `flink/job.py` in its folder."""
    job(obj=folder)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _events(plan: Plan, given: Sequence[str]) -> dict[str, str]:
    locations = input_locations(plan, given)
    for source, path in locations.items():
        if "://" in path:
            continue
        if not Path(path).exists():
            raise InputError(
                f"--events {path}: there is no such path. Paths are relative to {Path.cwd()}."
            )
        locations[source] = str(Path(path).resolve())
    return locations
