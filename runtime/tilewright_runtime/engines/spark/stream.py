"""The command line of the Spark job over streams."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import click

from ...operate.prometheus import serve_metrics
from .command import job_boundary, say
from .following import follow
from .job import Queries, plan_beside

_STORE = click.option(
    "--store",
    required=True,
    metavar="URL",
    help="The store to write to, such as lmdb:tiles.lmdb.",
)
_EVENTS = click.option(
    "--events",
    multiple=True,
    metavar="[SOURCE=]PLACE",
    help="Files that arrive, such as clicks/*.jsonl. Default: the topic.",
)
_CHECKPOINT = click.option(
    "--checkpoint",
    required=True,
    metavar="DIR",
    help="Where Spark keeps how far it has read. Each store needs its own.",
)
_STATE = click.option(
    "--state",
    metavar="DIR",
    help="Where tiles are merged. Needed for a store that takes whole tiles only.",
)
_REPLAY = click.option(
    "--replay", is_flag=True, help="Refuse no event for its lateness, or as ahead of the clock."
)
_PLAN = click.option(
    "--plan", metavar="PATH", help="The plan. Default: the one beside this file's folder."
)
_ONCE = click.option("--once", is_flag=True, help="Read what is there, then end.")
_EVERY = click.option(
    "--every",
    default="1 second",
    show_default=True,
    metavar="INTERVAL",
    help="How often new events are looked for.",
)
_METRICS = click.option(
    "--metrics",
    "metrics_port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Serve metrics to Prometheus at this port of the driver, while the job runs.",
)


def main(script: str, queries: Queries, tiles: str) -> None:
    """Run the command line of a generated `stream.py`."""

    @click.command()
    @_STORE
    @_EVENTS
    @_CHECKPOINT
    @_STATE
    @_PLAN
    @_REPLAY
    @_ONCE
    @_EVERY
    @_METRICS
    def job(
        store: str,
        events: tuple[str, ...],
        checkpoint: str,
        state: str | None,
        plan: str | None,
        replay: bool,
        once: bool,
        every: str,
        metrics_port: int | None,
    ) -> None:
        """Follow events, and keep a store's tiles up to date."""
        with job_boundary(), ExitStack() as opened:
            if metrics_port is not None:
                opened.callback(serve_metrics(metrics_port))
            interval = None if once else every
            followed = plan_beside(script, plan)
            where = (store, events, checkpoint, state)
            sys.exit(follow(followed, queries, tiles, *where, interval, replay, say))

    job()
