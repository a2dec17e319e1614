"""What `flink/job.py` does: looks at what the job needs, runs the statements of `job.sql`, and
waits for its end.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.sql.flink import identifier, literal

from ...errors import InputError, JobError, StoreError, TilewrightError
from ...plans import load_plan
from ..inputs import input_locations
from ..kafka import require_brokers, require_topics, topics_of
from .preflight import (
    Started,
    claimed,
    has_tiles,
    require_inputs,
    require_java,
    require_store,
)
from .streams import as_it_is, by_way_of_a_stream

_SET = re.compile(r"SET\s+'([^']+)'\s*=\s*'([^']*)'", re.DOTALL)
_OWN_ERROR = re.compile(r"tilewright(?:_runtime)?\.errors\.\w+: (.+)")
_PYTHON_ERROR = re.compile(r"^([A-Z]\w*(?:Error|Exception)): (.+)$", re.MULTILINE)
_CAUSE = re.compile(r"Caused by: (?:[\w.$]+\.)?([\w$]+): (.+)")
_WATERMARK = "CURRENT_WATERMARK(`__time`)"
#: The name of a table, and that of a table which is made of a view by way of a stream.
_TABLE = re.compile(r"CREATE TABLE `((?:[^`]|``)+)` ")
_STREAMED = re.compile(r"CREATE TEMPORARY VIEW `((?:[^`]|``)+) before the stream` AS")
_ROLLING = {"rollover-interval": "5 s", "check-interval": "1 s"}
_CONNECTOR = (
    "Fetch flink-sql-connector-kafka (version 5.0.0-2.2) from Maven Central, and name it with "
    "--jar, put it beside job.py, or into the "
    "lib folder of the cluster."
)
_KAFKA_OPTIONS = (
    "properties.bootstrap.servers",
    "topic",
    "properties.group.id",
    "scan.startup.mode",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--store",
    required=True,
    metavar="URL",
    help="Where the tiles are put, for instance redis://localhost:6379/0.",
)
@click.option(
    "--events",
    multiple=True,
    metavar="[SOURCE=]PATH",
    help="Read this file or folder of JSON Lines, not what the plan names.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="Read files as a stream, with a watermark; else they are read as a whole, in any order.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Go on reading files that come into a folder; a stream without an end.",
)
@click.option(
    "--refused",
    metavar="FOLDER",
    help="Write events that are in no tile, and why, to this folder. Default: print them.",
)
@click.option(
    "--checkpoints",
    metavar="FOLDER",
    help=(
        "Keep checkpoints here; in a folder of this machine go on from the newest of this plan "
        "and store. Elsewhere: flink run -s."
    ),
)
@click.option(
    "--parallelism",
    type=click.IntRange(1),
    metavar="N",
    help="Default: the plan's; on one machine at most its cores.",
)
@click.option(
    "--jar",
    "jars",
    multiple=True,
    metavar="FILE",
    help="A connector's jar; may be repeated. Those beside job.py are used too.",
)
@click.pass_obj
def job(
    folder: Path,
    store: str,
    events: tuple[str, ...],
    stream: bool,
    follow: bool,
    refused: str | None,
    checkpoints: str | None,
    parallelism: int | None,
    jars: tuple[str, ...],
) -> None:
    """Run the Flink job of a plan, until its input ends or it is stopped."""
    try:
        plan = load_plan(folder.parent)
        jars = (*jars, *map(str, sorted(folder.glob("*.jar"))))
        started = Started(
            store,
            _events(plan, events),
            stream or follow,
            follow,
            refused,
            checkpoints,
            parallelism,
            jars,
        )
        run(plan, (folder / "job.sql").read_text(encoding="utf-8"), started)
    except TilewrightError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


def main(folder: Path) -> None:
    """The command line of `flink/job.py` in its folder."""
    job(obj=folder)


def _events(plan: Plan, given: Sequence[str]) -> dict[str, str]:
    found = input_locations(plan, given)
    for source, path in found.items():
        if "://" in path:
            continue
        if not Path(path).exists():
            raise InputError(
                f"--events {path}: there is no {path}. Paths are relative to {Path.cwd()}."
            )
        found[source] = str(Path(path).resolve())
    return found


def run(plan: Plan, sql: str, started: Started) -> None:
    """Runs the statements of a job and waits until it ends.

    Raises JobError, InputError or StoreError, which say what to do.
    """
    is_local = "PYFLINK_GATEWAY_PORT" not in os.environ
    batch = bool(started.events) and not started.stream and len(started.events) == len(plan.sources)
    require_inputs(plan, started)
    topics = topics_of(
        {
            source.name: source.topic
            for source in plan.sources
            if source.topic and source.name not in started.events
        }
    )
    require_brokers(topics)
    require_store(started.store)
    if is_local:
        require_java()
    environment = _environment(batch, started.jars)
    if topics:
        from pyflink.java_gateway import get_gateway

        require_topics(
            plan, topics, get_gateway(), _CONNECTOR, lambda text: click.echo(text, err=True)
        )
    if batch:
        # Nothing is late where all is read before anything is put, and Flink knows no watermark
        # there.
        sql = sql.replace(_WATERMARK, "CAST(NULL AS TIMESTAMP_LTZ(3))")
    script = list(statements(sql))
    settings = environment.get_config()
    for found in filter(None, map(_SET.fullmatch, script)):
        settings.set(*found.groups())
    _configure(settings, plan, started, is_local, batch)
    try:
        _execute(
            environment,
            plan,
            [statement for statement in script if not _SET.fullmatch(statement)],
            started,
            batch,
        )
    except TilewrightError:
        raise
    except Exception as wrong:
        raise JobError(f"the job of {plan.name} failed: {_reason(wrong)}") from wrong


def _execute(
    environment: Any, plan: Plan, script: Sequence[str], started: Started, batch: bool
) -> None:
    changes = _changes(plan, started)
    for statement in script:
        result = environment.execute_sql(statement)
        if found := _STREAMED.match(statement):
            (as_it_is if batch else by_way_of_a_stream)(environment, found[1].replace("``", "`"))
        elif statement.startswith("EXECUTE STATEMENT SET"):
            click.echo(
                f"{plan.name}: the job runs; tiles go to {started.store.split('@')[-1]}", err=True
            )
            _wait(result)
            if not has_tiles(plan, started.store):
                raise JobError(
                    f"the job of {plan.name} has ended with its input, and no event of it could "
                    "be used: see what was refused."
                )
            click.echo(f"{plan.name}: the job has ended with its input", err=True)
        for change in changes.pop(_table(statement), []):
            environment.execute_sql(change)


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, without comments; quotes are minded, and a statement set is one
    statement.
    """
    parts: list[str] = []
    tokens = re.compile(r"--[^\n]*|'(?:[^']|'')*'|`(?:[^`]|``)*`|;|[^;'`-]+|-", re.DOTALL)
    for token in tokens.findall(sql):
        if token.startswith("--"):
            continue
        text = "".join(parts).strip()
        if token != ";" or (text.startswith("EXECUTE STATEMENT SET") and not text.endswith("END")):
            parts.append(token)
            continue
        parts = []
        if text:
            yield text


def _environment(batch: bool, jars: Sequence[str]) -> Any:
    from pyflink.datastream import StreamExecutionEnvironment
    from pyflink.table import EnvironmentSettings, StreamTableEnvironment

    execution = StreamExecutionEnvironment.get_execution_environment()
    if jars:
        # Settings of tables reach the queries that are executed, but not one that is made a stream.
        execution.add_jars(*(Path(jar).resolve().as_uri() for jar in jars))
    mode = EnvironmentSettings.in_batch_mode() if batch else EnvironmentSettings.in_streaming_mode()
    return StreamTableEnvironment.create(execution, mode)


def _table(statement: str) -> str:
    """The name of the table that a statement creates, or nothing."""
    found = _TABLE.match(statement)
    return found[1].replace("``", "`") if found else ""


def _configure(settings: Any, plan: Plan, started: Started, is_local: bool, batch: bool) -> None:
    """What the command line says beside job.sql; before any stream is made, which has its settings
    from then on.
    """
    from .udf import job_parameters

    stream = claimed(plan, started.store)
    parallelism = started.parallelism or plan.flink.parallelism
    if is_local:
        parallelism = started.parallelism or min(parallelism, os.cpu_count() or 1)
        settings.set("python.executable", sys.executable)
        settings.set("python.client.executable", sys.executable)
        settings.set("taskmanager.memory.managed.size", "512m")
    if started.store.startswith("lmdb:"):
        if started.parallelism not in (None, 1) or not is_local:
            raise StoreError(
                f"store {started.store}: one process may write to it. Use --parallelism 1 here, "
                "or a store such as redis:."
            )
        parallelism = 1
    settings.set("parallelism.default", str(parallelism))
    by_entity = not batch or parallelism == 1
    parameters = ",".join(
        f"{name}:{value}" for name, value in job_parameters(plan, started.store, by_entity).items()
    )
    settings.set("pipeline.global-job-parameters", parameters)
    settings.set("pipeline.name", f"tiles of {plan.name}")
    if started.checkpoints is not None:
        _checkpoints(settings, plan, started.checkpoints, stream)
    elif is_local:
        settings.set("execution.checkpointing.dir", _passing_folder().as_uri())


def _passing_folder() -> Path:
    """A folder that goes with the process: what no folder is named for Flink keeps in memory, and
    fails when that is five megabytes.
    """
    folder = Path(tempfile.mkdtemp(prefix="tilewright-checkpoints-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _checkpoints(settings: Any, plan: Plan, folder: str, stream: str) -> None:
    """Those of a plan and of a store lie in a folder of their own: states of another plan do not
    fit, and another store lacks tiles.
    """
    if "://" in folder:
        settings.set(
            "execution.checkpointing.dir", f"{folder.rstrip('/')}/{plan.fingerprint}/{stream}"
        )
        return
    own = Path(folder).resolve() / plan.fingerprint / stream
    complete = sorted(own.glob("*/chk-*/_metadata"), key=lambda path: path.stat().st_mtime_ns)
    others = sorted({path.parts[-5] for path in Path(folder).glob("*/*/*/chk-*/_metadata")})
    if not complete and others:
        if plan.fingerprint in others:
            raise JobError(
                f"{folder} holds checkpoints of a job that fills another store, and this one "
                "would lack what that has. Give that store, or "
                "another folder, with which the job begins at the first event."
            )
        raise JobError(
            f"{folder} holds checkpoints of another plan (fingerprint {others[0]}, this one has "
            f"{plan.fingerprint}), "
            "whose states do not fit. Give another folder, or the plan that made them."
        )
    own.mkdir(parents=True, exist_ok=True)
    settings.set("execution.checkpointing.dir", own.as_uri())
    if complete:
        settings.set("execution.state-recovery.path", complete[-1].parent.as_uri())
        click.echo(f"{plan.name}: going on from checkpoint {complete[-1].parent}", err=True)


def _changes(plan: Plan, started: Started) -> dict[str, list[str]]:
    """table -> the statements that follow its own, so that it reads what `--events` names, or
    writes where `--refused` says.
    """
    changes: dict[str, list[str]] = {}
    for source in plan.sources:
        if (path := started.events.get(source.name)) is None:
            continue
        for table in (source.name, f"lines of {source.name}"):
            alter = f"ALTER TABLE {identifier(table)}"
            options = ", ".join(map(literal, _KAFKA_OPTIONS))
            follow = ", 'source.monitor-interval' = '1 s'" if started.follow else ""
            changes[table] = [f"{alter} RESET ({options})"] * (source.topic is not None)
            changes[table].append(
                f"{alter} SET ('connector' = 'filesystem', 'path' = {literal(path)}{follow})"
            )
    if started.refused is not None:
        path = started.refused if "://" in started.refused else str(Path(started.refused).resolve())
        # A file is closed soon, for only closed ones are seen; by default each is kept open for
        # half an hour.
        rolling = ", ".join(
            f"'sink.rolling-policy.{name}' = '{value}'" for name, value in _ROLLING.items()
        )
        changes["refused"] = [
            f"ALTER TABLE `refused` SET ('connector' = 'filesystem', 'path' = {literal(path)}, "
            f"'format' = 'json', {rolling})"
        ]
    return changes


def _wait(result: Any) -> None:
    try:
        result.wait()
    except KeyboardInterrupt:
        result.get_job_client().cancel().result()
        click.echo(
            "stopped; with --checkpoints the same command goes on from the newest one", err=True
        )
        raise SystemExit(130) from None


def _reason(wrong: Exception) -> str:
    """The innermost reason of a failure, in one line; what Tilewright itself said comes first."""
    text = str(wrong)
    if own := _OWN_ERROR.findall(text):
        return str(own[-1])
    if causes := _PYTHON_ERROR.findall(text) or _CAUSE.findall(text):
        kind, message = causes[-1]
        return f"{message.strip()} ({kind})"
    return " ".join(text.split())[:500]
