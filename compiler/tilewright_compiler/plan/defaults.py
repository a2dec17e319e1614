"""The values of `default=`.

They are written as JSON has them, and answered as values of the feature's type.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

_MAP = r"MAP\((.*?), (.*)\)"
#: narrow whole type -> its least and its greatest number; the others have 64 bits
_RANGES = {
    "TINYINT": (-(1 << 7), (1 << 7) - 1),
    "SMALLINT": (-(1 << 15), (1 << 15) - 1),
    "INTEGER": (-(1 << 31), (1 << 31) - 1),
    "UTINYINT": (0, (1 << 8) - 1),
    "USMALLINT": (0, (1 << 16) - 1),
    "UINTEGER": (0, (1 << 32) - 1),
}
_RANGE_OF_64_BITS = (-(1 << 63), (1 << 63) - 1)

_ITEMS = r"STRUCT\(item (.*), count BIGINT\)"


def default_value(written: Any, duckdb_type: str) -> Any:
    """Convert a default to a value of a DuckDB type.

    >>> default_value("1.5", "DECIMAL(12,2)")
    Decimal('1.50')

    Raises:
        ValueError: if it is none.
    """
    if duckdb_type.endswith("[]"):
        return [default_value(item, duckdb_type[:-2]) for item in _of(list, written)]
    if match := re.fullmatch(_MAP, duckdb_type):
        return {
            _key(key, match[1]): default_value(value, match[2])
            for key, value in _of(dict, written).items()
        }
    if match := re.fullmatch(_ITEMS, duckdb_type):
        types = {"item": match[1], "count": "BIGINT"}
        if set(_of(dict, written)) != set(types):
            raise ValueError(f"{written!r} has not the fields item and count")
        return {name: default_value(written[name], kind) for name, kind in types.items()}
    if duckdb_type.startswith("DECIMAL"):
        precision, scale = map(int, duckdb_type[8:-1].split(","))
        return _decimal(written, precision, scale)
    if plain := _PLAIN.get(duckdb_type):
        return plain(written)
    return _whole(written, *_RANGES.get(duckdb_type, _RANGE_OF_64_BITS))


def _of(kind: type, written: Any) -> Any:
    if not isinstance(written, kind):
        raise ValueError(f"{written!r} is not a {kind.__name__}")
    return written


def _key(written: Any, duckdb_type: str) -> Any:
    """Convert a map's key, which JSON writes as text."""
    if (
        duckdb_type == "VARCHAR"
        or not isinstance(written, str)
        or duckdb_type.startswith(("DECIMAL", "DATE", "TIMESTAMP"))
    ):
        return default_value(written, duckdb_type)
    return default_value(json.loads(written), duckdb_type)


def _whole(written: Any, least: int, greatest: int) -> int:
    if not isinstance(written, int) or isinstance(written, bool):
        raise ValueError(f"{written!r} is not a whole number")
    if not least <= written <= greatest:
        raise ValueError(f"{written!r} is not from {least} to {greatest}")
    return written


def _number(written: Any) -> int | float:
    if not isinstance(written, int | float) or isinstance(written, bool) or written - written != 0:
        raise ValueError(f"{written!r} is not a number")
    return written


def _double(written: Any) -> float:
    try:
        return float(_number(written))
    except OverflowError as too_large:
        raise ValueError(f"{written!r} does not fit a double") from too_large


def _float(written: Any) -> float:
    double = _double(written)
    try:
        struct.pack("<f", double)
    except OverflowError as too_large:
        raise ValueError(f"{written!r} does not fit a float") from too_large
    return double


def _decimal(written: Any, precision: int, scale: int) -> Decimal:
    from decimal import Context, Decimal, InvalidOperation  # few defaults are

    # Decimals have at most 38 digits. The caller's own context may round to fewer.
    context = Context(prec=38, traps=[InvalidOperation])
    try:
        exact = Decimal(_of(str, written) if isinstance(written, str) else str(_number(written)))
        fitting = exact.quantize(Decimal((0, (1,), -scale)), context=context)
    except InvalidOperation as wrong:
        raise ValueError(f"{written!r} is not a decimal") from wrong
    if fitting != exact or len(fitting.as_tuple().digits) > precision:
        raise ValueError(f"{written} does not fit decimal({precision},{scale})")
    return fitting


def _moment(written: Any) -> datetime:
    moment = datetime.fromisoformat(_of(str, written))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


#: type -> the value of what is written; the others are whole numbers
_PLAIN: dict[str, Callable[[Any], Any]] = {
    "DOUBLE": _double,
    "FLOAT": _float,
    "BOOLEAN": lambda written: _of(bool, written),
    "VARCHAR": lambda written: _of(str, written),
    "DATE": lambda written: date.fromisoformat(_of(str, written)),
    "TIMESTAMP": _moment,
    "TIMESTAMP WITH TIME ZONE": _moment,
}
