"""`tilewright stats`: measure entity_stats from a sample of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..ingest.statistics import Measured


@click.command()
@click.argument("plan")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--source",
    metavar="NAME",
    help="The plan's source that the events belong to. Needed if it has several.",
)
def stats(plan: str, files: tuple[str, ...], source: str | None) -> None:
    """Measure an entity's events per hour, for PLAN.

    PLAN is a plan.json or its folder. FILE is a file or a glob that holds all events of some time.
    Prints the section entity_stats of tilewright.yaml: the strategy adaptive sizes tiles by it, and
    compile uses it to say what tiling is worth.
    """
    from ..ingest.statistics import measure
    from ..plans import load_plan
    from ..readers import find_inputs

    measured = measure(load_plan(plan), find_inputs(files), source)
    if measured.refused:
        rows = f"{measured.refused:,} row{'s' * (measured.refused != 1)}"
        click.echo(f"{rows} refused and not counted; tilewright write says why", err=True)
    click.echo(_yaml(measured))


def _yaml(measured: Measured) -> str:
    from tilewright_compiler.humanize import counted

    busiest, most = _plain(measured.busiest_per_hour), measured.most_in_an_hour
    events, hours = counted(measured.events, "event"), counted(measured.hours, "hour")
    return f"""\
# {events} over {hours}. Typical is the entity in the middle; the busiest
# has {busiest} events per hour, and the most that any has in one hour are {most:,}.
tiling:
  entity_stats:
    events_per_hour: {_plain(measured.typical_per_hour)}
    entities: {measured.entities}
    # requests_per_second: how many answers are fetched"""


def _plain(rate: float) -> str:
    """Write a rate to four digits, without an exponent.

    In YAML 1.1, 1e-05 is a text.
    """
    return f"{float(f'{rate:.4g}'):.12f}".rstrip("0").rstrip(".")
