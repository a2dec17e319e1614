"""`tilewright write`: events into tiles.

They come from files, streams or standard input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from .options import warn

if TYPE_CHECKING:
    from tilewright_compiler.plan.model import Plan

    from ..stores import Store
    from .writing import Takers

_INTERRUPTED = "interrupted: batches that were committed stay; the same command goes on after them"


#: A host and a port.
Address = tuple[str, int]


@dataclass(frozen=True)
class _Options:
    """What the command line gives."""

    plans: tuple[str, ...]
    events: tuple[str, ...]
    store_url: str
    state: Path | None
    source: str | None
    position: str | None
    rejects: Path | None
    max_rejects: int | None
    follow: bool
    log_format: str
    metrics: Address | None
    again: bool
    stream: bool
    late: Path | None
    replay: bool
    until: str | None
    sweep: bool


def _address(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Address | None:
    """Read [HOST:]PORT."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise click.BadParameter(f"{value!r} has no port. Write it as 9464, or as 0.0.0.0:9464.")
    return host.strip("[]") or "127.0.0.1", int(port)


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
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
@click.option(
    "--events",
    "-e",
    multiple=True,
    required=True,
    metavar="FILE",
    help=(
        "A file, a glob, kafka://HOST:PORT/TOPIC, or - for standard input; with --follow also a "
        "folder. May be repeated."
    ),
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
@click.option(
    "--max-rejects",
    type=click.IntRange(min=0),
    metavar="N",
    help="Stop with status 1 before the batch with which more than N rows cannot be used.",
)
@click.option(
    "--follow",
    is_flag=True,
    help=(
        "Go on with what is appended, and with files that appear, until SIGINT or SIGTERM. Means "
        "--stream."
    ),
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How the progress is told, where there is no terminal: json is an object a line.",
)
@click.option(
    "--metrics",
    callback=_address,
    metavar="[HOST:]PORT",
    help=(
        "Serve metrics to Prometheus at this port, while the write runs. Default of HOST: "
        "127.0.0.1, this machine alone."
    ),
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
@click.option(
    "--until",
    metavar="T",
    help=(
        "When the store's history ends and its stream begins, in ISO 8601 or epoch ms: the store "
        "keeps it, history takes the events before it, and a stream those at or after it."
    ),
)
@click.option("--sweep", is_flag=True, help="Delete tiles meanwhile that no window reads any more.")
@click.option("--final", is_flag=True, hidden=True, expose_value=False, help="Without effect.")
@click.pass_context
def write(ctx: click.Context, /, **given: Any) -> None:
    """Write events into the tiles of PLAN.

    PLAN is a plan.json, its folder, or a folder of plans; several are written in one pass over the
    events. A file that is written again adds nothing; one that has grown adds what is new. Rows
    that cannot be used are counted and do not stop the others. The exit status is 1 only if a file
    could not be read, no row was usable or a plan's tiles could not be written. A signal ends a
    write after the batch in progress: with status 0 if it follows, else with 130 or 143.
    """
    from ..ingest.passes import write_pass
    from .progress import Status, showing
    from .stopping import stopping
    from .summary import print_summaries
    from .writing import Events

    options = _Options(**given)
    is_json = options.log_format == "json"
    plans = _load_plans(options)
    events = Events(options.events, options.position, options.again)
    inputs = [] if options.follow else events.inputs()
    with ExitStack() as opened:
        stop = opened.enter_context(stopping())
        taking = _open_takers(plans, options, opened)
        status = Status(taking.takers)
        with showing(status, is_json) as on_progress:
            write_pass(taking.takers, inputs, on_progress, options.again, stop)
            follower = events.follower(taking.takers, options.follow, opened)
            follower.run(stop)
            waiting = follower.waiting
    _tell_waiting(waiting)
    if stop() and not options.follow:
        click.echo(_INTERRUPTED, err=True)
        ctx.exit(stop.status)
    if not print_summaries(taking, status, is_json, options.rejects is not None):
        ctx.exit(1)


def _load_plans(options: _Options) -> Sequence[Plan]:
    """Load the plans, and warn of an unexpected store."""
    from ..plans import load_plans
    from ..stores.expected import tell_unexpected

    plans = load_plans(options.plans)
    tell_unexpected(plans, options.store_url, warn)
    return plans


def _open_takers(plans: Sequence[Plan], options: _Options, opened: ExitStack) -> Takers:
    """Open files and stores, and the writers that need them."""
    from ..stores import open_store
    from .writing import Judging, Kept, Places, takers_of

    if options.metrics is not None:
        opened.callback(_serve_metrics(options.metrics))
    kept = Kept(
        opened.enter_context(_open_kept(options.rejects, "--rejects")),
        opened.enter_context(_open_kept(options.late, "--late")),
    )
    store = opened.enter_context(open_store(options.store_url))
    state = opened.enter_context(_open_state(options.state))
    is_stream = options.stream or options.follow
    judging = Judging(options.max_rejects, is_stream, options.replay, options.until)
    places = Places(store, state, kept, judging, options.sweep)
    return takers_of(plans, options.source, places, opened)


def _tell_waiting(waiting: Mapping[str, int]) -> None:
    """Tell which inputs wait for the end of a line."""
    for name, count in waiting.items():
        click.echo(f"{name}: {count:,} bytes of a last line wait for its newline", err=True)


def _serve_metrics(address: Address) -> Callable[[], None]:
    """Serve metrics, and return what ends that."""
    from ..operate.prometheus import serve_metrics

    host, port = address
    return serve_metrics(port, host)


def _open_state(folder: Path | None) -> AbstractContextManager[Store | None]:
    from ..stores import open_store

    return nullcontext() if folder is None else open_store(f"lmdb:{folder}")


def _open_kept(path: Path | None, option: str) -> AbstractContextManager[IO[str] | None]:
    if path is None:
        return nullcontext()
    try:
        return _keeping(path.open("a", encoding="utf-8"))
    except OSError as wrong:
        raise click.BadParameter(
            f"{path}: cannot be written ({wrong.strerror}).", param_hint=option
        ) from wrong


@contextmanager
def _keeping(file: IO[str]) -> Iterator[IO[str]]:
    """Close a file at the end.

    Each row was flushed, or is an error by itself, which a second one would hide.
    """
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()
