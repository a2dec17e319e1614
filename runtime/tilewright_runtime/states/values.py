"""Merged states, and how they become Python values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tilewright_compiler.plan.types import decimal_scale, family

from ..plans.frozen import Slotted

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)


class Merged(Slotted):
    """The merged states of a window.

    They may be only those of the events with one value of a bucket column.
    """

    __slots__ = ("numbers", "objects")

    numbers: list[Any]
    """By word of the record; None where a first or last value is missing."""
    objects: dict[str, Any]
    """By field of changing length; None where no tile has the field."""

    def __init__(self, numbers: list[Any], objects: dict[str, Any]) -> None:
        self.numbers = numbers
        self.objects = objects


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
            return _to_decimal(-decimal_scale(duckdb_type))
        case _:
            return lambda value: value


def _to_decimal(exponent: int) -> Callable[[Any], Any]:
    from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal  # few plans have any

    # Decimals have at most 38 digits. The caller's own context may round to fewer.
    context = Context(prec=38, Emin=MIN_EMIN, Emax=MAX_EMAX)
    return lambda unscaled: Decimal(unscaled).scaleb(exponent, context)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
