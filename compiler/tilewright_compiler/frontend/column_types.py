"""Names of types in Spark SQL and in DuckDB."""

from __future__ import annotations

import re

from tilewright.suggestions import nearest

_SPARK = {
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "byte": "TINYINT",
    "smallint": "SMALLINT",
    "short": "SMALLINT",
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "long": "BIGINT",
    "float": "FLOAT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ltz": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
    "binary": "BLOB",
    "decimal": "DECIMAL(10,0)",
}
_SIZED_TEXT = re.compile(r"(?:varchar|char)\s*\(\s*[0-9]+\s*\)")
_ARRAY = re.compile(r"array\s*<(.*)>", re.DOTALL)
_DECIMAL = re.compile(r"(?:decimal|numeric|dec)\s*\(\s*([0-9]+)\s*(?:,\s*([0-9]+)\s*)?\)")

#: How messages name a type: as the author of Spark SQL would.
_SHOWN = {duckdb: spark for spark, duckdb in reversed(_SPARK.items())} | {
    "HUGEINT": "decimal(38,0)"
}


def duckdb_type(written: str) -> str:
    """Translate the name of a Spark type to DuckDB's.

    >>> duckdb_type("decimal(10, 2)"), duckdb_type("array<double>")
    ('DECIMAL(10,2)', 'DOUBLE[]')

    Raises ValueError if the type is unknown, with the nearest known one.
    """
    name = written.strip().lower()
    if name in _SPARK:
        return _SPARK[name]
    if _SIZED_TEXT.fullmatch(name):
        return "VARCHAR"
    if match := _DECIMAL.fullmatch(name):
        precision, scale = int(match[1]), int(match[2] or 0)
        if not 1 <= precision <= 38 or scale > precision:
            raise ValueError(
                f"{written!r} has {precision} digits, {scale} after the point. Write decimal(p,s) "
                "with s ≤ p ≤ 38."
            )
        return f"DECIMAL({precision},{scale})"
    if match := _ARRAY.fullmatch(name):
        if (elements := duckdb_type(match[1])).endswith("[]"):
            raise ValueError(
                f"{written!r} is a list of lists. Declare a list of plain values, such as "
                "array<double>."
            )
        return f"{elements}[]"
    raise ValueError(
        f"{written!r} is not a type of a column. "
        f"{nearest(name, [*_SPARK, 'decimal(18,2)', 'array<string>'])}"
    )


def spark_type(duckdb: str) -> str:
    """Name a DuckDB type as Spark SQL does.

    >>> spark_type("TIMESTAMP WITH TIME ZONE")
    'timestamp'
    """
    if duckdb.endswith("[]"):
        return f"array<{spark_type(duckdb[:-2])}>"
    return _SHOWN.get(duckdb, duckdb.lower())
