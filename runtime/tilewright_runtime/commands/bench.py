"""`tilewright bench`: measure what tiles are worth here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import format_option

if TYPE_CHECKING:
    from ..reports.benchmark.measuring import Prices
    from ..reports.benchmark.workload import Workload

#: All events are made in memory, a part at a time.
_MOST_EVENTS = 100_000_000
#: The larger of the two tile sizes that are compared.
_LEAST_WINDOW_MS = 300_000


@dataclass(frozen=True)
class _Options:
    """What the command line gives."""

    stores: tuple[str, ...]
    window: str
    events_per_second: float
    requests: int
    prices: tuple[str, ...]
    form: str
    svg: Path | None


@click.command()
@click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="URL",
    help="Where tiles are kept, such as redis://host. Repeat it for several. Default: an embedded "
    "store that is removed afterwards.",
)
@click.option(
    "--window", default="4h", show_default=True, metavar="DURATION", help="The features' window."
)
@click.option(
    "--events-per-second",
    type=click.FloatRange(min=0, min_open=True),
    default=500,
    show_default=True,
    help="How many events the entity has.",
)
@click.option(
    "--requests",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many fetches are timed; without tiles a hundredth of them, and five at least.",
)
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="NAME=USD",
    help="A price: cpu_hour, memory_gb_hour or network_gb. Repeat it for others.",
)
@format_option
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also draw a chart of the first store into FILE.",
)
def bench(**given: Any) -> None:
    """Measure what tiles are worth on this machine.

    One entity has events at a steady rate. Its features over one window are fetched from the raw
    events, from tiles of 5 and of 1 minute, and from those that the compiler chooses. Each figure
    stands beside the specification's. The events are made up; 7.2 million of them, as many as by
    default, take some minutes.
    """
    from tilewright_compiler.compile import compile_group_by

    from ..reports.benchmark.chart import chart
    from ..reports.benchmark.experiment import run_experiment
    from ..reports.benchmark.figures import document, print_benchmark
    from ..reports.explanation import console

    options = _Options(**given)
    svg = options.svg
    prices = _prices(options.prices)
    workload = _workload(options)
    if svg is not None:
        svg.touch()  # what cannot be written is said before some minutes of measuring
    runs = []
    with console(stderr=True).status("") as status:
        for url in options.stores or (None,):
            runs.append(run_experiment(workload, url, compile_group_by, status.update))
    if svg is not None:
        svg.write_text(chart(workload, runs[0]), encoding="utf-8")
    if options.form == "json":
        click.echo(json.dumps(document(workload, runs, prices), indent=2))
    else:
        print_benchmark(console(), workload, runs, prices)


def _workload(options: _Options) -> Workload:
    """Make the workload that is asked for.

    Raises BadParameter or UsageError for one that is none.
    """
    from tilewright.windows import duration_ms

    from ..reports.benchmark.workload import Workload

    window, rate = options.window, options.events_per_second
    try:
        window_ms = duration_ms(window)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--window") from None
    if window_ms < _LEAST_WINDOW_MS:
        raise click.BadParameter(
            f"{window} is shorter than the tiles of 5m. Choose 5m or more", param_hint="--window"
        )
    if options.svg is not None and not options.svg.parent.is_dir():
        raise click.BadParameter(f"there is no folder {options.svg.parent}", param_hint="--svg")
    workload = Workload(window_ms, rate, options.requests)
    if not 0 < workload.events <= _MOST_EVENTS:
        raise click.UsageError(
            f"--window {window} at {rate:g} events a second has {workload.events:,} "
            f"events. Choose from 1 to {_MOST_EVENTS:,}."
        )
    return workload


def _prices(given: tuple[str, ...]) -> Prices:
    """Read prices as NAME=USD."""
    from dataclasses import fields, replace

    from tilewright.suggestions import nearest

    from ..reports.benchmark.measuring import Prices

    prices, names = Prices(), [one.name for one in fields(Prices)]
    for text in given:
        name, _, usd = text.partition("=")
        if name not in names:
            raise click.BadParameter(
                f"there is no price {name!r}. {nearest(name, names)}", param_hint="--price"
            )
        try:
            value = float(usd)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise click.BadParameter(
                f"{text!r} has no amount. Write it as {name}=0.05, in US dollars",
                param_hint="--price",
            )
        prices = replace(prices, **{name: value})
    return prices
