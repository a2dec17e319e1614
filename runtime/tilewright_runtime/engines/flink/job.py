"""A plan's Flink job, from its checks to its end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tilewright_compiler.plan.model import Plan
from tilewright_compiler.plan.topics import Topic

from ...errors import JobError, TilewrightError
from ...times import iso
from ..kafka import require_brokers, require_topics, topics_of
from ..reporting import Report
from .options import JobOptions
from .preflight import claimed_stream, has_tiles, require_inputs, require_java, require_store
from .script import (
    created_table,
    parse_script,
    starts_job,
    streamed_view,
    table_changes,
    topic_changes,
)
from .settings import configure, hand_over_password, is_local
from .streams import as_it_is, by_way_of_a_stream

_OWN_ERROR = re.compile(r"tilewright(?:_runtime)?\.errors\.\w+: (.+)")
_PYTHON_ERROR = re.compile(r"^([A-Z]\w*(?:Error|Exception)): (.+)$", re.MULTILINE)
_CAUSE = re.compile(r"Caused by: (?:[\w.$]+\.)?([\w$]+): (.+)")
_CONNECTOR = (
    "Fetch flink-sql-connector-kafka (version 5.0.0-2.2) from Maven Central. Name it with --jar, "
    "or put it beside job.py or into the lib folder of the cluster."
)


def run(plan: Plan, sql: str, options: JobOptions, report: Report) -> None:
    """Run a job's statements and wait for its end.

    Ctrl-C cancels the job. Raises JobError, InputError or StoreError if it fails, with what to do.
    """
    options = replace(options, store=hand_over_password(options.store))
    batch = _reads_a_batch(plan, options)
    topics = topics_of(_topic_urls(plan, options))
    require_inputs(plan, options, report)
    require_brokers(topics)
    store_url = require_store(options.store)
    if is_local():
        require_java()
    environment = _environment(batch, options.jars)
    connection = _require_topics(plan, topics, report)
    claimed = claimed_stream(plan, options.store)
    script = parse_script(sql, batch=batch, replay=options.replay, cutover_ms=claimed.cutover_ms)
    settings = environment.get_config()
    for name, value in script.settings.items():
        settings.set(name, value)
    configure(settings, plan, options, claimed.stream, batch=batch, report=report)
    try:
        changes = table_changes(plan, options)
        for table, statements in topic_changes(topics, connection).items():
            changes.setdefault(table, []).extend(statements)
        job = _start(environment, plan, script.statements, changes, batch)
        report(f"{plan.name}: the job runs; tiles go to {store_url}")
        _wait(job)
    except TilewrightError:
        raise
    except Exception as failure:
        raise JobError(f"the job of {plan.name} failed: {_reason(failure)}") from failure
    if not has_tiles(plan, options.store):
        since = "" if claimed.cutover_ms is None else f" from {iso(claimed.cutover_ms)} on"
        raise JobError(
            f"the job of {plan.name} has ended with its input, and no event of it{since} could be "
            "used: see what was refused."
        )
    report(f"{plan.name}: the job has ended with its input")


def _reads_a_batch(plan: Plan, options: JobOptions) -> bool:
    return not options.stream and bool(options.events) and len(options.events) == len(plan.sources)


def _topic_urls(plan: Plan, options: JobOptions) -> Mapping[str, str]:
    return {
        source.name: source.topic
        for source in plan.sources
        if source.topic and source.name not in options.events
    }


def _require_topics(plan: Plan, topics: Mapping[str, Topic], report: Report) -> dict[str, str]:
    if not topics:
        return {}
    from pyflink.java_gateway import get_gateway

    return require_topics(plan, topics, get_gateway(), _CONNECTOR, report)


def _environment(batch: bool, jars: Sequence[str]) -> Any:
    from pyflink.datastream import StreamExecutionEnvironment
    from pyflink.table import EnvironmentSettings, StreamTableEnvironment

    execution = StreamExecutionEnvironment.get_execution_environment()
    if jars:
        # Jars in a table's settings reach executed queries, but not one that becomes a stream.
        execution.add_jars(*(Path(jar).resolve().as_uri() for jar in jars))
    mode = EnvironmentSettings.in_batch_mode() if batch else EnvironmentSettings.in_streaming_mode()
    return StreamTableEnvironment.create(execution, mode)


def _start(
    environment: Any,
    plan: Plan,
    statements: Sequence[str],
    changes: Mapping[str, Sequence[str]],
    batch: bool,
) -> Any:
    """Execute the script's statements; the last one starts the job.

    Gives the result of that statement.
    """
    make_table = as_it_is if batch else by_way_of_a_stream
    for statement in statements:
        result = environment.execute_sql(statement)
        if starts_job(statement):
            return result
        view, table = streamed_view(statement), created_table(statement)
        if view is not None:
            make_table(environment, view)
        for change in changes.get(table or "", []):
            environment.execute_sql(change)
    raise JobError(f"job.sql of {plan.name} starts no job. Compile it again with --target flink.")


def _wait(result: Any) -> None:
    try:
        result.wait()
    except KeyboardInterrupt:
        result.get_job_client().cancel().result()
        raise


def _reason(failure: Exception) -> str:
    """Say the innermost reason in one line.

    What Tilewright itself said comes first.
    """
    text = str(failure)
    if own := _OWN_ERROR.findall(text):
        return str(own[-1])
    if causes := _PYTHON_ERROR.findall(text) or _CAUSE.findall(text):
        kind, message = causes[-1]
        return f"{message.strip()} ({kind})"
    return " ".join(text.split())[:500]
