"""Entities: key values to the text that stands for them in keys, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from tilewright_compiler.plan.model import Column
from tilewright_compiler.plan.types import family

from ..errors import KeyValueError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The most that a DECIMAL has, before or after its point.
_DECIMAL_DIGITS = 38
_SIGN = 1 << 63


def _text(value: Any) -> str:
    if not isinstance(value, str) or (
        not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)
    ):
        raise TypeError("a text of Unicode")
    return value


def _integer(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError("an integer")
    try:
        number = int(value)
    except ValueError:
        raise TypeError("an integer") from None
    if not -_SIGN <= number < _SIGN:
        raise TypeError("an integer of 64 bits")
    return str(number)


def _double(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError("a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise TypeError("a number") from None
    if math.isnan(number):
        raise TypeError("a number other than NaN")
    return repr(number + 0.0)  # + 0.0 makes one zero of the two


def _boolean(value: Any) -> str:
    if isinstance(value, str) and value in ("true", "false"):
        return value
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return "true" if value else "false"


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        raise TypeError("a date such as 2024-01-04")
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError):
        raise TypeError("a date such as 2024-01-04") from None


def _timestamp(value: Any) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise TypeError("a time such as 2024-01-04T10:30:00Z") from None
    if utc != utc:  # pandas' missing time, which is a datetime too
        raise TypeError("a time such as 2024-01-04T10:30:00Z")
    return str((utc - _EPOCH) // timedelta(microseconds=1))


def _decimal(value: Any) -> str:
    if isinstance(value, (bool, float)):
        raise TypeError("a decimal such as '12.50'")
    try:
        number = Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        raise TypeError("a decimal such as '12.50'") from None
    if not number.is_finite():
        raise TypeError("a finite decimal")
    if number and not -_DECIMAL_DIGITS <= number.adjusted() < _DECIMAL_DIGITS:
        raise TypeError(f"a decimal of at most {_DECIMAL_DIGITS} digits")
    # Written out and not normalized, which would round to the digits of the ambient context.
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if number else "0"


#: family of the key's type -> (tag, Python value to canonical text, canonical text to Python value)
_CODECS: dict[str, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    "text": ("s", _text, str),
    "integer": ("i", _integer, int),
    "float": ("f", _double, float),
    "boolean": ("b", _boolean, lambda text: text == "true"),
    "date": ("d", _date, date.fromisoformat),
    "timestamp": ("t", _timestamp, lambda text: _EPOCH + timedelta(microseconds=int(text))),
    "decimal": ("n", _decimal, Decimal),
}
_DECODERS = {tag: decode for tag, _, decode in _CODECS.values()}

EntityEncoder = Callable[[Sequence[Any]], str]


def entity_encoder(columns: Sequence[Column]) -> EntityEncoder:
    """A function from the key values, in the plan's order, to the entity's text.

    The text is injective and reversible: every component carries the tag of its type, and what is
    not an unreserved character of RFC 3986 is percent-encoded, so that no value can contain a
    separator. Raises KeyValueError.
    """
    codecs = [(column, *_CODECS[family(column.type) or "text"][:2]) for column in columns]

    def encode(values: Sequence[Any]) -> str:
        parts = []
        for (column, tag, canonical), value in zip(codecs, values, strict=True):
            try:
                parts.append(f"{tag}={quote(canonical(value), safe='')}")
            except TypeError as wrong:
                raise KeyValueError(
                    f"key {column.name}: {value!r} is not {wrong}, which the plan's type "
                    f"{column.type} needs."
                ) from None
        return ",".join(parts)

    return encode


def decode_entity(text: str) -> tuple[Any, ...]:
    """The key values of an entity's text; the inverse of what `entity_encoder` makes."""
    parts = [part.partition("=") for part in text.split(",")]
    return tuple(_DECODERS[tag](unquote(value)) for tag, _, value in parts)


def typed_keys(columns: Sequence[Column], texts: Mapping[str, str]) -> dict[str, Any]:
    """Key values from texts, as a command line has them, in the types of the plan.

    Raises KeyValueError.
    """
    values = decode_entity(entity_encoder(columns)(key_values(columns, texts)))
    return {column.name: value for column, value in zip(columns, values, strict=True)}


def key_values(columns: Sequence[Column], keys: Mapping[str, Any]) -> list[Any]:
    """The values of a request's keys in the plan's order; raises KeyValueError for a missing or
    unknown one.
    """
    try:
        values = [keys[column.name] for column in columns]
    except TypeError:
        raise KeyValueError(
            f"keys {keys!r} are not a mapping: give a value for each of {_names(columns)}, as in "
            "{'name': value}."
        ) from None
    except KeyError as missing:
        _refuse_unknown(columns, keys)
        raise KeyValueError(
            f"key {missing.args[0]!r} is missing: the plan's keys are {_names(columns)}."
        ) from None
    if len(keys) > len(values):
        _refuse_unknown(columns, keys)
    return values


def _refuse_unknown(columns: Sequence[Column], keys: Mapping[str, Any]) -> None:
    for name in keys:
        if name not in {column.name for column in columns}:
            raise KeyValueError(f"key {name!r} is not in the plan: its keys are {_names(columns)}.")


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(column.name for column in columns)
