"""What a Flink job is started with, and what of it has to be there before Java starts."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tilewright_compiler.plan.model import Plan

from ...errors import InputError, JobError, StoreError
from ...ingest.stream_sink import TileSink
from ...stores import open_store
from ...stores.progress import Progress
from ..inputs import first_events, missing_columns

_OLDEST_JAVA = 17
#: Java 8 called itself 1.8.
_JAVA_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


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
    """Raises InputError unless each source has events and each jar is there; warns of columns that
    the first events of a file lack.
    """
    for jar in started.jars:
        if not Path(jar).is_file():
            raise InputError(f"--jar {jar}: there is no such file.")
    for source in plan.sources:
        if source.name in started.events or source.topic is not None:
            continue
        if (
            source.table is None
            or not Path(source.table).exists()
            or Path(source.table).suffix not in (".json", ".jsonl", ".ndjson")
        ):
            raise InputError(
                f"source {source.name} has no topic, and its table {source.table} is no file of "
                "JSON Lines here. "
                f"Say where its events are with --events {source.name}=PATH."
            )
    for source in plan.sources:
        place = started.events.get(source.name) or (source.table if source.topic is None else None)
        if place is not None and "://" not in place:
            for warning in missing_columns(
                source, first_events(Path(place)), f"the first events of {place}"
            ):
                click.echo(warning, err=True)


def require_store(url: str) -> None:
    """Raises StoreError unless the store opens; nothing is written to it yet."""
    if url.startswith("memory:"):
        raise StoreError(
            f"store {url} is gone when the job ends. Use a folder, as lmdb:tiles, or a redis: one."
        )
    open_store(url).close()


def claimed(plan: Plan, url: str) -> str:
    """The name of the stream that fills the store from now on.

    Raises StoreError if it has tiles from elsewhere.
    """
    store = open_store(url)
    try:
        return TileSink(plan, store).stream
    finally:
        store.close()


def has_tiles(plan: Plan, url: str) -> bool:
    """Whether a stream has put a tile of the plan into the store."""
    store = open_store(url, create=False)
    try:
        return Progress.load(plan, store.get).newest_ms is not None
    finally:
        store.close()


def require_java() -> None:
    """Raises JobError where there is no Java of 17 or newer."""
    advice = "Install one, for instance with: apt-get install openjdk-17-jre-headless"
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    try:
        said = subprocess.run(
            [java, "-version"], capture_output=True, text=True, check=False
        ).stderr
    except OSError:
        raise JobError(
            f"Flink needs Java 17 or newer, and there is no {java} here. {advice}"
        ) from None
    version = _JAVA_VERSION.search(said)
    if version is not None and int(version[1]) < _OLDEST_JAVA:
        raise JobError(
            f"Flink needs Java 17 or newer, and {java} is of version {version[1]}. {advice}, and "
            "name it with JAVA_HOME."
        )
