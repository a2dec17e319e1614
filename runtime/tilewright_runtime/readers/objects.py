"""Events that Python holds: tables, frames and lists of dictionaries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from tilewright_compiler.plan.model import Column

from ..errors import InputError
from .batch import Batch, Position
from .inputs import Input, find_inputs


def inputs_of(events: Any, position: str | None = None) -> list[Input]:
    """The inputs that `Writer.write` is given: paths, globs, or events themselves.

    Raises InputError if a path names no file.
    """
    if isinstance(events, (str, Path)):
        return find_inputs([str(events)], position)
    if (
        isinstance(events, Sequence)
        and events
        and all(isinstance(item, (str, Path)) for item in events)
    ):
        return find_inputs([str(item) for item in events], position)
    return [_table_input(events, position)]


def _table_input(events: Any, position: str | None) -> Input:
    name = f"table {position}" if position else "table"

    def read(columns: Sequence[Column], start: Position, final: bool) -> Iterator[Batch]:
        from .columns import read_arrow

        names = [column.name for column in columns]
        yield from read_arrow(_arrow(events, names), names, replace(start, uri=name))

    return Input(name, f"table:{position}" if position else "", read)


def _arrow(events: Any, columns: Sequence[str]) -> Any:
    if hasattr(events, "__arrow_c_stream__"):
        return events
    if isinstance(events, Sequence) and all(isinstance(event, Mapping) for event in events):
        return pa.table({name: _column([event.get(name) for event in events]) for name in columns})
    raise InputError(
        f"events of type {type(events).__name__} cannot be read: give a path, an Arrow table, a "
        "frame or a list of dictionaries."
    )


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        # Values of several types: as text, so that the plan's SQL refuses just those that do not
        # fit.
        return pa.array(
            [None if value is None else _as_text(value) for value in values], pa.string()
        )


def _as_text(value: Any) -> str:
    return json.dumps(value, default=str) if isinstance(value, (list, tuple)) else str(value)
