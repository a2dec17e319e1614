"""What a Flink job is started with, and what of it has to be there before Java starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tilewright_compiler.plan import Plan

from .errors import InputError, TilewrightError
from .lacking import first_events, lacking_columns
from .sink import TileSink
from .stores import open_store


class JobError(TilewrightError):
    """The job could not be started, or it failed."""


@dataclass(frozen=True)
class Started:
    """What a job is started with."""

    store: str
    events: Mapping[str, str]
    """source -> the file or folder of JSON Lines that is read instead of what the plan names"""
    stream: bool
    follow: bool
    refused: str | None
    checkpoints: str | None
    parallelism: int | None
    jars: Sequence[str]


def require_inputs(plan: Plan, started: Started) -> None:
    """Raises InputError unless each source has events and each jar is there; warns of columns that the first events of a file lack."""
    for jar in started.jars:
        if not Path(jar).is_file():
            raise InputError(f"--jar {jar}: there is no such file.")
    for source in plan.sources:
        if source.name in started.events or source.topic is not None:
            continue
        if source.table is None or not Path(source.table).exists() or Path(source.table).suffix not in (".json", ".jsonl", ".ndjson"):
            raise InputError(
                f"source {source.name} has no topic, and its table {source.table} is no file of JSON Lines here. "
                f"Say where its events are with --events {source.name}=PATH."
            )
    for source in plan.sources:
        place = started.events.get(source.name) or (source.table if source.topic is None else None)
        if place is not None and "://" not in place:
            for warning in lacking_columns(source, first_events(Path(place)), f"the first events of {place}"):
                click.echo(warning, err=True)


def require_store(plan: Plan, url: str) -> None:
    """Raises StoreError unless the store opens and takes the tiles of the plan."""
    store = open_store(url)
    try:
        TileSink(plan, store)
    finally:
        store.close()


def require_java() -> None:
    """Raises JobError where there is no Java."""
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and (Path(home) / "bin" / "java").exists()):
        raise JobError(
            "Flink needs Java 17, and there is no java here. Install it, for instance with: apt-get install openjdk-17-jre-headless"
        )
