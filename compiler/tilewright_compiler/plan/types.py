"""How a tile keeps the values of a type.

It keeps them as whole numbers of 64 bits, as doubles, or as texts.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .layout import Dtype
from .script import PhysicalType

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}
_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
_OTHERS = {"BOOLEAN": "boolean", "VARCHAR": "text", "DATE": "date"}
#: Patterns are compiled for the plans that need them: that takes longer than all else here.
_DECIMAL = r"DECIMAL\((\d+),(\d+)\)"

_BASE = (
    r"(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|BOOLEAN|VARCHAR|DATE"
    r"|TIMESTAMP(?:_S|_MS|_NS)?(?: WITH TIME ZONE)?|DECIMAL\(\d{1,2},\d{1,2}\))"
)
_FIELD = rf'(?:"(?:[^"]|"")+"|\w+) {_BASE}'
_NESTED = rf"{_BASE}\[\]|MAP\({_BASE}, {_BASE}\)|STRUCT\({_FIELD}(?:, {_FIELD})*\)"
_DEEPEST_TYPE = 100

#: Integer sums are kept as hi * 2**32 + lo: neither part can overflow while tiles are merged.
LIMB = 1 << 32


@lru_cache(maxsize=4096)
def family(duckdb_type: str) -> str | None:
    """Name the family of a DuckDB type.

    Returns None where no state can hold the type. The families are `integer`, `float`, `decimal`
    (at most 18 digits), `boolean`, `text`, `date` and `timestamp`.
    """
    if duckdb_type in _INTEGERS:
        return "integer"
    if duckdb_type in _FLOATS:
        return "float"
    if duckdb_type in _TIMESTAMPS:
        return "timestamp"
    if duckdb_type in _OTHERS:
        return _OTHERS[duckdb_type]
    match = re.fullmatch(_DECIMAL, duckdb_type)
    return "decimal" if match is not None and int(match[1]) <= 18 else None


def is_type(duckdb_type: str) -> bool:
    """Tell whether a text names a type of an answer.

    Such a type is plain, or made of plain ones.

    >>> is_type("MAP(VARCHAR, STRUCT(item DATE, count BIGINT)[])"), is_type("INTEGER); DROP")
    (True, False)
    """
    if family(duckdb_type) not in (None, "decimal"):
        return True
    text = duckdb_type
    for _ in range(_DEEPEST_TYPE):
        if re.fullmatch(_BASE, text):
            return True
        # From the inside out, each part that is a type becomes a short one.
        shorter = re.sub(_NESTED, "DATE", text)
        if shorter == text:
            return False
        text = shorter
    return False


def element(duckdb_type: str) -> str:
    """Name the type of what is aggregated.

    For a list it is the type of its elements, otherwise the type itself.
    """
    return duckdb_type.removesuffix("[]")


def decimal_scale(duckdb_type: str) -> int:
    """Count the digits after a DECIMAL type's point."""
    match = re.fullmatch(_DECIMAL, duckdb_type)
    if match is None:
        raise ValueError(f"{duckdb_type} is not a decimal type")
    return int(match[2])


def to_physical(column: str, duckdb_type: str) -> str:
    """Write the SQL of what a tile keeps.

    It is a BIGINT, a DOUBLE or a VARCHAR.
    """
    match family(duckdb_type):
        case "float":
            return f"CAST({column} AS DOUBLE)"
        case "text":
            return column
        case "date":
            return f"CAST({column} - DATE '1970-01-01' AS BIGINT)"
        case "timestamp":
            return f"epoch_us({column})"
        case "decimal":
            scale = decimal_scale(duckdb_type)
            return f"CAST(CAST({column} AS DECIMAL(38,{scale})) * {10**scale} AS BIGINT)"
        case _:
            return f"CAST({column} AS BIGINT)"


def physical_type(duckdb_type: str) -> PhysicalType:
    """Name the type as which a tile keeps values.

    >>> physical_type("DATE")
    'BIGINT'
    """
    by_family: dict[str, PhysicalType] = {"float": "DOUBLE", "text": "VARCHAR"}
    return by_family.get(family(duckdb_type) or "", "BIGINT")


def fixed_dtype(duckdb_type: str) -> Dtype | None:
    """Name the eight bytes of a value.

    Returns None for a text, whose length changes.
    """
    by_type: dict[PhysicalType, Dtype | None] = {"BIGINT": "i64", "DOUBLE": "f64", "VARCHAR": None}
    return by_type[physical_type(duckdb_type)]
