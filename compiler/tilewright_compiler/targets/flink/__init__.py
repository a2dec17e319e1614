"""A job in Flink SQL that follows a stream.

It keeps the tiles of a plan up to date, and comes with its runner and what to submit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ...expressions.binder import shared_binder
from ...expressions.flink.expressions import to_flink
from ...plan.model import Plan, Source
from ...plan.topics import parse_topic
from ...quoting import backquoted, literal
from ...sql.tree import NotTranslatable
from ...templates import sources
from ...tile_sql.embedded import only_embedded
from .job import Job
from .reads import columns_of

_TEMPLATES = Path(__file__).parents[1] / "templates" / "flink"


def unsupported(plan: Plan) -> list[str]:
    """Say why Flink cannot run a plan, a sentence each."""
    reasons = dict.fromkeys(only_embedded(plan))
    for state in plan.states:
        if state.many:
            reasons[
                f"the lists of {state.input!r} cannot be taken apart there. Send an event for "
                "each element"
            ] = None
        if state.bucket is not None:
            advice = "Make it a key, or use tilewright write"
            reasons[
                f"the bucket column {state.bucket!r}: a Flink job keeps no states by bucket. "
                f"{advice}"
            ] = None
    for source in plan.sources:
        reasons |= dict.fromkeys(_reasons_of(plan, source))
    return [f"{reason}." for reason in reasons]


def _reasons_of(plan: Plan, source: Source) -> Iterator[str]:
    name = f"source {source.name}"
    if source.topic is not None and parse_topic(source.topic) is None:
        yield f"{name}: the topic {source.topic!r} is not of the form kafka://HOST:PORT/TOPIC"
    for part in _expressions(plan, source):
        try:
            to_flink(part, source, shared_binder())
        except NotTranslatable as reason:
            yield f"{name}: {str(reason).rstrip('.')}"


def files(plan: Plan) -> dict[str, str]:
    """Write the job, its runner, and how to submit it."""
    templates = sources(_TEMPLATES, name=backquoted, sql=literal)
    job = Job(plan)
    return {
        f"flink/{file}": templates.get_template(f"{file}.j2").render(plan=plan, job=job)
        for file in ("job.sql", "job.py", "README.md")
    }


def _expressions(plan: Plan, source: Source) -> Iterable[str]:
    """List what is computed of each event, without lists."""
    lists = {state.input for state in plan.states if state.many}
    return [
        *(source.selects[column.name] for column in columns_of(plan) if column.name not in lists),
        *source.wheres,
        source.time_column,
    ]
