"""How a tile keeps the values of a type."""

from __future__ import annotations

import pytest

from tilewright_compiler.plan.types import decimal_scale, element, family, fixed_dtype, to_physical

FAMILIES = {
    "integer": ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"],
    "float": ["FLOAT", "DOUBLE"],
    "decimal": ["DECIMAL(1,0)", "DECIMAL(18,3)"],
    "boolean": ["BOOLEAN"],
    "text": ["VARCHAR"],
    "date": ["DATE"],
    "timestamp": ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"],
    None: ["DECIMAL(19,3)", "HUGEINT", "UBIGINT", "BLOB", "VARCHAR[]", "TIME", "STRUCT(a INTEGER)"],
}


@pytest.mark.parametrize(("of", "types"), FAMILIES.items())
def test_a_type_has_a_family(of: str | None, types: list[str]) -> None:
    """Decimals of at most 18 digits fit 64 bits; what does not has no family."""
    assert {family(name) for name in types} == {of}


def test_a_list_is_aggregated_by_its_elements() -> None:
    """One pair of brackets is taken off."""
    assert [element(name) for name in ("BIGINT", "BIGINT[]", "BIGINT[][]")] == [
        "BIGINT",
        "BIGINT",
        "BIGINT[]",
    ]


def test_the_scale_of_a_decimal() -> None:
    """The second number, and an error for another type."""
    assert [decimal_scale("DECIMAL(12,3)"), decimal_scale("DECIMAL(18,0)")] == [3, 0]
    with pytest.raises(ValueError, match="DOUBLE is not a decimal type"):
        decimal_scale("DOUBLE")


@pytest.mark.parametrize(
    ("type_", "sql", "kept"),
    [
        ("INTEGER", "CAST(x AS BIGINT)", "i64"),
        ("BOOLEAN", "CAST(x AS BIGINT)", "i64"),
        ("FLOAT", "CAST(x AS DOUBLE)", "f64"),
        ("VARCHAR", "x", None),
        ("DATE", "CAST(x - DATE '1970-01-01' AS BIGINT)", "i64"),
        ("TIMESTAMP", "epoch_us(x)", "i64"),
        ("DECIMAL(9,2)", "CAST(CAST(x AS DECIMAL(38,2)) * 100 AS BIGINT)", "i64"),
    ],
)
def test_what_is_kept_of_a_value(type_: str, sql: str, kept: str | None) -> None:
    """Whole numbers of 64 bits, doubles or texts."""
    assert (to_physical("x", type_), fixed_dtype(type_)) == (sql, kept)
