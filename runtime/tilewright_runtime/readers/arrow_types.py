"""Arrow's types: told apart, and brought down to a few."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

#: Why bytes are refused where a text belongs.
NOT_TEXT = "not UTF-8 text"
_MICROSECONDS_PER = {"s": 1_000_000, "ms": 1_000}
#: Digits of a decimal.
_MOST_DIGITS = 38
#: The largest number of microseconds that a timestamp or duration holds.
_LARGEST = 2**63 - 1


def family_of(kind: pa.DataType) -> str:
    """Name the family of a type.

    It is `integer`, `float`, `decimal`, `text`, and so on, or `nested`.
    """
    types = pa.types
    families = {
        "integer": types.is_integer,
        "float": types.is_floating,
        "boolean": types.is_boolean,
        "text": is_text,
        "binary": is_bytes,
        "date": types.is_date,
        "timestamp": types.is_timestamp,
        "time": types.is_time,
        "null": types.is_null,
        "nested": types.is_nested,
    }
    for name, is_one in families.items():
        if is_one(kind):
            return name
    if types.is_decimal(kind):
        # DuckDB has no wider decimals, and none whose scale is negative. Texts of its decimals
        # without a digit before the point lack the 0 there; `plain` gives them one if it can.
        is_held = kind.bit_width <= 128 and 0 <= kind.scale < _MOST_DIGITS
        return "decimal" if is_held else "wide decimal"
    return "duration" if types.is_duration(kind) or types.is_interval(kind) else "other"


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a type is one of texts."""
    types = pa.types
    return types.is_string(kind) or types.is_large_string(kind) or _named(kind, "string_view")


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether a type is one of bytes."""
    types = pa.types
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or _named(kind, "binary_view")
    )


def is_list(kind: pa.DataType) -> bool:
    """Tell whether a type is one of lists.

    A map is none.
    """
    types = pa.types
    return (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or str(kind).startswith(("list_view<", "large_list_view<"))
    )


def _named(kind: pa.DataType, name: str) -> bool:
    return str(kind) == name


def stored(array: pa.Array) -> pa.Array:
    """Unwrap an array that stands for other values.

    It may be encoded, extended or viewed.
    """
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return stored(_extended(array))
    if pa.types.is_dictionary(kind):
        # Arrow takes no views by their indices, which is how frames send categories.
        values = stored(array.dictionary)
        return stored(pa.DictionaryArray.from_arrays(array.indices, values).dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return stored(pc.run_end_decode(array))
    if _named(kind, "string_view"):
        return array.cast(pa.string())
    if _named(kind, "binary_view"):
        return array.cast(pa.binary())
    if pa.types.is_nested(kind) and "_view" in str(kind):
        # Arrow takes no rows of them, so that none could be left out.
        return pa.array(array.to_pylist(), _without_views(kind))
    return array


def _without_views(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_struct(kind):
        return pa.struct([field.with_type(_without_views(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_without_views(kind.key_type), _without_views(kind.item_type))
    if is_list(kind):
        return pa.list_(_without_views(kind.value_type))
    plain_types = {"string_view": pa.string(), "binary_view": pa.binary()}
    return plain_types.get(str(kind), kind)


def _extended(array: pa.ExtensionArray) -> pa.Array:
    if _extension(array.type) == "arrow.uuid":
        texts = [value and str(value) for value in map(_uuid, array.storage.to_pylist())]
        return pa.array(texts, pa.string())
    if _extension(array.type) == "arrow.bool8":
        return pc.not_equal(array.storage, 0)
    return array.storage


def _extension(kind: pa.DataType) -> str:
    return getattr(kind, "extension_name", "")


def _uuid(value: bytes | None) -> object:
    from uuid import UUID

    return None if value is None else UUID(bytes=value)


def plain(array: pa.Array) -> pa.Array:
    """Convert values to types that DuckDB reads.

    They stay in the same families. Times of nanoseconds are floored to microseconds; one that no 64
    bits hold becomes null.
    """
    array = stored(array)
    kind = array.type
    if pa.types.is_float16(kind):
        return array.cast(pa.float32())
    if family_of(kind) == "decimal":
        held = pa.decimal128(max(kind.precision, kind.scale + 1), kind.scale)
        return array if kind == held else array.cast(held)
    if pa.types.is_date64(kind):
        days = _floored(array.view(pa.int64()), 86_400_000)
        return days.cast(pa.int32(), safe=False).view(pa.date32())
    if pa.types.is_timestamp(kind):
        return _microseconds(array, pa.timestamp("us", kind.tz))
    if pa.types.is_duration(kind):
        return _microseconds(array, pa.duration("us"))
    if pa.types.is_time(kind):
        return array.cast(pa.time64("us"), safe=False)
    return array


def _microseconds(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    unit = array.type.unit
    counts = array.view(pa.int64())
    if unit == "ns":
        counts = _floored(counts, 1_000)
    elif unit in _MICROSECONDS_PER:
        factor = _MICROSECONDS_PER[unit]
        most = _LARGEST // factor
        held = pc.and_(pc.less_equal(counts, most), pc.greater_equal(counts, -most))
        counts = pc.multiply(pc.if_else(held, counts, None), factor)
    return counts.view(wanted) if array.type != wanted else array


def _floored(counts: pa.Array, divisor: int) -> pa.Array:
    # Arrow's division cuts off towards zero, which before 1970 is the next unit.
    quotient = pc.divide(counts, divisor)
    below = pc.less(pc.subtract(counts, pc.multiply(quotient, divisor)), 0)
    return pc.subtract(quotient, below.cast(pa.int64()))


def is_utf8(value: bytes | None) -> bool:
    """Tell whether bytes are text."""
    try:
        return value is None or value.decode() is not None
    except UnicodeDecodeError:
        return False
