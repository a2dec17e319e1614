"""The command line of the Spark job over history."""

from __future__ import annotations

import sys

import click

from .command import job_boundary, say
from .history import build
from .job import Queries, plan_beside

_STORE = click.option(
    "--store",
    required=True,
    metavar="URL",
    help="The store to load, such as lmdb:tiles.lmdb.",
)
_EVENTS = click.option(
    "--events",
    multiple=True,
    metavar="[SOURCE=]PLACE",
    help="A table or files. Default: the table of the source.",
)
_REPLAY = click.option(
    "--replay", is_flag=True, help="Refuse no event for being ahead of the clock."
)
_UNTIL = click.option(
    "--until",
    metavar="T",
    help="Load events before this time only; the store keeps it, and a stream begins there.",
)
_PLAN = click.option(
    "--plan", metavar="PATH", help="The plan. Default: the one beside this file's folder."
)
_STAGING = click.option(
    "--staging",
    metavar="DIR",
    help="A new folder that driver and workers both see. Default: a temporary one.",
)


def main(script: str, queries: Queries, tiles: str) -> None:
    """Run the command line of a generated `job.py`."""

    @click.command()
    @_STORE
    @_EVENTS
    @_PLAN
    @_REPLAY
    @_UNTIL
    @_STAGING
    def job(
        store: str,
        events: tuple[str, ...],
        plan: str | None,
        replay: bool,
        until: str | None,
        staging: str | None,
    ) -> None:
        """Build tiles from history and load a store with them."""
        with job_boundary():
            built = plan_beside(script, plan)
            sys.exit(build(built, queries, tiles, store, events, staging, replay, until, say))

    job()
