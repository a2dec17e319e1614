"""A job in Flink SQL that follows a stream.

It keeps the tiles of a plan up to date, and comes with its runner and what to submit.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

from sqlglot import exp

from tilewright.windows import DAY_MS, format_duration

from ..expressions.binder import shared_binder
from ..expressions.flink.casts import is_nan
from ..expressions.flink.expressions import Translated, to_flink
from ..expressions.flink.reading import (
    converted,
    read,
    selected,
    time_ms,
    to_physical,
    unreadable,
)
from ..plan.clocks import FLINK_CLOCK
from ..plan.model import Column, Plan, Source, State
from ..plan.topics import parse_topic
from ..plan.types import family
from ..quoting import backquoted, literal
from ..sql.flink import Flink
from ..sql.tree import Node, NotTranslatable
from ..states import TIME
from ..templates import Code, sources
from ..tile_sql.partials import collected_inputs, partial_fields
from ..tile_sql.rules import END_MS, OVERFLOW, column_rules, event_rules

_TEMPLATES = Path(__file__).parent / "templates" / "flink"
_FLINK_TYPES = {"VARCHAR": "STRING"}


def unsupported(plan: Plan) -> list[str]:
    """Say why Flink cannot run a plan, a sentence each."""
    reasons: dict[str, None] = {}
    if plan.late.policy != "delta":
        reasons[f"late={plan.late.policy!r}, which only tilewright write carries out"] = None
    elif plan.events is not None:
        reasons[
            "it keeps raw events (edge='exact', or no tiles), which only tilewright write does"
        ] = None
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
        if source.event_id is not None:
            reasons[
                f"source {source.name}: its event_id, for only tilewright write passes over "
                "duplicates"
            ] = None
        if source.topic is not None and parse_topic(source.topic) is None:
            reasons[
                f"source {source.name}: the topic {source.topic!r} is not of the form "
                "kafka://HOST:PORT/TOPIC"
            ] = None
        for part in _expressions(plan, source):
            try:
                to_flink(part, source, shared_binder())
            except NotTranslatable as reason:
                reasons[f"source {source.name}: {str(reason).rstrip('.')}"] = None
    return [f"{reason}." for reason in reasons]


def files(plan: Plan) -> dict[str, str]:
    """Write the job, its runner, and how to submit it."""
    templates = sources(_TEMPLATES, name=backquoted, sql=literal)
    job = _Job(plan)
    return {
        f"flink/{file}": templates.get_template(f"{file}.j2").render(plan=plan, job=job)
        for file in ("job.sql", "job.py", "README.md")
    }


def _expressions(plan: Plan, source: Source) -> Iterable[str]:
    """List what is computed of each event, without lists."""
    lists = {state.input for state in plan.states if state.many}
    return [
        *(source.selects[column.name] for column in _columns(plan) if column.name not in lists),
        *source.wheres,
        source.time_column,
    ]


def _columns(plan: Plan) -> list[Column]:
    """The keys and inputs, each once."""
    types = {key.name: key.type for key in plan.keys} | {
        state.input: state.type for state in reversed(plan.states)
    }
    return [Column(name=name, type=kind) for name, kind in types.items()]


class _Read:
    """What the job does with the events of one source."""

    def __init__(self, plan: Plan, source: Source) -> None:
        self.name = source.name
        self._keys = [key.name for key in plan.keys]
        self._latest = _latest(plan)
        self.kafka = parse_topic(source.topic) if source.topic is not None else None
        self.path = source.table
        self._types = {column.name: column.type for column in source.columns}
        self._parts = {
            column: to_flink(source.selects[column.name], source, shared_binder())
            for column in _columns(plan)
        }
        self._wheres = [to_flink(where, source, shared_binder()) for where in source.wheres]
        self._time = to_flink(source.time_column, source, shared_binder())
        used = {
            name
            for part in [*self._parts.values(), *self._wheres, self._time]
            for name in part.columns
        }
        self.fields = [column.name for column in source.columns if column.name in used]

    @property
    def time(self) -> Code:
        """Epoch milliseconds over the texts of the fields.

        They are 0 where they are none, or too far ahead of the clock: those must not move the
        watermark.

        Times before the first usable one move it nowhere. The expression stands once, for Flink
        computes it as often as it stands.
        """
        tree = self._ms().copy()
        for column in list(tree.find_all(exp.Column)):
            column.replace(exp.var(f"({_value(column.name, self._types[column.name])})"))
        end = f"LEAST({END_MS}, {self._latest})"
        return Code(f"COALESCE(MOD(LEAST({_sql(tree)}, {end}), {end}), 0)")

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The fields that are no texts, with their texts' columns."""
        return [(name, _raw(name)) for name in self.fields if self._types[name] != "VARCHAR"]

    @property
    def typed(self) -> list[tuple[Code, str]]:
        """Each field as a value of its type."""
        return [(Code(_value(name, self._types[name])), name) for name in self.fields]

    @cached_property
    def unreadable(self) -> list[tuple[Code, str]]:
        """The conditions of unreadable fields, with their reasons."""
        columns = [Column(name=name, type=self._types[name]) for name in self.fields]
        return [
            (Code(_is_unreadable(rule.column.name, rule.column.type)), rule.reason)
            for rule in column_rules(columns)
        ]

    @property
    def overflowing(self) -> list[tuple[Code, str]]:
        """When times and keys go beyond their types, and why."""
        parts = {"time": self._time}
        for column, part in self._parts.items():
            if column.name in self._keys:
                parts[f"key {column.name}"] = part
        found = []
        for what, part in parts.items():
            if part.overflow is not None:
                found.append((Code(part.overflow), f"{what} {OVERFLOW}"))
        return found

    @property
    def content(self) -> list[tuple[str, str]]:
        """(field, the column that holds it as it came)."""
        raws = dict(self.texts)
        return [(name, raws.get(name, name)) for name in self.fields]

    @property
    def selected(self) -> list[tuple[Code, str]]:
        """The keys and inputs, in the types of the plan."""
        return [
            (Code(_sql(_selected(part, column.type))), column.name)
            for column, part in self._parts.items()
        ]

    @property
    def wheres(self) -> list[Code]:
        """The conditions of the events that count."""
        return [Code(where.sql) for where in self._wheres]

    @property
    def ms(self) -> Code:
        """Epoch milliseconds over typed fields."""
        return Code(_sql(self._ms()))

    def _ms(self) -> Node:
        return time_ms(self._time.tree, self._time.type)


class _Job:
    """What the templates ask of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reads = [_Read(plan, source) for source in plan.sources]
        self.columns = _columns(plan)
        self.finest_ms = plan.levels[-1].size_ms
        self.finest = format_duration(self.finest_ms)
        #: Tiles that still change; a day more, so that a source may stand still for that long.
        self.state_ttl_ms = (
            self.finest_ms + plan.late.allowed_lateness_ms + plan.late.out_of_orderness_ms + DAY_MS
        )

    @property
    def out_of_orderness(self) -> Code:
        """The watermark's lag behind the newest event, as an interval."""
        days, rest = divmod(self.plan.late.out_of_orderness_ms, DAY_MS)
        seconds, milliseconds = divmod(rest, 1_000)
        return Code(
            f"{days} "
            f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"
        )

    @property
    def refusals(self) -> list[tuple[Code, str]]:
        """(condition, why): which selected events cannot be used."""
        latest = _latest(self.plan)
        refusals = []
        for rule in event_rules(self.plan.keys, TIME, self.plan.late.max_ahead_ms):
            column = backquoted(rule.column)
            condition = rule.condition(column, _is_nan(rule.column), latest)
            refusals.append((Code(condition), rule.reason))
        return refusals

    @property
    def stored(self) -> list[tuple[Code, str]]:
        """The keys and inputs as a tile keeps them."""
        return [(Code(self._stored(column)), column.name) for column in self.columns]

    def _stored(self, column: Column) -> str:
        value = _sql(to_physical(_text_of(column.name), column.type))
        is_key = any(key.name == column.name for key in self.plan.keys)
        # -0.0 equals 0.0 but has other bytes, and the key of a tile is made of bytes.
        return (
            f"CASE WHEN {value} = 0e0 THEN 0e0 ELSE {value} END"
            if is_key and family(column.type) == "float"
            else value
        )

    @cached_property
    def aggregates(self) -> list[tuple[Code, str]]:
        """The partials of a tile, after its other columns."""
        made = [
            (Code(sql), f"{state.id}.{field}")
            for state in self.plan.states
            for field, sql in _aggregates(state)
        ]
        for name, (_, is_timed) in collected_inputs(self.plan.states).items():
            column, present = backquoted(name), f"FILTER (WHERE {backquoted(name)} IS NOT NULL)"
            made.append((Code(f"ARRAY_AGG({column}) {present}"), f"values:{name}"))
            if is_timed:
                made.append((Code(f"ARRAY_AGG(`__ts`) {present}"), f"times:{name}"))
        return made

    @property
    def partials(self) -> list[str]:
        """The names of a partial tile's columns, in their order."""
        assert self.plan.partials is not None  # a plan that Flink can run has them
        return [column.name for column in self.plan.partials.columns]


def _latest(plan: Plan) -> str:
    """Write the latest time that an event may have."""
    return f"{FLINK_CLOCK} + {plan.late.max_ahead_ms}"


def _selected(part: Translated, wanted: str) -> Node:
    is_field = isinstance(part.tree, exp.Column)
    return converted(selected(part.tree, part.type, is_field), part.type, wanted)


def _aggregates(state: State) -> list[tuple[str, str]]:
    column, nan = backquoted(state.input), _is_nan(state.input)
    return [
        (field.name, field.flink.format(x=column, is_nan=nan)) for field in partial_fields(state)
    ]


# Plans of one repository read the same fields, whose texts take longer to write than all else of a
# job.


@lru_cache(maxsize=4096)
def _value(name: str, kind: str) -> str:
    return _sql(read(_text_of(name), kind))


@lru_cache(maxsize=4096)
def _is_unreadable(name: str, kind: str) -> str:
    return _sql(unreadable(_text_of(_raw(name)), _text_of(name), kind))


@lru_cache(maxsize=4096)
def _is_nan(name: str) -> str:
    return _sql(is_nan(_text_of(name)))


def _raw(name: str) -> str:
    """Name the column of a field's text.

    No name of an author begins like it.
    """
    return f"__text:{name}"


def _text_of(name: str) -> Node:
    return exp.column(name, quoted=True)


def _sql(tree: Node) -> str:
    return str(tree.sql(Flink, identify=True, comments=False, copy=False))
