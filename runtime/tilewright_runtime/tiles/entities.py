"""Entities: key values as text, and back."""

from __future__ import annotations

import math
import operator
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

from tilewright_compiler.plan.model import Column
from tilewright_compiler.plan.types import decimal_scale, family

from ..errors import KeyValueError, shown
from ..lazily import np

if TYPE_CHECKING:
    from decimal import Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGN = 1 << 63
_FLOAT = struct.Struct("<f")
_DATE_FORM, _TIME_FORM = "a date such as 2024-01-04", "a time such as 2024-01-04T10:30:00Z"

Canonical = Callable[[Any], str]


def _text(value: Any) -> str:
    if not isinstance(value, str) or (
        not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)
    ):
        raise TypeError("a text of Unicode")
    return value


def _integer(value: Any) -> str:
    if isinstance(value, bool):
        raise TypeError("an integer")
    try:
        number = int(value) if isinstance(value, str) else operator.index(value)
    except (ValueError, TypeError):
        raise TypeError("an integer") from None
    if not -_SIGN <= number < _SIGN:
        raise TypeError("an integer of 64 bits")
    return str(number)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Real)):
        raise TypeError("a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise TypeError("a number") from None
    if math.isnan(number):
        raise TypeError("a number other than NaN")
    return number + 0.0  # makes one zero of the two


def _double(value: Any) -> str:
    return repr(_number(value))


def _float(value: Any) -> str:
    """Write a number rounded to 32 bits.

    The writer's column rounds so, and 0.1 is found again.
    """
    try:
        packed = _FLOAT.pack(_number(value))
    except OverflowError:
        raise TypeError("a number of 32 bits") from None
    return repr(_FLOAT.unpack(packed)[0])


def _boolean(value: Any) -> str:
    if isinstance(value, str) and value in ("true", "false"):
        return value
    if not isinstance(value, bool) and not isinstance(value, np.bool_):
        raise TypeError("true or false")
    return "true" if value else "false"


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        raise TypeError(_DATE_FORM)
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError):
        raise TypeError(_DATE_FORM) from None


def _timestamp(value: Any) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return str(int((moment - _EPOCH) // timedelta(microseconds=1)))
    except OverflowError:
        raise TypeError("a time of the years 1 to 9999, in UTC") from None
    except (TypeError, ValueError):  # of pandas' NaT too
        raise TypeError(_TIME_FORM) from None


def _decimal(scale: int) -> Canonical:
    """Make the writer of decimals of one scale.

    They are written exactly. The caller's decimal context does not matter.
    """
    from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DecimalException  # few keys are

    # Decimals have at most 38 digits; a caller's own context may round to fewer.
    context = Context(prec=38, Emin=MIN_EMIN, Emax=MAX_EMAX)
    unit = Decimal(1).scaleb(-scale, context)

    def write(value: Any) -> str:
        if isinstance(value, (bool, float)):
            raise TypeError("a decimal such as '12.50'")
        try:
            number = Decimal(value)
            fitted = number.quantize(unit, context=context)
        except (DecimalException, TypeError, ValueError):
            raise TypeError("a finite decimal of so many digits, such as '12.50'") from None
        if fitted != number:
            raise TypeError("a decimal of so few digits after the point")
        return format(fitted.normalize(context), "f") if fitted else "0"

    return write


def _to_decimal(text: str) -> Decimal:
    from decimal import Decimal

    return Decimal(text)


def _to_time(text: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(text))


def _to_boolean(text: str) -> bool:
    return text == "true"


#: family of the key's type -> (tag, Python value to canonical text, canonical text to Python value)
_CODECS: dict[str, tuple[str, Canonical, Callable[[str], Any]]] = {
    "text": ("s", _text, str),
    "integer": ("i", _integer, int),
    "float": ("f", _double, float),
    "boolean": ("b", _boolean, _to_boolean),
    "date": ("d", _date, date.fromisoformat),
    "timestamp": ("t", _timestamp, _to_time),
}
_DECIMAL_TAG = "n"
_DECODERS = {tag: decode for tag, _, decode in _CODECS.values()} | {_DECIMAL_TAG: _to_decimal}

#: Tells texts that need no escapes much sooner than `quote`. Letters and digits, of which most are,
#: are told sooner still.
_is_plain = re.compile(r"[A-Za-z0-9_.~-]*", re.ASCII).fullmatch

EntityEncoder = Callable[[Sequence[Any]], str]


def entity_encoder(columns: Sequence[Column]) -> EntityEncoder:
    """Make the function from key values to an entity's text.

    The values come in the plan's order. The text is injective and reversible: every component
    carries the tag of its type, and what is not an unreserved character of RFC 3986 is
    percent-encoded, so no value can contain a separator. The function raises KeyValueError.
    """
    writers = list(map(_writer, columns))
    if len(writers) == 1:
        (write,) = writers
        return lambda values: write(values[0])
    return lambda values: ",".join(
        [write(value) for write, value in zip(writers, values, strict=True)]
    )


def keys_encoder(columns: Sequence[Column]) -> Callable[[Mapping[str, Any]], str]:
    """Make the writer of an entity, which raises KeyValueError."""
    if len(columns) != 1:
        encode = entity_encoder(columns)
        return lambda keys: encode(key_values(columns, keys))
    write, name = _writer(columns[0]), columns[0].name

    def encode_one(keys: Mapping[str, Any]) -> str:
        if type(keys) is dict and len(keys) == 1 and name in keys:
            return write(keys[name])
        return write(key_values(columns, keys)[0])

    return encode_one


def _writer(column: Column) -> Canonical:
    """Make the writer of a component of an entity."""
    tag, canonical = _codec(column.type)
    begin = f"{tag}="

    def write(value: Any) -> str:
        try:
            text = canonical(value)
        except TypeError as wrong:
            raise KeyValueError(
                f"key {column.name}: {shown(value)} is not {wrong}, which the plan's type "
                f"{column.type} needs."
            ) from None
        if (text.isalnum() and text.isascii()) or _is_plain(text):
            return begin + text
        return begin + _quote(text)

    return write


def _quote(text: str) -> str:
    from urllib.parse import quote  # most texts need no escapes, and most processes no addresses

    return quote(text, safe="")


def _codec(duckdb_type: str) -> tuple[str, Canonical]:
    """Find the tag of a type, and its canonical writer."""
    kind = family(duckdb_type) or "text"
    if kind == "decimal":
        return _DECIMAL_TAG, _decimal(decimal_scale(duckdb_type))
    tag, canonical, _ = _CODECS[kind]
    return tag, _float if duckdb_type == "FLOAT" else canonical


def decode_entity(text: str) -> tuple[Any, ...]:
    """Read the key values of an entity's text.

    It undoes what `entity_encoder` makes.
    """
    from urllib.parse import unquote

    parts = [part.partition("=") for part in text.split(",")]
    return tuple(_DECODERS[tag](unquote(value)) for tag, _, value in parts)


def typed_keys(columns: Sequence[Column], texts: Mapping[str, str]) -> dict[str, Any]:
    """Read key values from texts, in the plan's types.

    A command line has such texts. Raises KeyValueError.
    """
    values = decode_entity(entity_encoder(columns)(key_values(columns, texts)))
    return {column.name: value for column, value in zip(columns, values, strict=True)}


def key_values(columns: Sequence[Column], keys: Mapping[str, Any]) -> list[Any]:
    """List the values of a request's keys.

    They are in the plan's order. Raises KeyValueError if one is missing or unknown, or `keys` is no
    mapping.
    """
    if type(keys) is not dict:
        keys = _mapping(columns, keys)
    try:
        values = []
        for column in columns:  # no comprehension, which would be a call more for every fetch
            values.append(keys[column.name])
    except KeyError as missing:
        _refuse_unknown(columns, keys)
        raise KeyValueError(
            f"key {missing.args[0]!r} is missing: the plan's keys are {_names(columns)}."
        ) from None
    if len(keys) > len(values):
        _refuse_unknown(columns, keys)
    return values


def _mapping(columns: Sequence[Column], keys: Any) -> dict[Any, Any]:
    """Convert keys to a dictionary.

    They may be a mapping, or like one, such as a row of pandas.
    """
    try:
        return {name: keys[name] for name in keys.keys()}  # noqa: SIM118 - a Series yields values
    except (AttributeError, TypeError, KeyError):
        raise KeyValueError(
            f"keys {shown(keys)} are not a mapping: give a value for each of {_names(columns)}, "
            "as in {'name': value}."
        ) from None


def _refuse_unknown(columns: Sequence[Column], keys: Mapping[str, Any]) -> None:
    known = {column.name for column in columns}
    for name in keys:
        if name not in known:
            raise KeyValueError(
                f"key {shown(name)} is not in the plan: its keys are {_names(columns)}."
            )


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(column.name for column in columns)
