"""Turns Python's values into columns."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from tilewright_compiler.plan.types import element

from ..errors import InputError, shown

#: Classes whose values Arrow takes one for one, if a column holds no other.
_PLAIN = {bool, int, float, str, bytes, Decimal, date, datetime, time, timedelta, pa.MonthDayNano}
#: Classes none of whose values is missing.
_ALWAYS_THERE = {bool, int, str, bytes, date, datetime, time, timedelta, dict, list, tuple}
_LISTS = (list, tuple, set, frozenset, range, np.ndarray)
#: What pandas calls missing; it is told by its name, since pandas need not be there.
_PANDAS_MISSING = {"NaTType", "NAType"}


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for none.

    None, NaN, NaT and NA do.
    """
    match value:
        case None:
            return True
        case float() | np.floating():
            return bool(value != value)
        case Decimal():
            return value.is_nan()
        case np.datetime64() | np.timedelta64():
            return bool(np.isnat(value))
        case _:
            return type(value).__name__ in _PANDAS_MISSING


def column(name: str, values: Sequence[Any], kind: str) -> pa.Array:
    """Make a column of values for a declared DuckDB type.

    Values of one class keep their type. Values of several become texts, so that only those which do
    not fit are refused. Raises InputError if a value is of a class that no column takes.
    """
    classes = set(map(type, values))
    if not classes <= {type(None), *_ALWAYS_THERE}:
        values = list(map(_scalar, values))
        values = [None if is_missing(value) else value for value in values]
        classes = set(map(type, values))
    classes.discard(type(None))
    if kind.endswith("[]") and classes and all(map(_is_list_class, classes)):
        return _list_column(name, values, element(kind))
    if len(classes) == 1 and not _mixes_zones(classes, values):
        try:
            if (only := classes.pop()) in _PLAIN or issubclass(only, np.number | np.bool_):
                return pa.array(values)
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError):
            pass  # as texts below, such as infinite decimals
    return pa.array([_encoded(name, row, value) for row, value in enumerate(values, 1)])


def _scalar(value: Any) -> Any:
    """Take the value out of an array that has no dimension."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def _is_list_class(kind: type) -> bool:
    return issubclass(kind, _LISTS) and kind is not pa.MonthDayNano


def _mixes_zones(classes: set[type], values: Iterable[Any]) -> bool:
    # Arrow would take a time of a zone among times without one for one without.
    if classes != {datetime}:
        return False
    return len({value.tzinfo is None for value in values if value is not None}) == 2


def _list_column(name: str, values: Sequence[Any], kind: str) -> pa.Array:
    lengths = [0 if value is None else len(value) for value in values]
    elements = [part for value in values if value is not None for part in value]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    missing = pa.array([value is None for value in values], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets), column(name, elements, kind), mask=missing)


def _encoded(name: str, row: int, value: Any) -> bytes | None:
    """Encode a value's text.

    A lone surrogate stays, and the result is then no UTF-8.
    """
    if value is None or isinstance(value, (bytes, bytearray, memoryview)):
        return None if value is None else bytes(value)
    try:
        return text_of(value).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as wrong:  # bytes in a list, to be refused like others
        return bytes(wrong.object)
    except RecursionError:
        raise InputError(
            f"row {row}: the column {name} holds a value that is nested too deeply, or in itself."
        ) from None
    except TypeError:
        raise InputError(
            f"row {row}: the column {name} holds {shown(value)}, of the class "
            f"{type(value).__name__}, which no column takes. Make it a text or a number."
        ) from None


def text_of(value: Any) -> str:
    """Write a value as a file would.

    Numbers are written in full, times in ISO 8601, the rest as JSON. Raises TypeError if its class
    has no such form.
    """
    match value:
        case str():
            return str(value)
        case bool() | np.bool_():
            return "true" if value else "false"
        case int():
            return str(Decimal(value))  # str(int) ends at 4,300 digits
        case float():
            return repr(float(value))
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode()
        case np.timedelta64():
            return text_of(value.astype("timedelta64[us]").item())
        case np.datetime64() if isinstance(moment := _moment(value), (date, datetime)):
            return text_of(moment)
        case Decimal() | UUID() | np.datetime64() | np.floating():
            return str(value)  # of a number the shortest text of its width
        case np.generic():
            return text_of(value.item())
        case Enum():
            return text_of(value.value)
        case datetime():
            return _moment_text(value)
        case time():
            return _time_text(value)
        case date():
            return value.isoformat()
        case timedelta():
            return _duration_text(value)
        case Mapping() | list() | tuple() | set() | frozenset() | range() | np.ndarray():
            return json.dumps(_json(value), ensure_ascii=False, separators=(",", ":"))
        case _:
            raise TypeError(type(value).__name__)


def _moment(value: np.datetime64) -> Any:
    """Make Python's date or time of NumPy's, whatever its unit."""
    is_date = np.datetime_data(value.dtype)[0] in ("Y", "M", "W", "D")
    return value.astype("datetime64[D]" if is_date else "datetime64[us]").item()


def _moment_text(value: datetime) -> str:
    """Write a time as DuckDB does, in UTC."""
    zone = ""
    if value.tzinfo is not None:
        try:
            value, zone = value.astimezone(UTC), "+00"
        except OverflowError:  # Python has no such year; the cast says whether there is one
            return value.isoformat(" ")
    return _without_zeros(value.replace(tzinfo=None).isoformat(" ", "microseconds")) + zone


def _time_text(value: time) -> str:
    """Write a time of day, and its zone if any."""
    text = value.replace(tzinfo=None).isoformat()
    return _without_zeros(text) + value.isoformat()[len(text) :]


def _duration_text(value: timedelta) -> str:
    """Write a duration as DuckDB does, in hours."""
    seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = _without_zeros(f"{hour:02}:{minute:02}:{second:02}.{micros:06}")
    return f"-{text}" if value < timedelta(0) else text


def _without_zeros(text: str) -> str:
    """Shorten the fraction of a second."""
    return text.rstrip("0").removesuffix(".") if "." in text else text


def _json(value: Any) -> Any:
    """Write a value as JSON has it.

    What JSON has no word for is a text, and what is missing is null.
    """
    value = _scalar(value)
    if is_missing(value):
        return None
    if isinstance(value, Mapping):
        return {text_of(key): _json(part) for key, part in value.items()}
    if isinstance(value, _LISTS):
        return [_json(part) for part in _parts(value)]
    if isinstance(value, (bool, int, str)) and not isinstance(value, Enum):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, (np.integer, np.bool_)):
        return value.item()
    return text_of(value)


def _parts(value: Any) -> Collection[Any]:
    parts: Collection[Any] = value.tolist() if isinstance(value, np.ndarray) else value
    return parts
