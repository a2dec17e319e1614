"""Partial tiles that a stream engine would make of some events: its SQL done in Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tilewright_compiler.plan.model import Plan, State
from tilewright_compiler.plan.types import LIMB, decimal_scale, physical_type
from tilewright_compiler.tile_sql.partials import collected_inputs, partial_fields
from tilewright_runtime.engines.flink.partials import PartialTiles

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_physical(value: Any, kind: str) -> Any:
    """What a tile keeps of a value."""
    match value:
        case None | str() | float():
            return value
        case Decimal():
            return int(value.scaleb(decimal_scale(kind)))
        case datetime():
            return (value - _EPOCH) // timedelta(microseconds=1)
        case date():
            return (value - date(1970, 1, 1)).days
    return int(value)


def rows(plan: Plan, events: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of tiles, made in the way of a stream engine."""
    partials = PartialTiles(plan)
    return partials.finish(partial_tiles(plan, events, partials.schema))


def partial_tiles(plan: Plan, events: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Partial tiles of the finest level, one row each."""
    size_ms = plan.levels[-1].size_ms
    tiles: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        keys = tuple(to_physical(event[key.name], key.type) for key in plan.keys)
        tiles[*keys, event["ts"] // size_ms * size_ms].append(event)
    rows = [_row(plan, tile, of_tile) for tile, of_tile in tiles.items()]
    return pa.Table.from_pylist(
        [dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema
    )


def _row(plan: Plan, tile: tuple[Any, ...], events: Sequence[Mapping[str, Any]]) -> list[Any]:
    row = [*tile, len(events), max(event["ts"] for event in events)]
    for state in plan.states:
        values = [
            to_physical(event[state.input], state.type)
            for event in events
            if event[state.input] is not None
        ]
        row += [_field(state, field.name, values) for field in partial_fields(state)]
    for name, (kind, is_timed) in collected_inputs(plan.states).items():
        present = [event for event in events if event[name] is not None]
        row.append([to_physical(event[name], kind) for event in present] or None)
        if is_timed:
            row.append([event["ts"] for event in present] or None)
    return row


def _field(state: State, field: str, values: Sequence[Any]) -> Any:
    numbers = [value for value in values if value == value]
    match field:
        case "n":
            return len(values)
        case "sum":
            return sum(values, 0.0)
        case "hi":
            return sum(map(_high, values))
        case "lo":
            return sum(value - LIMB * _high(value) for value in values)
        case "nan":
            return len(values) - len(numbers)
    extreme, empty = (min, (1 << 63) - 1) if state.kind == "min" else (max, -(1 << 63))
    return extreme(numbers) if numbers else empty if physical_type(state.type) == "BIGINT" else None


def _high(value: int) -> int:
    """The quotient towards zero, as SQL has it."""
    return abs(value) // LIMB * (1 if value >= 0 else -1)
