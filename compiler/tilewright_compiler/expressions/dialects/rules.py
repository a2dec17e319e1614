"""What of each dialect's own documentation agrees with DuckDB."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rules:
    """How a dialect computes what is taken of it."""

    equals_texts: bool = False
    """Whether texts are equal only if their characters are, whatever the collation."""
    orders_texts: bool = False
    """Whether texts are ordered by their characters' numbers, whatever the collation."""
    joins_texts: bool = False
    """Whether `||` puts texts together, and gives null if one is."""
    counts_characters: bool = False
    """Whether LENGTH counts characters, and not bytes."""
    divides: str = ""
    """How `/` divides whole numbers: "whole" cuts the fraction off, "double" keeps it."""
    divides_floats: bool = False
    """Whether a float divided by 0 is no number: an error, which is null here."""
    divides_nan_by_zero: bool = False
    """Whether NaN divided by 0 is NaN, and no error."""
    nan_is_unequal: bool = False
    """Whether NaN is neither equal to itself nor greater than all numbers."""
    computes_bigints: bool = False
    """Whether sums and products of whole numbers go on beyond 32 bits."""
    keeps_negated: bool = False
    """Whether the opposite of a whole number has no more bits than the number."""
    has_bigints_only: bool = False
    """Whether every whole number has 64 bits or more, whatever its type is called."""
    ignores_blanks: bool = False
    """Whether blanks at the end count for nothing where texts are compared."""
    casts_texts: bool = False
    """Whether a text type without a length holds every text."""
    has_long_chars: bool = False
    """Whether CHAR without a length holds more than one character."""
    compares_exactly: bool = False
    """Whether whole numbers and floats are compared as they are, and not as doubles."""
    skips_nulls: bool = False
    """Whether a null in the list of IN counts for nothing."""
    empty_is_null: bool = False
    """Whether the empty text is null."""
    ends_beyond_doubles: bool = False
    """Whether arithmetic beyond the range of doubles is an error, which is null here."""
    ends_below_doubles: bool = False
    """Whether a product or quotient too near to 0 is an error too."""
    nan_is_null: bool = False
    """Whether arithmetic gives null in place of NaN."""
    exponents_are_decimals: bool = False
    """Whether 1e3 is a decimal."""
    points_are_doubles: bool = False
    """Whether 0.1 is a double."""
    parts_are_fractions: bool = False
    """Whether the year of a time is a number with a fraction, so that a division keeps one."""
    mod_is_float: bool = False
    """Whether mod(a, b) makes floats of whole numbers, and `%` does not."""
    mod_of_zero_is_dividend: bool = False
    """Whether mod(a, 0) is a."""
    doubles_are_decimals: bool = False
    """Whether DOUBLE PRECISION keeps more digits than a double has."""


_POSTGRES = Rules(
    equals_texts=True,
    casts_texts=True,
    joins_texts=True,
    counts_characters=True,
    divides="whole",
    divides_floats=True,
    divides_nan_by_zero=True,
    ends_beyond_doubles=True,
    ends_below_doubles=True,
    exponents_are_decimals=True,
    parts_are_fractions=True,
)
_TRINO = Rules(
    equals_texts=True,
    casts_texts=True,
    orders_texts=True,
    joins_texts=True,
    counts_characters=True,
    divides="whole",
)
_MYSQL = Rules(
    computes_bigints=True,
    has_bigints_only=True,
    casts_texts=True,
    has_long_chars=True,
    ends_beyond_doubles=True,
)
#: Of other dialects only numbers, conditions and comparisons are taken.
_RULES: dict[str, Rules] = {
    # Texts have collations of the database; bytes of texts decide whether they are equal.
    "postgres": _POSTGRES,
    # LEN ignores spaces at the end of CHAR, and comparisons those of VARCHAR too. Both VARCHAR and
    # TEXT have 256 bytes.
    "redshift": Rules(
        equals_texts=True,
        ignores_blanks=True,
        joins_texts=True,
        divides="whole",
        divides_floats=True,
        ends_beyond_doubles=True,
        ends_below_doubles=True,
        exponents_are_decimals=True,
        parts_are_fractions=True,
    ),
    # Presto has changed how it compares NaN.
    "presto": _TRINO,
    **dict.fromkeys(("trino", "athena"), replace(_TRINO, nan_is_unequal=True)),
    "bigquery": Rules(
        equals_texts=True,
        casts_texts=True,
        orders_texts=True,
        joins_texts=True,
        counts_characters=True,
        divides="double",
        divides_floats=True,
        nan_is_unequal=True,
        computes_bigints=True,
        has_bigints_only=True,
        ends_beyond_doubles=True,
        points_are_doubles=True,
    ),
    # `/` of whole numbers is a decimal with six digits.
    "snowflake": Rules(
        equals_texts=True,
        casts_texts=True,
        orders_texts=True,
        joins_texts=True,
        counts_characters=True,
        computes_bigints=True,
        has_bigints_only=True,
        exponents_are_decimals=True,
    ),
    # A sum has twice the bits of its parts, up to 64.
    "clickhouse": Rules(
        equals_texts=True,
        orders_texts=True,
        casts_texts=True,
        has_long_chars=True,
        nan_is_unequal=True,
        computes_bigints=True,
        keeps_negated=True,
        compares_exactly=True,
        skips_nulls=True,
        points_are_doubles=True,
    ),
    # They compute whole numbers in 64 bits.
    **dict.fromkeys(("mysql", "singlestore"), _MYSQL),
    # A sum of ints is a bigint.
    **dict.fromkeys(("doris", "starrocks"), Rules(computes_bigints=True)),
    "druid": Rules(computes_bigints=True, has_bigints_only=True, empty_is_null=True),
    **dict.fromkeys(("tsql", "fabric"), Rules(ends_beyond_doubles=True)),
    "sqlite": Rules(
        computes_bigints=True,
        has_bigints_only=True,
        casts_texts=True,
        has_long_chars=True,
        compares_exactly=True,
        nan_is_null=True,
        points_are_doubles=True,
        mod_is_float=True,
    ),
    # Whole numbers are decimals of 18 digits or more, and so is the first's DOUBLE PRECISION.
    "oracle": Rules(
        empty_is_null=True,
        computes_bigints=True,
        has_bigints_only=True,
        exponents_are_decimals=True,
        mod_of_zero_is_dividend=True,
        doubles_are_decimals=True,
    ),
    "exasol": Rules(empty_is_null=True, computes_bigints=True, has_bigints_only=True),
}
_NONE = Rules()


def rules_of(dialect: str) -> Rules:
    """Give the rules of a dialect."""
    return _RULES.get(dialect, _NONE)
