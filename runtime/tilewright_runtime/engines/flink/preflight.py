"""Checks of a Flink job before Java starts."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tilewright_compiler.plan.model import Plan, Source

from ...errors import InputError, JobError, StoreError
from ...ingest.stream_sink import TileSink
from ...stores import open_store
from ...stores.cutover import cutover_ms
from ...stores.progress import Progress
from ..inputs import first_events, missing_columns
from ..reporting import Report
from .options import JobOptions

_JSON_LINES = (".json", ".jsonl", ".ndjson")
_OLDEST_JAVA = 17
#: Java 8 called itself 1.8.
_JAVA_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def require_inputs(plan: Plan, options: JobOptions, report: Report) -> None:
    """Require events of each source, and each jar.

    Reports columns that the first events of a file lack. Raises InputError if something is not
    there.
    """
    for jar in options.jars:
        if not Path(jar).is_file():
            raise InputError(f"--jar {jar}: there is no such file. Name the jar of a connector.")
    for source in plan.sources:
        if source.name not in options.events and source.topic is None:
            _require_table(source)
    for source in plan.sources:
        location = _location(source, options)
        if location is None or "://" in location:
            continue
        events = first_events(Path(location))
        for warning in missing_columns(source, events, f"the first events of {location}"):
            report(warning)


def _require_table(source: Source) -> None:
    table = Path(source.table) if source.table is not None else None
    if table is None or not table.exists() or table.suffix not in _JSON_LINES:
        raise InputError(
            f"source {source.name} has no topic, and its table {source.table} is no file of JSON "
            f"Lines here. Say where its events are with --events {source.name}=PATH."
        )


def _location(source: Source, options: JobOptions) -> str | None:
    """Return a source's file or folder; none for a topic."""
    if source.name in options.events:
        return options.events[source.name]
    return source.table if source.topic is None else None


def require_store(url: str) -> str:
    """Check that the store opens; return its printable URL.

    Nothing is written to it yet. Raises StoreError if it does not open.
    """
    if url.startswith("memory:"):
        raise StoreError(
            f"store {url} is gone when the job ends. Use a folder such as lmdb:tiles, or redis:."
        )
    with closing(open_store(url)) as store:
        return store.url


class Claimed(NamedTuple):
    """What a store says to the stream that fills it."""

    stream: str
    """The name of the stream."""
    cutover_ms: int | None
    """When the store's history ends, if it has one."""


def claimed_stream(plan: Plan, url: str) -> Claimed:
    """Claim the store for a stream.

    From now on only that stream may fill the store. Raises StoreError if the store has tiles from
    elsewhere.
    """
    with closing(open_store(url)) as store:
        return Claimed(TileSink(plan, store).stream, cutover_ms(plan, store.get))


def has_tiles(plan: Plan, url: str) -> bool:
    """Tell whether a stream has put the plan's tiles."""
    with closing(open_store(url, create=False)) as store:
        newest_ms = Progress.load(plan, store.get).newest_ms
        return newest_ms is not None and newest_ms >= (cutover_ms(plan, store.get) or newest_ms)


def require_java() -> None:
    """Raise JobError unless Java 17 or newer is here."""
    advice = "Install one, for instance with: apt-get install openjdk-17-jre-headless"
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    command = [java, "-version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
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
