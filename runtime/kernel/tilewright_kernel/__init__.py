"""The arithmetic of Tilewright's fetches, in C++."""

from ._native import (
    INTERFACE,
    Fields,
    Program,
    Tiles,
    digest_quantiles,
    frequency_error,
    kll_quantiles,
    most_frequent,
    unite_distinct,
    xxh32,
)

__all__ = [
    "INTERFACE",
    "Fields",
    "Program",
    "Tiles",
    "digest_quantiles",
    "frequency_error",
    "kll_quantiles",
    "most_frequent",
    "unite_distinct",
    "xxh32",
]
