"""What a Flink job does with one source's events."""

from __future__ import annotations

from functools import cached_property

from sqlglot import exp

from ...expressions.binder import shared_binder
from ...expressions.flink.expressions import Translated, to_flink
from ...expressions.flink.reading import converted, selected, time_ms
from ...plan.clocks import FLINK_CLOCK
from ...plan.model import Column, Plan, Source
from ...plan.topics import parse_topic
from ...sql.tree import Node
from ...templates import Code
from ...tile_sql.rules import END_MS, OVERFLOW, ColumnRule, column_rules
from .fields import is_unreadable, is_unreadable_text, raw, sql, value


def columns_of(plan: Plan) -> list[Column]:
    """List the keys and inputs, each once."""
    types = {key.name: key.type for key in plan.keys} | {
        state.input: state.type for state in reversed(plan.states)
    }
    return [Column(name=name, type=kind) for name, kind in types.items()]


def latest_time(plan: Plan) -> str:
    """Write the latest time that an event may have."""
    return f"{FLINK_CLOCK} + {plan.late.max_ahead_ms}"


class Read:
    """What the job does with the events of one source."""

    def __init__(self, plan: Plan, source: Source) -> None:
        self.name = source.name
        self._keys = [key.name for key in plan.keys]
        self._latest = latest_time(plan)
        self.kafka = parse_topic(source.topic) if source.topic is not None else None
        self.path = source.table
        self._types = {column.name: column.type for column in source.columns}
        self._parts = {
            column: to_flink(source.selects[column.name], source, shared_binder())
            for column in columns_of(plan)
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

        They are 0 where they are none, or too far ahead of the clock, or where the wheres leave the
        event out: those must not move the watermark.

        Times before the first usable one move it nowhere. The expression stands once, for Flink
        computes it as often as it stands.
        """
        end = f"LEAST({END_MS}, {self._latest})"
        ms = f"COALESCE(MOD(LEAST({self._of_texts(self._ms())}, {end}), {end}), 0)"
        if not self._wheres:
            return Code(ms)
        wheres = " AND ".join(f"({self._of_texts(where.tree)})" for where in self._wheres)
        unreadable = "".join(
            f" OR ({is_unreadable_text(rule.column.name, rule.column.type)})"
            for rule in self._column_rules()
        )
        return Code(f"CASE WHEN ({wheres}){unreadable} THEN {ms} ELSE 0 END")

    def _of_texts(self, tree: Node) -> str:
        """Write a tree of typed fields over their texts."""
        whole = exp.paren(tree)
        for column in list(whole.find_all(exp.Column)):
            column.replace(exp.var(f"({value(column.name, self._types[column.name])})"))
        return sql(whole.this)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The fields that are no texts, with their texts' columns."""
        return [(name, raw(name)) for name in self.fields if self._types[name] != "VARCHAR"]

    @property
    def typed(self) -> list[tuple[Code, str]]:
        """Each field as a value of its type."""
        return [(Code(value(name, self._types[name])), name) for name in self.fields]

    @cached_property
    def unreadable(self) -> list[tuple[Code, str]]:
        """The conditions of unreadable fields, with their reasons."""
        return [
            (Code(is_unreadable(rule.column.name, rule.column.type)), rule.reason)
            for rule in self._column_rules()
        ]

    def _column_rules(self) -> list[ColumnRule]:
        return column_rules([Column(name=name, type=self._types[name]) for name in self.fields])

    @property
    def overflowing(self) -> list[tuple[Code, str]]:
        """When times and keys go beyond their types, and why."""
        parts = {"time": self._time}
        for column, part in self._parts.items():
            if column.name in self._keys:
                parts[f"key {column.name}"] = part
        overflows = []
        for what, part in parts.items():
            if part.overflow is not None:
                overflows.append((Code(part.overflow), f"{what} {OVERFLOW}"))
        return overflows

    @property
    def content(self) -> list[tuple[str, str]]:
        """(field, the column that holds it as it came)."""
        raws = dict(self.texts)
        return [(name, raws.get(name, name)) for name in self.fields]

    @property
    def selected(self) -> list[tuple[Code, str]]:
        """The keys and inputs, in the types of the plan."""
        return [
            (Code(sql(_selected(part, column.type))), column.name)
            for column, part in self._parts.items()
        ]

    @property
    def wheres(self) -> list[Code]:
        """The conditions of the events that count."""
        return [Code(where.sql) for where in self._wheres]

    @property
    def ms(self) -> Code:
        """Epoch milliseconds over typed fields."""
        return Code(sql(self._ms()))

    def _ms(self) -> Node:
        return time_ms(self._time.tree, self._time.type)


def _selected(part: Translated, wanted: str) -> Node:
    is_field = isinstance(part.tree, exp.Column)
    return converted(selected(part.tree, part.type, is_field), part.type, wanted)
