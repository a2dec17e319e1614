"""DuckDB SQL over the events of a batch.

It makes tiles of a level, values of buckets, and raw events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..plan.layout import BucketLayout
from ..plan.model import Column, EventLog, State
from ..plan.types import element, family, to_physical
from ..quoting import quoted
from ..states import TIME, fields_of
from .batches import REASON

_USABLE = f"{quoted(REASON)} IS NULL"
_TIME = quoted(TIME)


@dataclass(frozen=True)
class EventQueries:
    """The statements of one plan.

    They are the same for all of its sources.
    """

    keys: Sequence[Column]
    states: Sequence[State]

    def tiles(self) -> str:
        """Write the states of every key in every tile.

        The tiles are those of one level, whose size is $tile_ms.
        """
        states = [state for state in self.states if state.bucket is None]
        is_event = quoted("__event")
        flat = self._flat(states, f"true AS {is_event}", f"false AS {is_event}")
        events = f" FILTER (WHERE {is_event})" if flat else ""
        columns = [
            *self._place(bool(flat)),
            f"count(*){events} AS {quoted('__events')}",
            f"max({_TIME}){events} AS {quoted('__newest')}",
            *_fields(states),
        ]
        source = ["FROM flat"] if flat else ["FROM events", f"WHERE {_USABLE}"]
        return "\n".join([*flat, _select(columns), *source, "GROUP BY ALL"])

    def buckets(self, bucket: BucketLayout) -> str:
        """Write what those tiles keep for each bucket value."""
        states = [state for state in self.states if state.bucket == bucket.column]
        named = f"{quoted(bucket.column)} AS {quoted('__value')}"
        flat = self._flat(states, named, named)
        column = quoted("__value") if flat else quoted(bucket.column)
        inputs = dict.fromkeys(state.input for state in states)
        some = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in inputs)
        wheres = [f"{column} IS NOT NULL", f"({some})"]
        if not flat:
            wheres.insert(0, _USABLE)
        value = to_physical(_one_zero(column, bucket.type), bucket.type)
        columns = [
            *self._place(bool(flat)),
            f"{value} AS {quoted('__bucket')}",
            *_fields(states),
        ]
        return "\n".join(
            [
                *flat,
                _select(columns),
                f"FROM {'flat' if flat else 'events'}",
                f"WHERE {' AND '.join(wheres)}",
                "GROUP BY ALL",
            ]
        )

    def raw(self, events: EventLog) -> str:
        """Write the raw events, their values as tiles keep them."""
        inputs = [f"{_raw_value(column)} AS {quoted(column.name)}" for column in events.columns[1:]]
        columns = [*self._keys(is_flat=False), _TIME, *inputs]
        return "\n".join([_select(columns), "FROM events", f"WHERE {_USABLE}"])

    def _keys(self, is_flat: bool) -> list[str]:
        keys = []
        for key in self.keys:
            column = _key_beside_lists(key) if is_flat else quoted(key.name)
            value = f"CAST({_one_zero(column, key.type)} AS {key.type})"
            keys.append(f"{value} AS {quoted(f'key:{key.name}')}")
        return keys

    def _place(self, is_flat: bool) -> list[str]:
        """The keys and the tile's start."""
        start = f"{_TIME} - ({_TIME} % $tile_ms + $tile_ms) % $tile_ms"
        return [*self._keys(is_flat), f"{start} AS {quoted('__start')}"]

    def _flat(self, states: Sequence[State], of_event: str, of_element: str) -> list[str]:
        """Write the relation of events and of lists' elements.

        Events stand there without their lists. Where there are no lists, it is empty.

        States pass over nulls, so each input is a column of its own, null in all other rows.
        """
        plain = dict.fromkeys(state.input for state in states if not state.many)
        lists = dict.fromkeys(state.input for state in states if state.many)
        if not lists:
            return []
        # A key stands under another name, since as an input it counts once an event and not once
        # an element.
        keys = [f"{quoted(key.name)} AS {_key_beside_lists(key)}" for key in self.keys]
        selects = [[of_event, _TIME, *keys, *(quoted(name) for name in plain)]]
        for name in lists:
            selects.append([of_element, _TIME, *keys, f"unnest({quoted(name)}) AS {quoted(name)}"])
        parts = [
            f"  SELECT {', '.join(select)}\n  FROM events WHERE {_USABLE}" for select in selects
        ]
        return [
            "WITH flat AS (",
            "  -- Each event without its lists, then each element of each list by itself.",
            "\n  UNION ALL BY NAME\n".join(parts),
            ")",
        ]


def _select(columns: Sequence[str]) -> str:
    return "SELECT\n  " + ",\n  ".join(columns)


def _fields(states: Sequence[State]) -> list[str]:
    fields = []
    for state in states:
        for field in fields_of(state, quoted(state.input)):
            if field.sql is not None:
                fields.append(f"{field.sql} AS {quoted(f'{state.id}.{field.name}')}")
    return fields


def _key_beside_lists(key: Column) -> str:
    return quoted(f"__key:{key.name}")


def _one_zero(column: str, duckdb_type: str) -> str:
    # -0.0 equals 0.0 but has other bytes, and keys and buckets are told apart by their bytes.
    if family(duckdb_type) != "float":
        return column
    return f"CASE WHEN {column} = 0 THEN 0 ELSE {column} END"


def _raw_value(column: Column) -> str:
    """Write the value of an event's column for tiles.

    A list is written element by element.
    """
    if not column.type.endswith("[]"):
        return to_physical(quoted(column.name), column.type)
    value = to_physical("x", element(column.type))
    return f"list_transform({quoted(column.name)}, lambda x: {value})"
