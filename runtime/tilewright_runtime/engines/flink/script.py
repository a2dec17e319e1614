"""The statements of `job.sql`, adapted to the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tilewright_compiler.plan.clocks import FLINK_CLOCK, FLINK_EVERY_TIME, NO_CLOCK
from tilewright_compiler.plan.model import Plan, Source
from tilewright_compiler.quoting import backquoted, literal

from .options import JobOptions

_TOKENS = re.compile(r"--[^\n]*|'(?:[^']|'')*'|`(?:[^`]|``)*`|;|[^;'`-]+|-", re.DOTALL)
_SETTING = re.compile(r"SET\s+'([^']+)'\s*=\s*'([^']*)'", re.DOTALL)
_TABLE = re.compile(r"CREATE TABLE `((?:[^`]|``)+)` ")
_STREAMED = re.compile(r"CREATE TEMPORARY VIEW `((?:[^`]|``)+) before the stream` AS")
_STATEMENT_SET = "EXECUTE STATEMENT SET"
_WATERMARK = "CURRENT_WATERMARK(`__time`)"
_NO_WATERMARK = "CAST(NULL AS TIMESTAMP_LTZ(3))"
_KAFKA_OPTIONS = (
    "properties.bootstrap.servers",
    "topic",
    "properties.group.id",
    "scan.startup.mode",
)
#: Only closed files can be read. By default a file stays open for half an hour; these settings
#: close it soon.
_ROLLING = (
    "'sink.rolling-policy.rollover-interval' = '5 s', 'sink.rolling-policy.check-interval' = '1 s'"
)


@dataclass(frozen=True)
class Script:
    """The statements of a job in order, its settings apart."""

    settings: dict[str, str]
    statements: list[str]


def parse_script(sql: str, *, batch: bool, replay: bool, cutover_ms: int | None = None) -> Script:
    """Read `job.sql` for a batch or a stream.

    In a replay no event is ahead of the clock. Events before the cut-over are left out.
    """
    if cutover_ms is not None:
        from_then_on = FLINK_EVERY_TIME.replace("CAST(NULL AS BIGINT)", f"{cutover_ms:d}")
        sql = sql.replace(FLINK_EVERY_TIME, from_then_on)
    if replay:
        sql = sql.replace(FLINK_CLOCK, NO_CLOCK)
    if batch:
        # A batch is read as a whole before anything is put, so nothing is late, and Flink has no
        # watermark.
        sql = sql.replace(_WATERMARK, _NO_WATERMARK)
    script = Script({}, [])
    for statement in split_statements(sql):
        setting = _SETTING.fullmatch(statement)
        if setting is None:
            script.statements.append(statement)
        else:
            script.settings[setting[1]] = setting[2]
    return script


def split_statements(sql: str) -> Iterator[str]:
    """Split a script into statements, without comments.

    A statement set is one statement.
    """
    parts: list[str] = []
    for token in _TOKENS.findall(sql):
        if token.startswith("--"):
            continue
        text = "".join(parts).strip()
        in_set = text.startswith(_STATEMENT_SET) and not text.endswith("END")
        if token != ";" or in_set:
            parts.append(token)
            continue
        parts = []
        if text:
            yield text


def created_table(statement: str) -> str | None:
    """Return the name of the table that a statement creates."""
    return _name(_TABLE.match(statement))


def streamed_view(statement: str) -> str | None:
    """Return the table to make of a view, if any."""
    return _name(_STREAMED.match(statement))


def starts_job(statement: str) -> bool:
    """Tell whether a statement starts the job."""
    return statement.startswith(_STATEMENT_SET)


def _name(match: re.Match[str] | None) -> str | None:
    return None if match is None else match[1].replace("``", "`")


def table_changes(plan: Plan, options: JobOptions) -> dict[str, list[str]]:
    """List for each table the statements that follow its own.

    They make it read what `--events` names, or write where `--refused` says.
    """
    changes: dict[str, list[str]] = {}
    for source in plan.sources:
        path = options.events.get(source.name)
        if path is not None:
            changes |= _reading_files(source, path, options.follow)
    if options.refused is not None:
        folder = options.refused
        path = folder if "://" in folder else str(Path(folder).resolve())
        changes["refused"] = [
            f"ALTER TABLE `refused` SET ('connector' = 'filesystem', 'path' = {literal(path)}, "
            f"'format' = 'json', {_ROLLING})"
        ]
    return changes


def topic_changes(sources: Iterable[str], connection: Mapping[str, str]) -> dict[str, list[str]]:
    """List how each topic's table reaches its brokers.

    `sources` are those that are topics.
    """
    if not connection:
        return {}
    options = ", ".join(
        f"{literal(f'properties.{name}')} = {literal(value)}" for name, value in connection.items()
    )
    changes = {}
    for source in sources:
        for table in (source, f"lines of {source}"):
            changes[table] = [f"ALTER TABLE {backquoted(table)} SET ({options})"]
    return changes


def _reading_files(source: Source, path: str, follow: bool) -> dict[str, list[str]]:
    monitor = ", 'source.monitor-interval' = '1 s'" if follow else ""
    files = f"'connector' = 'filesystem', 'path' = {literal(path)}{monitor}"
    kafka = ", ".join(map(literal, _KAFKA_OPTIONS))
    changes = {}
    for table in (source.name, f"lines of {source.name}"):
        alter = f"ALTER TABLE {backquoted(table)}"
        changes[table] = [f"{alter} SET ({files})"]
        if source.topic is not None:
            changes[table].insert(0, f"{alter} RESET ({kafka})")
    return changes
