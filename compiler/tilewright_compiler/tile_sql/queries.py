"""The plan's tile aggregation as SQL of other engines.

One query gives usable and refused events, another the tiles of a level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ..expressions.binder import shared_binder
from ..expressions.transpile import RAW, NotPortable, overflowing, portable
from ..plan.model import Column, Plan, Source, State
from ..plan.types import family
from ..sql.dialects import SqlDialect
from ..sql.select import Select
from ..states import TIME, kind_of
from .embedded import only_embedded
from .rules import (
    FIRST_DAY,
    LAST_DAY,
    LAST_MOMENT,
    OVERFLOW,
    ColumnRule,
    calendar,
    column_rules,
    event_cases,
    event_rules,
)

START, REASON, MALFORMED = "__start", "__reason", "__malformed"

#: Years that an answer can show.
_CALENDARS = {
    "date": f"DATE '{FIRST_DAY}' AND DATE '{LAST_DAY}'",
    "timestamp": f"TIMESTAMP '{FIRST_DAY} 00:00:00' AND TIMESTAMP '{LAST_MOMENT}'",
}


class TileQueries:
    """The queries of one plan in one dialect."""

    def __init__(self, plan: Plan, dialect: SqlDialect) -> None:
        self.plan = plan
        self.dialect = dialect
        self._binder = shared_binder()
        types = {key.name: key.type for key in plan.keys} | {
            state.input: state.type for state in reversed(plan.states)
        }
        self._columns = [Column(name=name, type=kind) for name, kind in types.items()]

    def unsupported(self) -> list[str]:
        """Say why the dialect cannot compute the plan's tiles.

        Each reason is a sentence; there is none if it can.
        """
        reasons = dict.fromkeys(f"{reason}." for reason in only_embedded(self.plan))
        for source in self.plan.sources:
            reasons |= dict.fromkeys(self._reasons_of(source))
        for state in self.plan.states:
            if state.many:
                reasons[
                    f"the input {state.input} holds lists, whose elements only the embedded "
                    "writer counts so far."
                ] = None
            if state.bucket is not None:
                reasons[
                    f"the bucket column {state.bucket}: only the embedded writer keeps states by "
                    "bucket so far."
                ] = None
        return list(reasons)

    def _reasons_of(self, source: Source) -> Iterator[str]:
        selected = (source.selects[column.name] for column in self._columns)
        for text in (*selected, *source.wheres, source.time_column):
            try:
                self._written(text, source)
            except NotPortable as reason:
                yield f"source {source.name}: {reason}."

    def typed(self, source: Source, relation: str) -> Select:
        """Select a source's columns, and why rows cannot be used.

        The columns are those that its expressions use, cast from what files hold.

        The relation has a column `__malformed`: what is wrong with the row as a whole, or null.
        """
        name, literal = self.dialect.identifier, self.dialect.literal
        columns = self._used(source)
        selected: list[tuple[str, str | None]] = [
            (self.dialect.tried(name(column.name), column.type), name(column.name))
            for column in columns
        ]
        cases = [f"WHEN NOT {name(MALFORMED)} IS NULL THEN {name(MALFORMED)}"]
        for rule in column_rules(columns):
            cases.append(f"WHEN {self._misfit(rule)} THEN {literal(rule.reason + rule.hint)}")
        selected.append((f"CASE {' '.join(cases)} END", name(REASON)))
        return self._select(selected, relation)

    def _misfit(self, rule: ColumnRule) -> str:
        """Write when a column's value does not fit its type."""
        raw = self.dialect.identifier(rule.column.name)
        value = self.dialect.tried(raw, rule.column.type)
        conditions = [f"NOT {raw} IS NULL AND {value} IS NULL"]
        if rule.is_whole:
            conditions.append(f"{self.dialect.tried(raw, 'DOUBLE')} <> {value}")
        if rule.calendar is not None:
            conditions.append(f"NOT {value} BETWEEN {_CALENDARS[rule.calendar]}")
        return " OR ".join(conditions)

    def events(self, source: Source, relation: str, refusals: bool = False) -> Select:
        """Select a source's events, and why some cannot be used.

        It selects the keys, inputs and time of the events that the source's wheres keep. The reason
        is null for an event that can be used.

        `refusals` says that the relation has a column of reasons already, as that of `typed` has.
        """
        name = self.dialect.identifier
        selected = [(self._value(source, column), name(column.name)) for column in self._columns]
        selected.append((self._time(source), name(TIME)))
        if refusals:
            selected.append((self._with_overflows(source), name(REASON)))
        wheres = " AND ".join(f"({self._written(where, source)})" for where in source.wheres)
        if wheres and refusals:
            wheres = f"NOT {name(REASON)} IS NULL OR ({wheres})"
        inner = self._select(selected, relation, alias=name(RAW), where=wheres or None)
        columns = [(name(column.name), None) for column in self._columns]
        columns.append((name(TIME), None))
        reason = (self._reason(refusals), name(REASON))
        return self._select([*columns, reason], inner, alias="selected")

    def tiles(self, relation: str, size_ms: int) -> Select:
        """Select the tiles of one level, a row each.

        The columns are those of `states.tile_columns`, in their order.
        """
        name, time = self.dialect.identifier, self.dialect.identifier(TIME)
        start = (f"{time} - MOD({time}, {size_ms})", name(START))
        placed = self._select([("*", None), start], relation, where=f"{name(REASON)} IS NULL")
        keys = [self._one_zero(key) for key in self.plan.keys]
        values = [
            *keys,
            name(START),
            "COUNT(*)",
            f"MAX({time})",
            *(sql for state in self.plan.states for sql in self._fields(state)),
        ]
        items = zip(values, (name(alias) for alias in column_names(self.plan)), strict=True)
        return self._select(items, placed, alias="placed", group_by=(*keys, name(START)))

    def refused(self, relation: str) -> Select:
        """How many events cannot be used, by reason."""
        reason = self.dialect.identifier(REASON)
        items = [(reason, None), ("COUNT(*)", "refused")]
        return self._select(items, relation, where=f"NOT {reason} IS NULL", group_by=(reason,))

    def _select(
        self, items: Iterable[tuple[str, str | None]], source: str | Select, **parts: Any
    ) -> Select:
        return Select(self.dialect.name, tuple(items), source, **parts)

    def _written(self, text: str, source: Source) -> str:
        return portable(text, source, self.dialect)

    def _value(self, source: Source, column: Column) -> str:
        value = self.dialect.cast(self._written(source.selects[column.name], source), column.type)
        unit = calendar(column.type)
        if unit is None or self.dialect.short_calendar:
            return value
        return f"CASE WHEN {value} BETWEEN {_CALENDARS[unit]} THEN {value} END"

    def _with_overflows(self, source: Source) -> str:
        """Add the reasons of times and keys beyond their types."""
        reason = self.dialect.identifier(REASON)
        parts = {"time": source.time_column}
        parts |= {f"key {key.name}": source.selects[key.name] for key in self.plan.keys}
        cases = []
        for what, text in parts.items():
            condition = overflowing(text, source, self.dialect)
            if condition is not None:
                is_null = f"{reason} IS NULL AND ({self._written(text, source)}) IS NULL"
                why = self.dialect.literal(f"{what} {OVERFLOW}")
                cases.append(f"WHEN {is_null} AND ({condition}) THEN {why}")
        return f"CASE {' '.join(cases)} ELSE {reason} END" if cases else reason

    def _time(self, source: Source) -> str:
        types = {column.name: column.type for column in source.columns}
        kind = self._binder.bind(source.time_column, source.dialect, types).type
        return self.dialect.time(
            self._written(source.time_column, source),
            "TIMESTAMP" if kind.startswith("TIMESTAMP_") else kind,
        )

    def _used(self, source: Source) -> list[Column]:
        types = {column.name: column.type for column in source.columns}
        texts = (
            *(source.selects[column.name] for column in self._columns),
            *source.wheres,
            source.time_column,
        )
        used = {
            name
            for text in texts
            for name in self._binder.bind(text, source.dialect, types).columns
        }
        return [column for column in source.columns if column.name in used]

    def _reason(self, refusals: bool) -> str:
        name = self.dialect.identifier
        cases = [(f"NOT {name(REASON)} IS NULL", name(REASON))] * refusals
        ahead_ms = self.plan.late.max_ahead_ms
        rules = event_rules(self.plan.keys, TIME, ahead_ms if self.dialect.clock_ms else None)
        latest = f"{self.dialect.clock_ms} + {ahead_ms}"
        cases += event_cases(rules, name, self._is_nan, self.dialect.literal, latest)
        return f"CASE {' '.join(f'WHEN {condition} THEN {why}' for condition, why in cases)} END"

    def _is_nan(self, value: str) -> str:
        return self.dialect.is_nan.format(x=value)

    def _one_zero(self, key: Column) -> str:
        # -0.0 equals 0.0 but has other bytes, and the key of a tile is made of bytes.
        column = self.dialect.identifier(key.name)
        zero = self.dialect.cast("0", key.type)
        return (
            f"CASE WHEN {column} = 0 THEN {zero} ELSE {column} END"
            if family(key.type) == "float"
            else column
        )

    def _fields(self, state: State) -> list[str]:
        return kind_of(state).warehouse(self.dialect, self.dialect.identifier(state.input), state)


def column_names(plan: Plan) -> list[str]:
    """Name a result's columns.

    Some warehouses allow neither points and colons nor a name twice.
    """
    names = [column.replace(":", "_").replace(".", "_") for column in plan.tile_columns]
    counts = Counter(name.casefold() for name in names)
    return [
        name if counts[name.casefold()] == 1 else f"{name}_{index}"
        for index, name in enumerate(names)
    ]
