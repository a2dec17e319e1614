"""The parts of a Flink job that templates ask for."""

from __future__ import annotations

from functools import cached_property

from tilewright.windows import DAY_MS, format_duration

from ...expressions.flink.reading import to_physical
from ...plan.clocks import FLINK_EVERY_TIME
from ...plan.model import Column, Plan, State
from ...plan.types import family
from ...quoting import backquoted
from ...states import TIME
from ...templates import Code
from ...tile_sql.partials import collected_inputs, partial_fields
from ...tile_sql.rules import event_rules
from .fields import is_nan, sql, text_of
from .reads import Read, columns_of, latest_time


class Job:
    """What the templates ask of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reads = [Read(plan, source) for source in plan.sources]
        self.columns = columns_of(plan)
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
    def every_time(self) -> Code:
        """The condition that job.py gives the store's cut-over."""
        return Code(FLINK_EVERY_TIME)

    @property
    def refusals(self) -> list[tuple[Code, str]]:
        """(condition, why): which selected events cannot be used."""
        latest = latest_time(self.plan)
        refusals = []
        for rule in event_rules(self.plan.keys, TIME, self.plan.late.max_ahead_ms):
            column = backquoted(rule.column)
            condition = rule.condition(column, is_nan(rule.column), latest)
            refusals.append((Code(condition), rule.reason))
        return refusals

    def is_behind(self, lateness_ms: int) -> Code:
        """Write when a finest tile ended before the watermark."""
        last_ms = f"`__ts` - MOD(`__ts`, {self.finest_ms}) + {self.finest_ms - 1 + lateness_ms}"
        watermark = "CURRENT_WATERMARK(`__time`)"
        return Code(
            f"{watermark} IS NOT NULL\n      AND TO_TIMESTAMP_LTZ({last_ms}, 3) <= {watermark}"
        )

    @property
    def stored(self) -> list[tuple[Code, str]]:
        """The keys and inputs as a tile keeps them."""
        return [(Code(self._stored(column)), column.name) for column in self.columns]

    def _stored(self, column: Column) -> str:
        value = sql(to_physical(text_of(column.name), column.type))
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
        columns = [
            (Code(text), f"{state.id}.{field}")
            for state in self.plan.states
            for field, text in _aggregates(state)
        ]
        for name, (_, is_timed) in collected_inputs(self.plan.states).items():
            column, present = backquoted(name), f"FILTER (WHERE {backquoted(name)} IS NOT NULL)"
            columns.append((Code(f"ARRAY_AGG({column}) {present}"), f"values:{name}"))
            if is_timed:
                columns.append((Code(f"ARRAY_AGG(`__ts`) {present}"), f"times:{name}"))
        return columns

    @property
    def partials(self) -> list[str]:
        """The names of a partial tile's columns, in their order."""
        assert self.plan.partials is not None  # a plan that Flink can run has them
        return [column.name for column in self.plan.partials.columns]


def _aggregates(state: State) -> list[tuple[str, str]]:
    column, nan = backquoted(state.input), is_nan(state.input)
    return [
        (field.name, field.flink.format(x=column, is_nan=nan)) for field in partial_fields(state)
    ]
