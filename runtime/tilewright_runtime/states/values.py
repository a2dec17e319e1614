"""Merged states, and how they become Python values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from tilewright_compiler.plan.types import decimal_scale, family

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)

#: Decimals have at most 38 digits. The caller's own context may round to fewer.
_DECIMALS = Context(prec=38, Emin=MIN_EMIN, Emax=MAX_EMAX)


@dataclass(slots=True)
class Merged:
    """The merged states of a window.

    They may be only those of the events with one value of a bucket column.
    """

    numbers: list[Any]
    """By word of the record; None where a first or last value is missing."""
    objects: dict[str, Any]
    """By field of changing length; None where no tile has the field."""


#: Computes the value of a feature.
Finalizer = Callable[[Merged], Any]


def to_python(duckdb_type: str) -> Callable[[Any], Any]:
    """Find the function that restores a value.

    It takes what a tile keeps of the value.
    """
    match family(duckdb_type):
        case "text":
            return _text
        case "boolean":
            return bool
        case "date":
            return lambda days: _EPOCH_DAY + timedelta(days=days)
        case "timestamp":
            return lambda micros: _EPOCH + timedelta(microseconds=micros)
        case "decimal":
            exponent = -decimal_scale(duckdb_type)
            return lambda unscaled: Decimal(unscaled).scaleb(exponent, _DECIMALS)
        case _:
            return lambda value: value


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
