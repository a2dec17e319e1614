"""The arithmetic of Tilewright's fetches, in C++."""

from ._native import (
    INTERFACE,
    Covers,
    Fields,
    Program,
    Ranges,
    Tiles,
    digest_quantiles,
    frequency_error,
    kll_quantiles,
    most_frequent,
    unite_distinct,
    xxh32,
    xxh64,
)

__all__ = [
    "INTERFACE",
    "Covers",
    "Fields",
    "Program",
    "Ranges",
    "Tiles",
    "digest_quantiles",
    "frequency_error",
    "kll_quantiles",
    "most_frequent",
    "unite_distinct",
    "xxh32",
    "xxh64",
]
