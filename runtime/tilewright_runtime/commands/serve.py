"""`tilewright serve`: features over HTTP."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from tilewright_compiler.humanize import counted

from .options import warn

if TYPE_CHECKING:
    from tilewright_compiler.plan.model import Plan

    from ..service.server import Listening
    from ..service.settings import Caching, ServiceSettings

#: Plans that the greeting names; a client lists all.
_NAMED = 5
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEEDED = ("uvicorn", "uvloop", "httptools", "orjson", "prometheus_client")
_HELP = """\
Serve the features of each PLAN (a plan.json or its folder) over HTTP.

GET /openapi.json describes the paths. SIGTERM and Ctrl-C end it, after the requests that run.
"""


@dataclass(frozen=True)
class _Options:
    """What the command line gives."""

    plans: tuple[str, ...]
    store_url: str | None
    host: str
    port: int
    workers: int
    token_file: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    max_body: int
    max_keys: int
    timeout: float
    access_log: bool
    ui: bool
    export_folder: Path | None
    allow_many_tiles: bool
    cache_bytes: int | None
    cache_folder: Path | None
    cache_folder_bytes: int
    warm: bool

    def caching(self) -> Caching:
        """Say what is kept of finished tiles."""
        from ..service.settings import Caching

        return Caching(self.cache_bytes, self.cache_folder, self.cache_folder_bytes, self.warm)

    def listening(self) -> Listening:
        """Say where it listens."""
        from ..service.server import Listening

        return Listening(self.host, self.port, self.workers, self.tls_cert, self.tls_key)

    def settings(self, store_url: str, metrics_folder: Path | None) -> ServiceSettings:
        """Make the settings that all processes share."""
        from ..service.settings import TOKEN_VARIABLE, Limits, ServiceSettings, read_tokens

        return ServiceSettings(
            self.plans,
            store_url,
            read_tokens(self.token_file, os.environ.get(TOKEN_VARIABLE)),
            Limits(self.max_body, self.max_keys, self.timeout),
            self.access_log,
            self.allow_many_tiles,
            ui=self.ui,
            has_tls=self.tls_cert is not None,
            caching=self.caching(),
            metrics_folder=metrics_folder,
        )


@click.command(help=_HELP)
@click.argument("plans", metavar="PLAN...", nargs=-1, required=True)
@click.option(
    "--store",
    "store_url",
    metavar="URL",
    help="Where the tiles are, such as lmdb:tiles.lmdb.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port; 0 for one that is free.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that answer; one for each core is a good number.",
)
@click.option(
    "--token-file",
    type=_EXISTING,
    help="A file with the tokens that clients may send, one a line. Default: TILEWRIGHT_TOKEN.",
)
@click.option("--tls-cert", type=_EXISTING, help="The server's certificate (PEM), for HTTPS.")
@click.option("--tls-key", type=_EXISTING, help="Its private key (PEM), if it is not beside it.")
@click.option(
    "--max-body",
    type=click.IntRange(1),
    default=1 << 20,
    show_default=True,
    metavar="BYTES",
    help="The largest body of a request.",
)
@click.option(
    "--max-keys",
    type=click.IntRange(1),
    default=1_000,
    show_default=True,
    help="The most keys of a request.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest time of a request.",
)
@click.option(
    "--access-log/--no-access-log",
    default=True,
    help="Print a line of JSON for each request. On by default.",
)
@click.option(
    "--ui",
    is_flag=True,
    help="Serve a web page too, at /ui: plans, covers, entities, live figures. It only reads.",
)
@click.option(
    "--export",
    "export_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the web page of the plans into a folder and end, without a store.",
)
@click.option(
    "--allow-many-tiles",
    is_flag=True,
    help="Answer even if a window has more tiles than the plan's max_tiles_per_request.",
)
@click.option(
    "--cache",
    "cache_bytes",
    type=click.IntRange(1),
    metavar="BYTES",
    help="Memory of each worker for tiles that can no longer change. Default: none is kept.",
)
@click.option(
    "--cache-folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A second tier of the cache, which all workers and services of this host may share.",
)
@click.option(
    "--cache-folder-bytes",
    type=click.IntRange(1 << 20),
    default=1 << 30,
    show_default=True,
    metavar="BYTES",
    help="How large that folder may become.",
)
@click.option(
    "--warm",
    is_flag=True,
    help="Read such tiles ahead for entities that will probably be asked for within the hour.",
)
def serve(**given: Any) -> None:
    """Serve the features of plans over HTTP."""
    options = _Options(**given)
    if options.export_folder is not None:
        _export(options.plans, options.export_folder)
        return
    if options.store_url is None:
        raise click.UsageError("--store is missing: name the store with the tiles of the plans.")
    if options.warm and options.cache_bytes is None and options.cache_folder is None:
        raise click.UsageError("--warm needs a cache: give --cache or --cache-folder too.")
    if options.tls_key and not options.tls_cert:
        raise click.UsageError("--tls-key needs --tls-cert.")
    _require_packages()
    from ..service.server import listen, run

    options.caching().make()  # a folder that cannot be used is said before anything starts
    plans = _load_plans(options.plans, options.store_url)
    where = options.listening()
    with TemporaryDirectory(prefix="tilewright-metrics-") as folder:
        shared = Path(folder) if options.workers > 1 else None
        settings = options.settings(options.store_url, shared)
        with listen(where) as opened:
            _announce(plans, where, opened.getsockname()[1])
            if not settings.tokens and where.host not in ("127.0.0.1", "::1", "localhost"):
                warn("there is no token, so anyone who reaches it may ask.")
            run(settings, where, opened)


def _load_plans(paths: Sequence[str], store_url: str) -> list[Plan]:
    """Load the plans, and check their store."""
    from ..service.plans import load_plans
    from ..stores import open_store
    from ..stores.expected import tell_unexpected

    plans = load_plans(paths)
    tell_unexpected(plans, store_url, warn)
    open_store(store_url, create=False).close()
    return plans


def _announce(plans: Sequence[Plan], where: Listening, port: int) -> None:
    """Tell what is served, and at which address."""
    host = f"[{where.host}]" if ":" in where.host else where.host
    names = ", ".join(plan.name for plan in plans[:_NAMED])
    more = f" and {counted(len(plans) - _NAMED, 'other')}" if len(plans) > _NAMED else ""
    click.echo(f"serving {names}{more} at {where.scheme}://{host}:{port}", err=True)


def _export(plans: Sequence[str], folder: Path) -> None:
    """Write the page of some plans as files."""
    _require_packages()
    from ..service.plans import load_plans
    from ..service.web.export import export
    from ..times import now_ms

    export(load_plans(plans), folder, now_ms())
    click.echo(f"{folder / 'index.html'}")


def _require_packages() -> None:
    from ..errors import installation_of
    from ..service.settings import ServiceStartError

    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except ImportError:
            raise ServiceStartError(
                f"tilewright serve needs the package {name}. Install it with: "
                f"{installation_of('serve')}."
            ) from None
