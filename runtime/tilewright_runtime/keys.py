"""Keys of tiles: the entity's text, and the two forms of a whole key (text, and ordered bytes)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from tilewright_compiler.plan import EVENTS_NAME, Column
from tilewright_compiler.states import family

from .errors import KeyValueError

from tilewright.windows import format_duration  # isort: skip

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGN = 1 << 63
_ORDERED_TAIL = struct.Struct(">qQ")


def _text(value: Any) -> str:
    if not isinstance(value, str) or (not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)):
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
    except (TypeError, ValueError):
        raise TypeError("a time such as 2024-01-04T10:30:00Z") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return str((moment - _EPOCH) // timedelta(microseconds=1))


def _decimal(value: Any) -> str:
    if isinstance(value, (bool, float)):
        raise TypeError("a decimal such as '12.50'")
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise TypeError("a decimal such as '12.50'") from None
    if not number.is_finite():
        raise TypeError("a finite decimal")
    return format(number.normalize() + 0, "f")


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

    The text is injective and reversible: every component carries the tag of its type, and what is not an unreserved
    character of RFC 3986 is percent-encoded, so that no value can contain a separator. Raises KeyValueError.
    """
    codecs = [(column, *_CODECS[family(column.type) or "text"][:2]) for column in columns]

    def encode(values: Sequence[Any]) -> str:
        parts = []
        for (column, tag, canonical), value in zip(codecs, values, strict=True):
            try:
                parts.append(f"{tag}={quote(canonical(value), safe='')}")
            except TypeError as wrong:
                raise KeyValueError(f"key {column.name}: {value!r} is not {wrong}, which the plan's type {column.type} needs.") from None
        return ",".join(parts)

    return encode


def decode_entity(text: str) -> tuple[Any, ...]:
    """The key values of an entity's text; the inverse of what `entity_encoder` makes."""
    parts = [part.partition("=") for part in text.split(",")]
    return tuple(_DECODERS[tag](unquote(value)) for tag, _, value in parts)


def typed_keys(columns: Sequence[Column], texts: Mapping[str, str]) -> dict[str, Any]:
    """Key values from texts, as a command line has them, in the types of the plan. Raises KeyValueError."""
    values = decode_entity(entity_encoder(columns)(key_values(columns, texts)))
    return {column.name: value for column, value in zip(columns, values, strict=True)}


def key_values(columns: Sequence[Column], keys: Mapping[str, Any]) -> list[Any]:
    """The values of a request's keys in the plan's order; raises KeyValueError for a missing or unknown one."""
    try:
        values = [keys[column.name] for column in columns]
    except TypeError:
        raise KeyValueError(
            f"keys {keys!r} are not a mapping: give a value for each of {_names(columns)}, as in {{'name': value}}."
        ) from None
    except KeyError as missing:
        _refuse_unknown(columns, keys)
        raise KeyValueError(f"key {missing.args[0]!r} is missing: the plan's keys are {_names(columns)}.") from None
    if len(keys) > len(values):
        _refuse_unknown(columns, keys)
    return values


def _refuse_unknown(columns: Sequence[Column], keys: Mapping[str, Any]) -> None:
    for name in keys:
        if name not in {column.name for column in columns}:
            raise KeyValueError(f"key {name!r} is not in the plan: its keys are {_names(columns)}.")


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(column.name for column in columns)


def tile_id(start_ms: int, size_ms: int) -> str:
    """The id of a tile: its start in UTC, as short as its size allows."""
    return f"{_EPOCH + timedelta(milliseconds=start_ms):{tile_id_format(size_ms)}}"


def tile_id_format(size_ms: int) -> str:
    """The strftime form of the ids of a level."""
    for unit_ms, form in ((86_400_000, "%Y%m%d"), (3_600_000, "%Y%m%d%H"), (60_000, "%Y%m%d%H%M")):
        if size_ms % unit_ms == 0:
            return form
    return "%Y%m%d%H%M%S"


def text_key(group_by: str, entity: str, size: str, tile: str) -> str:
    """A whole key for stores of text keys; the braces make a Redis Cluster keep an entity's tiles together."""
    return f"tiles::{group_by}::{{{entity}}}::{size}::{tile}"


def size_name(size_ms: int) -> str:
    """What stands for a level in keys of text; a negative size is that of chunks of raw events, which all have one name."""
    return EVENTS_NAME if size_ms < 0 else format_duration(size_ms)


def tile_key(group_by: str, entity: str, size_ms: int, start_ms: int) -> str:
    """The whole key of a tile, or with a negative size of a chunk of raw events, as text."""
    return text_key(group_by, entity, size_name(size_ms), tile_id(start_ms, size_ms))


def text_prefix(group_by: str, entity: str, size_ms: int) -> str:
    """What the text keys of an entity's tiles of one level begin with."""
    return text_key(group_by, entity, size_name(size_ms), "")


def text_keys(group_by: str, size_ms: int, entities: Sequence[str], entity: Sequence[int], starts_ms: Sequence[int]) -> list[str]:
    """The text keys of many tiles of one level: tile i belongs to `entities[entity[i]]` and begins at `starts_ms[i]`."""
    prefixes = [text_prefix(group_by, text, size_ms) for text in entities]
    ids = {start: tile_id(start, size_ms) for start in set(starts_ms)}
    return [prefixes[which] + ids[start] for which, start in zip(entity, starts_ms, strict=True)]


def ordered_prefix(group_by: str, entity: str) -> bytes:
    """What all ordered keys of an entity begin with; neither part can hold a NUL."""
    return f"{group_by}\0{entity}\0".encode()


def ordered_tail(size_ms: int, start_ms: int) -> bytes:
    """The end of an ordered key: level, then start, so that the tiles of a cover are neighbours (16 bytes).

    Chunks of raw events, whose size is negative, come after all levels.
    """
    return _ORDERED_TAIL.pack(size_ms, start_ms + _SIGN)


def ordered_keys(group_by: str, size_ms: int, entities: Sequence[str], entity: Sequence[int], starts_ms: Sequence[int]) -> list[bytes]:
    """The ordered keys of many tiles of one level: tile i belongs to `entities[entity[i]]` and begins at `starts_ms[i]`."""
    prefixes = [ordered_prefix(group_by, text) + size_ms.to_bytes(8, "big", signed=True) for text in entities]
    starts = (np.asarray(starts_ms, dtype=np.int64) ^ np.int64(-_SIGN)).astype(">i8").tobytes()
    return [prefixes[which] + starts[at : at + 8] for which, at in zip(entity, range(0, len(starts), 8), strict=True)]


def parse_ordered_key(key: bytes) -> tuple[str, str, int, int]:
    """(group_by, entity, size_ms, start_ms) of an ordered key."""
    group_by, entity = key[:-17].decode().split("\0")
    size_ms, shifted = _ORDERED_TAIL.unpack(key[-16:])
    return group_by, entity, size_ms, shifted - _SIGN
