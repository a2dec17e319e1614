"""Events that Python holds: tables, frames and lists of dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from tilewright_compiler.plan.model import Column, Source

from ..errors import InputError, shown
from .batch import Batch, Position
from .checks import require_columns, require_once
from .inputs import Input, find_inputs
from .python_values import column as column_of


def inputs_of(events: Any, position: str | None = None) -> list[Input]:
    """Find the inputs that `Writer.write` is given.

    They are paths, globs, or events themselves. Raises InputError if a path names no file, and for
    a position that is no text.
    """
    if position is not None and not isinstance(position, str):
        raise InputError(f"position {shown(position)} is no text. Give a name, such as 'day 7'.")
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

    def read(source: Source, start: Position) -> Iterator[Batch]:
        from .columns import read_arrow

        names = source.column_names
        yield from read_arrow(_arrow(events, source.columns), names, replace(start, uri=name))

    return Input(name, f"table:{position}" if position else "", read)


def _arrow(events: Any, columns: Sequence[Column]) -> Any:
    """Convert events to what Arrow can stream.

    If columns can be told apart, only those that are used are converted.
    """
    if _is_pandas(events):
        return _from_pandas(events, columns)
    if _is_polars(events):
        return _from_polars(events, columns)
    if hasattr(events, "__arrow_c_stream__"):
        return events
    if isinstance(events, Sequence) and all(isinstance(event, Mapping) for event in events):
        return _from_dictionaries(events, columns)
    raise _unreadable(events)


def _unreadable(events: Any) -> InputError:
    return InputError(
        f"events of type {type(events).__name__} cannot be read: give a path, an Arrow table, a "
        "frame or a list of dictionaries."
    )


def _is_pandas(events: Any) -> bool:
    return type(events).__module__.partition(".")[0] == "pandas"


def _from_pandas(frame: Any, columns: Sequence[Column]) -> pa.Table:
    if not hasattr(frame, "columns"):
        raise _unreadable(frame)
    present = [str(name) for name in frame.columns]
    names = [column.name for column in columns]
    require_columns(names, present)
    require_once(names, present)
    return pa.table({column.name: _from_series(frame, column) for column in columns})


def _from_series(frame: Any, column: Column) -> pa.Array:
    series = frame[column.name]
    # Arrow has for a period the number of it only.
    if series.dtype != object and not str(series.dtype).startswith("period"):
        try:
            return pa.array(series, from_pandas=True)
        except pa.ArrowException:
            pass  # such as sparse ones: value by value
    return column_of(column.name, series.tolist(), column.type)


def _is_polars(events: Any) -> bool:
    return type(events).__module__.partition(".")[0] == "polars" and hasattr(events, "get_column")


def _from_polars(frame: Any, columns: Sequence[Column]) -> pa.Table:
    names = [column.name for column in columns]
    require_columns(names, frame.columns)
    return pa.table({column.name: _from_polars_series(frame, column) for column in columns})


def _from_polars_series(frame: Any, column: Column) -> pa.ChunkedArray | pa.Array:
    series = frame.get_column(column.name)
    # Polars gives Arrow the addresses of objects.
    if "Object" not in str(series.dtype):
        try:
            return pa.chunked_array(series)
        except pa.ArrowException:
            pass  # a type that Arrow does not have, such as whole numbers of 128 bits
    return column_of(column.name, series.to_list(), column.type)


def _from_dictionaries(events: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> pa.Table:
    for column in columns:
        if events and not any(column.name in event for event in events):
            present: dict[str, None] = {}
            for event in events:
                present |= dict.fromkeys(map(str, event))
            require_columns([column.name], list(present))
    arrays = {}
    for column in columns:
        values = [event.get(column.name) for event in events]
        arrays[column.name] = column_of(column.name, values, column.type)
    return pa.table(arrays)
